// SPDX-License-Identifier: AGPL-3.0-or-later
// Joins rooms of other servers. Candidates are tried in turn; state and auth chain are verified before use.

import type { Clock } from '../lib/clock.js'
import type { Log } from '../lib/log.js'
import {
  MATRIX_JOIN_MS,
  MATRIX_REQUEST_MS,
  MATRIX_SEND_JOIN_MS,
  MATRIX_STATE_EVENTS,
} from '../lib/matrix-limits.js'
import { authorise } from './auth-rules.js'
import { apiPath, type FederationClient, RemoteRefusal } from './client.js'
import { badJson, forbidden } from './errors.js'
import { buildEvent, type EventDraft, type RoomEvent, stateName } from './event.js'
import { domainOf, isRoomAlias, isRoomId, isServerName } from './ids.js'
import type { Incoming } from './incoming.js'
import { isObject, type Json, type JsonObject } from './json.js'
import type { RoomGraph } from './room-graph.js'
import { ROOM_VERSIONS, type RoomVersion, roomVersion } from './room-version.js'
import type { SigningKey } from './signing.js'
import { verifyStateEvents } from './state-check.js'

export interface Joiner {
  /** The id of a room by its alias, and servers that are in it. */
  resolve(alias: string): Promise<{ roomId: string; servers: string[] }>
  /** Joins through the first candidate that can be used. @throws the last one's error */
  join(roomId: string, user: string, candidates: readonly string[], name: string): Promise<void>
  /** Rejects an invite, or leaves a room of which we keep no state. */
  refuse(roomId: string, user: string, candidate: string): Promise<void>
}

export interface JoinerComponents {
  client: FederationClient
  graph: RoomGraph
  incoming: Incoming
  key: SigningKey
  clock: Clock
  log: Log
}

/** Candidates that are tried. */
const CANDIDATES = 8

export function createJoiner(
  { client, graph, incoming, key, clock, log }: JoinerComponents,
  server: string,
): Joiner {
  interface Template {
    version: RoomVersion
    event: JsonObject
  }

  async function template(
    kind: 'make_join' | 'make_leave',
    candidate: string,
    roomId: string,
    user: string,
    ms = MATRIX_REQUEST_MS,
  ): Promise<Template> {
    const versions = Object.keys(ROOM_VERSIONS).map((each) => `ver=${each}`)
    const query = kind === 'make_join' ? `?${versions.join('&')}` : ''
    const answer = await client.request(candidate, 'GET', `${apiPath('v1', kind, roomId, user)}${query}`, {
      ms,
    })
    const version = roomVersion(answer.room_version)
    if (!version) throw badJson('the room version is not supported')
    if (!isObject(answer.event)) throw badJson('no template')
    return { version, event: answer.event }
  }

  /** Fills in the template: nothing of it is taken over but its place in the graph. */
  function fill({ version, event }: Template, roomId: string, user: string, content: JsonObject): RoomEvent {
    const via = isObject(event.content) ? event.content.join_authorised_via_users_server : undefined
    const { prev_events, auth_events, depth } = event
    const draft = {
      type: 'm.room.member',
      room_id: roomId,
      sender: user,
      state_key: user,
      content: {
        ...content,
        ...(typeof via === 'string' && content.membership === 'join'
          ? { join_authorised_via_users_server: via }
          : {}),
      },
      depth,
      prev_events,
      auth_events,
      origin_server_ts: clock.now(),
    }
    return buildEvent(draft as EventDraft, version, server, key)
  }

  async function joinThrough(
    candidate: string,
    roomId: string,
    user: string,
    name: string,
    deadline: number,
  ): Promise<void> {
    const within = (ms: number): number => Math.max(1, Math.min(ms, deadline - clock.uptime()))
    const made = await template('make_join', candidate, roomId, user, within(MATRIX_REQUEST_MS))
    const join = fill(made, roomId, user, { membership: 'join', displayname: name })
    try {
      const answer = await client.request(candidate, 'PUT', apiPath('v2', 'send_join', roomId, join.id), {
        content: join.pdu,
        ms: within(MATRIX_SEND_JOIN_MS),
      })
      const room = await verified(answer, roomId, made.version, join, candidate)
      await graph.write((afterFlush) =>
        graph.joinNow(roomId, { version: made.version, join, kind: 'joined', ...room }, afterFlush),
      )
    } catch (err) {
      // a server that did not refuse the join may count us as joined
      const isRefused = err instanceof RemoteRefusal && err.status < 500
      if (!isRefused)
        await refuse(roomId, user, candidate).catch((failed) =>
          log.info({ err: failed, room: roomId, candidate }, 'matrix leave after failed join failed'),
        )
      throw err
    }
  }

  async function refuse(roomId: string, user: string, candidate: string): Promise<void> {
    const made = await template('make_leave', candidate, roomId, user)
    const leave = fill(made, roomId, user, { membership: 'leave' })
    await client.request(candidate, 'PUT', apiPath('v2', 'send_leave', roomId, leave.id), {
      content: leave.pdu,
    })
  }

  /** The state and auth chain of an answer, whatever of it holds. @throws MatrixError where too little does */
  async function verified(
    answer: JsonObject,
    roomId: string,
    version: RoomVersion,
    join: RoomEvent,
    from: string,
  ) {
    const { state: rawState, auth_chain: rawChain } = answer
    if (!Array.isArray(rawState) || !Array.isArray(rawChain)) throw badJson('no state and no auth chain')
    if (rawState.length + rawChain.length > MATRIX_STATE_EVENTS) throw badJson('the state is too large')
    const inState = await checkChunks(rawState, version, roomId, from)
    const all = new Map(
      [...(await checkChunks(rawChain, version, roomId, from)), ...inState].map((event) => [event.id, event]),
    )
    const create = inState.find(({ type, stateKey }) => type === 'm.room.create' && stateKey === '')
    if (!create) throw badJson('a state without a create event')
    if (create.content.room_version !== version.id) throw badJson('another room version than was said')
    const good = verifyStateEvents([...all.values()], (id) => all.get(id), version, create)
    const state = new Map<string, string>()
    for (const { id, type, stateKey } of inState) {
      if (stateKey === undefined) continue
      const name = stateName(type, stateKey)
      const held = state.get(name)
      if (held !== undefined && held !== id) throw badJson('two events for one piece of state')
      if (good.has(id)) state.set(name, id)
    }
    const lookup = (type: string, stateKey: string): RoomEvent | undefined => {
      const id = state.get(stateName(type, stateKey))
      return id === undefined ? undefined : good.get(id)
    }
    if (!lookup('m.room.create', '')) throw badJson('a create event that does not hold')
    if (!join.pdu.auth_events.every((id) => good.has(id)))
      throw badJson('an auth chain that does not reach our join')
    // a state that does not allow our join is false
    authorise(join, lookup, version)
    return { state, events: good.values() }
  }

  async function checkChunks(
    raw: readonly Json[],
    version: RoomVersion,
    roomId: string,
    from: string,
  ): Promise<RoomEvent[]> {
    const found: RoomEvent[] = []
    // large states are verified in pieces so that other work can run between
    for (let at = 0; at < raw.length; at += 100) {
      found.push(...(await incoming.checkAll(raw.slice(at, at + 100), version, roomId, from)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return found
  }

  return {
    async resolve(alias) {
      if (!isRoomAlias(alias)) throw badJson('no room alias')
      const query = `?room_alias=${encodeURIComponent(alias)}`
      const home = domainOf(alias)
      const answer = await client.request(home, 'GET', `${apiPath('v1', 'query', 'directory')}${query}`)
      const { room_id: roomId, servers } = answer
      if (!isRoomId(roomId)) throw badJson('the directory names no room')
      const named = Array.isArray(servers) ? servers.filter(isServerName) : []
      return { roomId, servers: [...new Set([...named, home])] }
    },
    async join(roomId, user, candidates, name) {
      const tried = [...new Set(candidates)].filter((each) => each !== server).slice(0, CANDIDATES)
      let last: unknown = forbidden('no server in the room is known')
      const deadline = clock.uptime() + MATRIX_JOIN_MS
      for (const candidate of tried) {
        if (clock.uptime() >= deadline) break
        try {
          return await joinThrough(candidate, roomId, user, name, deadline)
        } catch (err) {
          last = err
          log.info({ err, room: roomId, candidate }, 'matrix join failed, trying the next server')
        }
      }
      throw last
    },
    refuse,
  }
}
