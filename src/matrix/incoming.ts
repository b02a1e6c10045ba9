// SPDX-License-Identifier: AGPL-3.0-or-later
// Events from other servers: check form, hash and signatures, fetch missing events, then place them in the room.

import type { Log } from '../lib/log.js'
import {
  MATRIX_GAP_EVENTS,
  MATRIX_GAP_ROUNDS,
  MATRIX_STATE_EVENTS,
  MATRIX_STATE_FETCHES,
} from '../lib/matrix-limits.js'
import { authorise } from './auth-rules.js'
import { apiPath, type FederationClient } from './client.js'
import { absent, badJson, forbidden } from './errors.js'
import { type RoomEvent, stateName, toEvent, withoutFalseContent } from './event.js'
import { isEventId } from './ids.js'
import type { Json } from './json.js'
import type { KeyRing } from './key-ring.js'
import type { RoomData } from './room-data.js'
import type { Outcome, RoomGraph } from './room-graph.js'
import type { RoomVersion } from './room-version.js'
import { verifyStateEvents } from './state-check.js'

export interface IncomingComponents {
  client: FederationClient
  data: RoomData
  graph: RoomGraph
  keys: KeyRing
  log: Log
}

export interface Incoming {
  /** Checks an event for a room. @throws MatrixError for one that is malformed or not signed */
  check(raw: unknown, version: RoomVersion, roomId?: string, notary?: string): Promise<RoomEvent>
  /** Checks many, leaving out what is no good. */
  checkAll(raw: readonly Json[], version: RoomVersion, roomId: string, notary?: string): Promise<RoomEvent[]>
  /**
   * Takes an event into a room; what lies between it and what we know is asked for at `from`.
   * @throws MatrixError where it is malformed or not signed, or the gap before it cannot be filled
   */
  take(raw: unknown, roomId: string, from: string): Promise<Outcome>
  /** The same for several of one room, in their order; what is wrong with one is no matter to the others. */
  takeAll(raw: readonly unknown[], roomId: string, from: string): Promise<PromiseSettledResult<Outcome>[]>
}

export function createIncoming({ client, data, graph, keys, log }: IncomingComponents): Incoming {
  /** one queue per room: two events that fill the same gap would fetch it twice */
  const turns = new Map<string, Promise<unknown>>()

  function inTurn<T>(roomId: string, run: () => Promise<T>): Promise<T> {
    const before = turns.get(roomId) ?? Promise.resolve()
    const turn = before.then(run, run)
    const settled = turn.catch(() => {})
    turns.set(roomId, settled)
    settled.then(() => {
      if (turns.get(roomId) === settled) turns.delete(roomId)
    })
    return turn
  }

  async function check(
    raw: unknown,
    version: RoomVersion,
    roomId?: string,
    notary?: string,
  ): Promise<RoomEvent> {
    const event = toEvent(raw, version, roomId)
    if (!(await keys.isEventSigned(event, version, notary)))
      throw forbidden('an event without the signatures it needs')
    return withoutFalseContent(event, version)
  }

  async function checkAll(
    raw: readonly Json[],
    version: RoomVersion,
    roomId: string,
    notary?: string,
  ): Promise<RoomEvent[]> {
    const checked = await Promise.allSettled(raw.map((each) => check(each, version, roomId, notary)))
    return checked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  }

  const place = (roomId: string, event: RoomEvent): Promise<Outcome> =>
    graph.write((afterFlush) => graph.placeNow(roomId, event, null, afterFlush))

  /** Asks for the events between what we have and one that has come. */
  async function between(roomId: string, event: RoomEvent, from: string): Promise<RoomEvent[]> {
    const view = data.view(roomId)
    if (!view) return []
    const content = {
      earliest_events: view.record.ends.slice(-20),
      latest_events: [event.id],
      limit: MATRIX_GAP_EVENTS,
      min_depth: 0,
    }
    const answer = await client.request(from, 'POST', apiPath('v1', 'get_missing_events', roomId), {
      content,
    })
    const events = Array.isArray(answer.events) ? answer.events.slice(0, MATRIX_GAP_EVENTS) : []
    const good = await checkAll(events, view.version, roomId, from)
    return good.sort((a, b) => a.pdu.depth - b.pdu.depth)
  }

  /** Takes an event that we cannot reach from what we have, with the state before it as `from` tells it. */
  async function bridge(roomId: string, id: string, from: string): Promise<void> {
    const view = data.view(roomId)
    if (!view) return
    const { n } = view.record
    const query = `?event_id=${encodeURIComponent(id)}`
    const answer = await client.request(from, 'GET', `${apiPath('v1', 'event', id)}`)
    const [raw] = Array.isArray(answer.pdus) ? answer.pdus : []
    const event = await check(raw, view.version, roomId, from)
    if (event.id !== id) throw badJson('the answer holds another event')
    const listed = await client.request(from, 'GET', `${apiPath('v1', 'state_ids', roomId)}${query}`)
    const stateIds = idsIn(listed.pdu_ids)
    const all = [...stateIds, ...idsIn(listed.auth_chain_ids), ...event.pdu.auth_events]
    const missing = [...new Set(all)].filter((each) => !data.event(roomId, n, each))
    const fetched =
      missing.length > MATRIX_STATE_FETCHES ? await whole(roomId, query, from) : await each(missing, from)
    const events = new Map(
      (await checkAll(fetched, view.version, roomId, from)).map((found) => [found.id, found]),
    )
    const lookup = (each: string): RoomEvent | undefined =>
      events.get(each) ?? data.event(roomId, n, each)?.event
    const create = view.state('m.room.create', '')
    const good = verifyStateEvents([...events.values()], lookup, view.version, create)
    const state = new Map<string, string>()
    for (const stateId of stateIds) {
      const held = good.get(stateId) ?? data.event(roomId, n, stateId)?.event
      if (held?.stateKey !== undefined && !data.event(roomId, n, stateId)?.rejected)
        state.set(stateName(held.type, held.stateKey), stateId)
    }
    if (state.get(stateName('m.room.create', '')) !== create?.id) throw badJson('a state of another room')
    authorise(
      event,
      (type, key) => {
        const held = state.get(stateName(type, key))
        return held === undefined ? undefined : lookup(held)
      },
      view.version,
    )
    await graph.write(() => graph.bridgeNow(roomId, event, state, good.values()))
  }

  async function whole(roomId: string, query: string, from: string): Promise<Json[]> {
    const { pdus, auth_chain: chain } = await client.request(
      from,
      'GET',
      `${apiPath('v1', 'state', roomId)}${query}`,
    )
    return [...(Array.isArray(pdus) ? pdus : []), ...(Array.isArray(chain) ? chain : [])].slice(
      0,
      MATRIX_STATE_EVENTS,
    )
  }

  async function each(missing: readonly string[], from: string): Promise<Json[]> {
    const found: Json[] = []
    for (const id of missing) {
      const { pdus } = await client
        .request(from, 'GET', apiPath('v1', 'event', id))
        .catch(() => ({ pdus: [] as Json[] }))
      if (Array.isArray(pdus)) found.push(...pdus.slice(0, 1))
    }
    return found
  }

  async function fetchAuth(
    roomId: string,
    event: RoomEvent,
    missing: readonly string[],
    from: string,
  ): Promise<void> {
    const view = data.view(roomId)
    if (!view) return
    const { auth_chain: chain } = await client.request(
      from,
      'GET',
      apiPath('v1', 'event_auth', roomId, event.id),
    )
    const raw = Array.isArray(chain) ? chain.slice(0, MATRIX_STATE_EVENTS) : []
    const events = new Map(
      (await checkAll(raw, view.version, roomId, from)).map((found) => [found.id, found]),
    )
    const lookup = (id: string): RoomEvent | undefined =>
      events.get(id) ?? data.event(roomId, view.record.n, id)?.event
    const good = verifyStateEvents(
      [...events.values()],
      lookup,
      view.version,
      view.state('m.room.create', ''),
    )
    if (!missing.every((id) => good.has(id))) throw badJson('the auth events are not available')
    await graph.write(() => graph.keepNow(view.record.n, good.values()))
  }

  async function fill(roomId: string, event: RoomEvent, from: string): Promise<Outcome> {
    let outcome = await place(roomId, event)
    const view = data.view(roomId)
    // a server outside the room must not supply its history
    if (outcome.is === 'gap' && !(view && data.servers(view).has(from)))
      throw forbidden('Server not in the room')
    for (let round = 0; outcome.is === 'gap' && round < MATRIX_GAP_ROUNDS; round++) {
      if (outcome.auth.length > 0) await fetchAuth(roomId, event, outcome.auth, from)
      if (outcome.prev.length > 0) {
        const found = round === 0 ? await between(roomId, event, from).catch(() => []) : []
        for (const earlier of found) {
          const became = await place(roomId, earlier)
          if (became.is !== 'gap') continue
          if (became.auth.length > 0) await fetchAuth(roomId, earlier, became.auth, from)
          for (const id of became.prev) await bridge(roomId, id, from)
          await place(roomId, earlier)
        }
        const again = await place(roomId, event)
        if (again.is !== 'gap') return again
        for (const id of again.prev) await bridge(roomId, id, from)
      }
      outcome = await place(roomId, event)
    }
    if (outcome.is === 'gap') throw badJson('the previous events are not available')
    return outcome
  }

  function noted(roomId: string, event: RoomEvent, from: string, outcome: Outcome): Outcome {
    if (outcome.is === 'rejected' || outcome.is === 'soft')
      log.debug({ outcome, room: roomId, event: event.id, from }, 'matrix event not accepted')
    return outcome
  }

  async function takeAll(
    raw: readonly unknown[],
    roomId: string,
    from: string,
  ): Promise<PromiseSettledResult<Outcome>[]> {
    const view = data.view(roomId)
    if (!view) throw forbidden('not a room of ours')
    const checked = await Promise.allSettled(raw.map((each) => check(each, view.version, roomId, from)))
    return inTurn(roomId, async () => {
      // one write for all that have no gap before them: each write is a flush of the disk
      const outcomes = await graph.write((afterFlush) =>
        checked.map((each) =>
          each.status === 'fulfilled' ? graph.placeNow(roomId, each.value, null, afterFlush) : null,
        ),
      )
      const results: PromiseSettledResult<Outcome>[] = []
      for (const [i, each] of checked.entries()) {
        if (each.status === 'rejected') {
          results.push(each)
          continue
        }
        const outcome = outcomes[i]
        const filled =
          outcome && outcome.is !== 'gap' ? Promise.resolve(outcome) : fill(roomId, each.value, from)
        results.push(
          ...(await Promise.allSettled([filled.then((is) => noted(roomId, each.value, from, is))])),
        )
      }
      return results
    })
  }

  return {
    check,
    checkAll,
    takeAll,
    async take(raw, roomId, from) {
      const [result] = await takeAll([raw], roomId, from)
      if (result?.status !== 'fulfilled') throw result?.reason ?? absent()
      return result.value
    },
  }
}

const idsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter(isEventId).slice(0, MATRIX_STATE_EVENTS) : []
