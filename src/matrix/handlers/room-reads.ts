// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads for other servers: directory, room list, events, states, auth chains, history.

import { MATRIX_BACKFILL } from '../../lib/matrix-limits.js'
import { absent, badJson } from '../errors.js'
import type { History } from '../history.js'
import type { Asked, Route } from '../http-server.js'
import { isEventId, isRoomAlias } from '../ids.js'
import type { Json } from '../json.js'
import type { KeptEvent, RoomData, RoomView } from '../room-data.js'
import type { StateMap } from '../state-resolution.js'
import type { Visibility } from '../visibility.js'

export interface ReadParts {
  server: string
  data: RoomData
  history: History
  visibility: Visibility
  /** the ids of all rooms that are kept */
  roomIds(): string[]
  /** the lobby's id by its alias; null for another alias */
  roomOf(alias: string): string | null
  /** rooms that everybody may know of */
  publicRooms(): Json[]
  now(): number
}

const V1 = '/_matrix/federation/v1'
/** Servers named as candidates for a join. */
const CANDIDATES = 10
/** Default limit of `get_missing_events`. */
const MISSING = 10

export function roomReads(parts: ReadParts): Route[] {
  const { server, data, history, visibility } = parts

  const chain = (view: RoomView, map: StateMap) => {
    const state = history.stateEvents(view, map)
    return { state, auth: history.authChain(view, state) }
  }

  function eventOf(view: RoomView, id: string | null | undefined): KeptEvent {
    const kept = isEventId(id) ? history.event(view, id) : null
    if (!kept || kept.order === 0) throw absent()
    return kept
  }

  function stateAt({ params: [roomId = ''], origin, query }: Asked) {
    const view = visibility.inside(roomId, origin)
    const map = history.before(view, eventOf(view, query.get('event_id')))
    return chain(view, map)
  }

  function rooms(): { chunk: Json[]; total_room_count_estimate: number } {
    const chunk = parts.publicRooms()
    return { chunk, total_room_count_estimate: chunk.length }
  }

  return [
    {
      method: 'GET',
      path: `${V1}/query/directory`,
      run({ origin, query }) {
        const alias = query.get('room_alias')
        const roomId = isRoomAlias(alias) ? parts.roomOf(alias) : null
        if (roomId === null) throw absent()
        const view = visibility.forServer(roomId, origin)
        const others = [...data.servers(view)].filter((each) => each !== server)
        return { room_id: roomId, servers: [server, ...others.slice(0, CANDIDATES)] }
      },
    },
    { method: 'GET', path: `${V1}/publicRooms`, run: rooms },
    { method: 'POST', path: `${V1}/publicRooms`, run: rooms },
    {
      method: 'GET',
      path: `${V1}/event/*`,
      run({ params: [id = ''], origin }) {
        for (const roomId of parts.roomIds()) {
          const view = data.view(roomId)
          if (!view || !isEventId(id) || !data.event(roomId, view.record.n, id)) continue
          const { event } = history.event(visibility.inside(roomId, origin), id) ?? {}
          if (event) return { origin: server, origin_server_ts: parts.now(), pdus: [event.pdu] }
        }
        throw absent()
      },
    },
    {
      method: 'GET',
      path: `${V1}/state/*`,
      run(asked) {
        const { state, auth } = stateAt(asked)
        return { pdus: state.map(({ pdu }) => pdu), auth_chain: auth.map(({ pdu }) => pdu) }
      },
    },
    {
      method: 'GET',
      path: `${V1}/state_ids/*`,
      run(asked) {
        const { state, auth } = stateAt(asked)
        return { pdu_ids: state.map(({ id }) => id), auth_chain_ids: auth.map(({ id }) => id) }
      },
    },
    {
      method: 'GET',
      path: `${V1}/event_auth/*/*`,
      run({ params: [roomId = '', id = ''], origin }) {
        const view = visibility.inside(roomId, origin)
        const kept = history.event(view, id)
        if (!kept) throw absent()
        return { auth_chain: history.authChain(view, [kept.event]).map(({ pdu }) => pdu) }
      },
    },
    {
      method: 'GET',
      path: `${V1}/backfill/*`,
      run({ params: [roomId = ''], origin, query }) {
        const view = visibility.inside(roomId, origin)
        const from = query.getAll('v').filter(isEventId).slice(0, MATRIX_BACKFILL)
        const limit = countOr(query.get('limit'), MATRIX_BACKFILL)
        const pdus = history.backfill(view, from, limit).map(({ pdu }) => pdu)
        return { origin: server, origin_server_ts: parts.now(), pdus }
      },
    },
    {
      method: 'POST',
      path: `${V1}/get_missing_events/*`,
      run({ params: [roomId = ''], origin, body }) {
        const view = visibility.inside(roomId, origin)
        const { latest_events: latest, earliest_events: earliest, limit, min_depth: depth } = body
        if (!Array.isArray(latest) || !Array.isArray(earliest))
          throw badJson('latest_events and earliest_events')
        const ids = (list: Json[]): string[] => list.filter(isEventId).slice(0, MATRIX_BACKFILL)
        const most = Number.isSafeInteger(limit) ? Math.max(0, limit as number) : MISSING
        const least = Number.isSafeInteger(depth) ? (depth as number) : 0
        return {
          events: history.missing(view, ids(latest), ids(earliest), most, least).map(({ pdu }) => pdu),
        }
      },
    },
  ]
}

function countOr(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,4}$/.test(text) ? Number(text) : fallback
}
