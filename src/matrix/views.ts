// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads for the operator and the dashboard: status, members, knocks, messages, rooms.

import { RelayError } from '../lib/errors.js'
import { DAY } from '../lib/limits.js'
import { MATRIX_ID_BYTES, MATRIX_SHOWN } from '../lib/matrix-limits.js'
import { cleanText } from '../lib/text.js'
import type { MatrixStore } from '../store/matrix.js'
import type {
  MatrixKnock,
  MatrixMember,
  MatrixMessage,
  MatrixRoom,
  MatrixStatus,
  SayOptions,
} from './contract.js'
import type { RoomEvent } from './event.js'
import type { Guests } from './guests.js'
import type { Lobby } from './lobby.js'
import type { LocalUsers } from './local-users.js'
import type { OtherRooms } from './other-rooms.js'
import type { RoomData, RoomView } from './room-data.js'

export interface ViewComponents {
  matrix: MatrixStore
  data: RoomData
  lobby: Lobby
  guests: Guests
  users: LocalUsers
  rooms: OtherRooms
}

const SHOWN = ['join', 'invite', 'knock', 'ban']

export function createViews(
  { matrix, data, lobby, guests, users, rooms }: ViewComponents,
  { server, expiresDays }: { server: string; expiresDays: () => number },
) {
  const sinceOf = (view: RoomView, id: string): number => data.event(view.id, view.record.n, id)?.at ?? 0

  function members(): MatrixMember[] {
    const view = lobby.view()
    return [...data.members(view)]
      .filter(([, { membership }]) => SHOWN.includes(membership))
      .map(([id, { membership, name, event }]) => ({
        id,
        membership,
        name: cleanText(name),
        since: sinceOf(view, event),
      }))
      .sort((a, b) => SHOWN.indexOf(a.membership) - SHOWN.indexOf(b.membership) || a.since - b.since)
  }

  function knocks(): MatrixKnock[] {
    const view = lobby.view()
    const waiting = [...data.members(view)].flatMap(([id, { membership, event }]) => {
      if (membership !== 'knock') return []
      const since = sinceOf(view, event)
      const { reason } = data.event(view.id, view.record.n, event)?.event.content ?? {}
      const note = cleanText(typeof reason === 'string' ? reason.slice(0, MATRIX_ID_BYTES) : '')
      return [{ id, note, since, expires: since + expiresDays() * DAY }]
    })
    return [...waiting, ...guests.asking()].sort((a, b) => a.since - b.since)
  }

  function message(view: RoomView, { id, sender, content, pdu }: RoomEvent): MatrixMessage {
    const { body, msgtype } = content
    const text = typeof body === 'string' ? cleanText(body) : ''
    return {
      ...{ id, sender, text },
      at: pdu.origin_server_ts,
      name: cleanText(data.members(view).get(sender)?.name ?? ''),
      type: typeof msgtype === 'string' ? msgtype.slice(0, MATRIX_ID_BYTES) : '',
    }
  }

  return {
    members,
    knocks,
    status(): MatrixStatus {
      const view = lobby.view()
      const joined = [...data.members(view).values()].filter(({ membership }) => membership === 'join').length
      return {
        state: 'ready',
        server_name: server,
        alias: lobby.alias,
        room_id: lobby.id(),
        room_version: view.version.id,
        joined,
        servers: data.servers(view).size,
        queued: matrix.waitingCount(),
        rooms: matrix.rooms().length,
      }
    },
    rooms(): MatrixRoom[] {
      const kept = matrix.rooms().flatMap(({ id, kind, version }): MatrixRoom[] => {
        const view = data.view(id)
        const here = view && [...data.members(view)].filter(([, { membership }]) => membership === 'join')
        if (!view || !here?.some(([user]) => users.isOurs(user))) return []
        const { name } = view.state('m.room.name', '')?.content ?? {}
        const shown = typeof name === 'string' ? cleanText(name.slice(0, MATRIX_ID_BYTES)) : ''
        return [
          { id, kind, version, name: shown || (view.record.user ?? ''), joined: here.length, from: null },
        ]
      })
      const invited = rooms.invites().map(({ roomId, name, version, sender }) => ({
        ...{ id: roomId, kind: 'invited' as const, name, version, joined: 0, from: sender },
      }))
      const kinds = ['lobby', 'joined', 'direct']
      kept.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
      return [...kept, ...invited]
    },
    messages({ room }: SayOptions = {}): MatrixMessage[] {
      const id = room === undefined || room === '' || room === lobby.alias ? lobby.id() : rooms.find(room)
      const view = id === null ? null : data.view(id)
      if (!id || !view) throw new RelayError('not_found', 'no such room')
      const found: MatrixMessage[] = []
      for (const { id: event } of matrix.newest(view.record.n)) {
        const kept = data.event(id, view.record.n, event)
        if (kept?.event.type !== 'm.room.message' || kept.soft || kept.rejected) continue
        // a message that was taken back says nothing
        if (Object.keys(kept.event.content).length === 0) continue
        found.push(message(view, kept.event))
        if (found.length >= MATRIX_SHOWN) break
      }
      return found.reverse()
    },
  }
}
