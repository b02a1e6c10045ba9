// SPDX-License-Identifier: AGPL-3.0-or-later
// The graph of a room's events: each new one is checked against the states around it and placed. All of it runs inside a write.

import type { Clock } from '../lib/clock.js'
import { MATRIX_ENDS, MATRIX_PREV_EVENTS, MATRIX_QUEUE, MATRIX_QUEUED } from '../lib/matrix-limits.js'
import type { MatrixRoomRecord, MatrixStore } from '../store/matrix.js'
import type { AfterFlush, Precondition } from '../store/writer.js'
import { audience } from './audience.js'
import { authorise, authTypes } from './auth-rules.js'
import { absent, NotAuthorised } from './errors.js'
import { buildEvent, type EventDraft, type RoomEvent, stateName } from './event.js'
import { domainOf } from './ids.js'
import type { JsonObject } from './json.js'
import { judge, type Outcome, refusal } from './judgement.js'
import { createListeners } from './listeners.js'
import { redactNow } from './redactions.js'
import type { RoomData, RoomView } from './room-data.js'
import { type RoomVersion, roomVersion } from './room-version.js'
import type { SigningKey } from './signing.js'
import { resolveState, sameState } from './state-resolution.js'

/** A message or state change by a local user. */
export interface Saying {
  sender: string
  type: string
  stateKey?: string
  content: JsonObject
}

/** An event that has become part of a room. */
export interface Placed {
  roomId: string
  event: RoomEvent
  kind: MatrixRoomRecord['kind']
  /** whether it is by a user of ours */
  ours: boolean
  at: number
}

export type { Outcome } from './judgement.js'

export interface RoomGraph {
  /** Runs inside a write, whose failure also takes back what is at hand. */
  write<T>(run: (afterFlush: AfterFlush) => T, before?: Precondition): Promise<T>
  /** Places an event whose signatures have been verified. @param from the server that need not be told of it */
  placeNow(roomId: string, event: RoomEvent, from: string | null, afterFlush: AfterFlush): Outcome
  /** Makes, signs and places an event of ours. @throws NotAuthorised */
  sayNow(roomId: string, saying: Saying, afterFlush: AfterFlush): RoomEvent
  /** What an event of this kind would name as previous and authorising now; not signed. */
  draft(view: RoomView, saying: Saying): EventDraft
  /** Begins a room of ours. @returns its id */
  beginNow(
    room: { version: string; creator: string; kind: 'lobby' | 'direct'; user?: string; name: string },
    afterFlush: AfterFlush,
  ): string
  /** Keeps events that are known only as part of a state. */
  keepNow(n: number, events: Iterable<RoomEvent>): void
  /** Begins to keep a room of another server, by its state and our join. */
  joinNow(
    roomId: string,
    room: {
      version: RoomVersion
      state: Map<string, string>
      events: Iterable<RoomEvent>
      join: RoomEvent
      kind: 'joined'
    },
    afterFlush: AfterFlush,
  ): void
  /** Places an event across a gap, with the state that another server tells of. */
  bridgeNow(roomId: string, event: RoomEvent, state: Map<string, string>, events: Iterable<RoomEvent>): void
  /** Queues an event for a server of its own, as for one that was only invited. */
  tellNow(roomId: string, event: RoomEvent, servers: Iterable<string>, afterFlush: AfterFlush): void
  onPlaced(listener: (placed: Placed) => void): () => void
  /** Told of every event that is stored, accepted or not. */
  onKept(listener: (roomId: string, isState: boolean) => void): () => void
  /** Told of the servers for which something waits. */
  onQueued(listener: (server: string) => void): () => void
}

export interface GraphComponents {
  store: MatrixStore
  data: RoomData
  key: SigningKey
  clock: Clock
}

export function createRoomGraph({ store, data, key, clock }: GraphComponents, server: string): RoomGraph {
  const placed = createListeners<[Placed]>()
  const kept = createListeners<[roomId: string, isState: boolean]>()
  const queued = createListeners<[server: string]>()

  function viewOr(roomId: string): RoomView {
    const view = data.view(roomId)
    if (!view) throw absent()
    return view
  }

  /** The number of the state that some states resolve to. */
  function mergeNow(view: RoomView, numbers: readonly number[]): number {
    const { id, version, record } = view
    const distinct = [...new Set(numbers)]
    const [first = 0, ...rest] = distinct
    if (rest.length === 0) return first
    const maps = distinct.map((number) => data.state(record.n, number))
    const resolved = resolveState(maps, data.source(id, record.n), version)
    const same = distinct.find((_, i) => sameState(maps[i], resolved))
    if (same !== undefined) return same
    const base = maps[0] ?? new Map<string, string>()
    if ([...base.keys()].some((name) => !resolved.has(name))) return data.putStateNow(record.n, 0, resolved)
    const changes = new Map([...resolved].filter(([name, event]) => base.get(name) !== event))
    return data.putStateNow(record.n, first, changes)
  }

  function afterOf(view: RoomView, event: RoomEvent, before: number): number {
    if (event.stateKey === undefined) return before
    return data.putStateNow(
      view.record.n,
      before,
      new Map([[stateName(event.type, event.stateKey), event.id]]),
    )
  }

  /** Makes these the ends of a room. @param after number of the state after the event that is among them for the first time */
  function advanceNow(view: RoomView, ends: string[], added: string, after: number): void {
    const afters = ends.map((id) =>
      id === added ? after : (data.event(view.id, view.record.n, id)?.after ?? after),
    )
    store.putRoomNow(view.id, { ...view.record, ends, state: mergeNow(view, afters) })
  }

  function placeNow(roomId: string, event: RoomEvent, from: string | null, afterFlush: AfterFlush): Outcome {
    const view = viewOr(roomId)
    const { n } = view.record
    const held = data.event(roomId, n, event.id)
    if (held && held.order > 0) return { is: 'known' }
    const { prev_events, auth_events } = event.pdu
    if (prev_events.length === 0) return { is: 'rejected', why: 'an event follows another' }
    const prevs = prev_events.map((id) => data.event(roomId, n, id))
    const auth = auth_events.map((id) => data.event(roomId, n, id))
    const gaps = {
      prev: prev_events.filter((_, i) => !prevs[i] || prevs[i].order === 0),
      auth: auth_events.filter((_, i) => !auth[i]),
    }
    if (gaps.prev.length > 0 || gaps.auth.length > 0) return { is: 'gap', ...gaps }

    const before = mergeNow(
      view,
      prevs.flatMap((prev) => (prev ? [prev.after] : [])),
    )
    const outcome = judge(
      data,
      view,
      event,
      auth.filter((each) => each !== undefined),
      before,
    )
    const at = clock.now()
    const order = store.nextNow('order')
    afterFlush(() => kept.tell(roomId, event.stateKey !== undefined))
    if (outcome.is === 'rejected') {
      data.putEventNow(n, event, { before, after: before, order, at, rejected: outcome.why })
      return outcome
    }
    const after = afterOf(view, event, before)
    const isSoft = outcome.is === 'soft'
    data.putEventNow(n, event, { before, after, order, at, ...(isSoft ? { soft: true } : {}) })
    if (isSoft) return outcome

    const ends = [...view.record.ends.filter((id) => !prev_events.includes(id)), event.id].slice(-MATRIX_ENDS)
    advanceNow(view, ends, event.id, after)
    const now = viewOr(roomId)
    if (event.type === 'm.room.redaction') redactNow(store, data, now, event)
    const ours = domainOf(event.sender) === server
    // what was placed by us on behalf of another server is told by us as well
    if (ours || from !== null)
      tellNow(roomId, event, audience(data, server, view, now, event, from), afterFlush)
    const { kind } = view.record
    afterFlush(() => placed.tell({ roomId, event, kind, ours, at }))
    return outcome
  }

  function tellNow(
    roomId: string,
    event: RoomEvent,
    servers: Iterable<string>,
    afterFlush: AfterFlush,
  ): void {
    for (const each of servers) {
      const held = store.waitingCount(each)
      if (held === 0 && store.waitingCount() >= MATRIX_QUEUED) continue
      if (held >= MATRIX_QUEUE) store.sentNow(store.waiting(each, 1).map((oldest) => oldest.key))
      store.queueNow(each, { room: roomId, event: event.id })
      // not before it can be read
      afterFlush(() => queued.tell(each))
    }
  }

  function draft(
    { id, version, record, map }: RoomView,
    { sender, type, stateKey, content }: Saying,
  ): EventDraft {
    const prev = record.ends.slice(-MATRIX_PREV_EVENTS)
    const depth = Math.max(0, ...prev.map((each) => data.event(id, record.n, each)?.event.pdu.depth ?? 0))
    const auth = authTypes({ type, sender, stateKey, content }, version).flatMap(
      ([name, stateOf]) => map.get(stateName(name, stateOf)) ?? [],
    )
    return {
      type,
      room_id: id,
      sender,
      content,
      ...(stateKey === undefined ? {} : { state_key: stateKey }),
      depth: Math.min(depth + 1, Number.MAX_SAFE_INTEGER),
      prev_events: prev,
      auth_events: auth,
      origin_server_ts: clock.now(),
    }
  }

  function sayNow(roomId: string, saying: Saying, afterFlush: AfterFlush): RoomEvent {
    const view = viewOr(roomId)
    const event = buildEvent(draft(view, saying), view.version, server, key)
    const outcome = placeNow(roomId, event, null, afterFlush)
    if (outcome.is !== 'accepted')
      throw new NotAuthorised(
        outcome.is === 'rejected' ? outcome.why : `the room does not take it (${outcome.is})`,
      )
    return event
  }

  function beginNow(
    { version: name, creator, kind, user, name: localpart }: Parameters<RoomGraph['beginNow']>[0],
    afterFlush: AfterFlush,
  ): string {
    const version = roomVersion(name)
    if (!version) throw new Error(`room version ${name}`)
    const content = { room_version: name, ...(version.newRedactions ? {} : { creator }) }
    const create = buildEvent(
      {
        type: 'm.room.create',
        ...(version.hashedRoomId ? {} : { room_id: `!${localpart}:${server}` }),
        sender: creator,
        state_key: '',
        content,
        depth: 1,
        prev_events: [],
        auth_events: [],
        origin_server_ts: clock.now(),
      },
      version,
      server,
      key,
    )
    authorise(create, () => undefined, version)
    const [n, order, at] = [store.nextNow('room'), store.nextNow('order'), clock.now()]
    const state = data.putStateNow(n, 0, new Map([[stateName('m.room.create', ''), create.id]]))
    data.putEventNow(n, create, { before: 0, after: state, order, at })
    store.putRoomNow(create.roomId, {
      n,
      version: name,
      kind,
      user: user ?? null,
      ends: [create.id],
      state,
      since: at,
    })
    const join = {
      sender: creator,
      type: 'm.room.member',
      stateKey: creator,
      content: { membership: 'join' },
    }
    sayNow(create.roomId, join, afterFlush)
    return create.roomId
  }

  function keepNow(n: number, events: Iterable<RoomEvent>): void {
    for (const event of events)
      if (!store.hasEvent(n, event.id))
        data.putEventNow(n, event, { before: 0, after: 0, order: 0, at: clock.now() })
  }

  return {
    write: (run, before) =>
      store
        .write((afterFlush) => {
          afterFlush(data.changingNow())
          try {
            return run(afterFlush)
          } catch (thrown) {
            data.clear()
            throw thrown
          }
        }, before)
        .catch((thrown) => {
          data.clear()
          throw thrown
        }),
    placeNow,
    sayNow,
    draft,
    beginNow,
    keepNow,
    joinNow(roomId, { version, state, events, join, kind }, afterFlush) {
      store.removeRoomNow(roomId)
      data.clear()
      const [n, order, at] = [store.nextNow('room'), store.nextNow('order'), clock.now()]
      keepNow(n, events)
      const before = data.putStateNow(n, 0, state)
      const after = data.putStateNow(n, before, new Map([[stateName('m.room.member', join.sender), join.id]]))
      data.putEventNow(n, join, { before, after, order, at })
      store.putRoomNow(roomId, {
        n,
        version: version.id,
        kind,
        user: null,
        ends: [join.id],
        state: after,
        since: at,
      })
      afterFlush(() => placed.tell({ roomId, event: join, kind, ours: true, at }))
    },
    bridgeNow(roomId, event, state, events) {
      const view = viewOr(roomId)
      const { n } = view.record
      keepNow(n, events)
      const before = data.putStateNow(n, 0, state)
      const after = afterOf(view, event, before)
      const isSoft = refusal(event, view.state, view.version) !== null
      const note = { before, after, order: store.nextNow('order'), at: clock.now() }
      data.putEventNow(n, event, { ...note, ...(isSoft ? { soft: true } : {}) })
      // what the room does not take now is known, and changes nothing
      if (isSoft) return
      // it is an end of the graph that we know until what came for it is placed behind it
      advanceNow(view, [...view.record.ends, event.id].slice(-MATRIX_ENDS), event.id, after)
    },
    tellNow,
    onPlaced: placed.add,
    onKept: kept.add,
    onQueued: queued.add,
  }
}
