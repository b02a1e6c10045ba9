// SPDX-License-Identifier: AGPL-3.0-or-later
// Rooms of other servers: join, leave, and pending invites.

import type { Clock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { DAY } from '../lib/limits.js'
import { MATRIX_ID_BYTES, MATRIX_INVITES_KEPT, MATRIX_ROOMS } from '../lib/matrix-limits.js'
import { cleanText } from '../lib/text.js'
import type { MatrixStore } from '../store/matrix.js'
import { absent, limited } from './errors.js'
import { domainOf, isRoomAlias } from './ids.js'
import type { Joiner } from './joiner.js'
import { isObject, type Json } from './json.js'
import type { LocalUsers } from './local-users.js'
import type { RoomData } from './room-data.js'
import type { RoomGraph } from './room-graph.js'

/** An unanswered invite to the relay. */
export interface PendingInvite {
  roomId: string
  sender: string
  origin: string
  version: string
  name: string
  /** the alias that the invite names: the ordinary way in, where its origin has gone */
  alias: string | null
  /** Unix ms */
  at: number
}

export interface OtherRooms {
  /** The id of a room we are in, by id or alias. */
  find(room: string): string | null
  invites(): PendingInvite[]
  /** Keeps an invite to the relay. @throws MatrixError where too many wait */
  invited(invite: {
    roomId: string
    user: string
    sender: string
    origin: string
    version: string
    state: readonly Json[]
  }): Promise<void>
  join(room: string): Promise<string>
  leave(room: string): Promise<void>
  /** Forgets invites that have expired, and rooms that we have left once everybody has been told. */
  sweep(): Promise<void>
}

export interface OtherRoomsComponents {
  matrix: MatrixStore
  data: RoomData
  graph: RoomGraph
  joiner: Joiner
  users: LocalUsers
  clock: Clock
}

export function createOtherRooms(
  { matrix, data, graph, joiner, users, clock }: OtherRoomsComponents,
  { expiresDays }: { expiresDays: () => number },
): OtherRooms {
  const { relay } = users
  const all = (): PendingInvite[] => matrix.meta<PendingInvite[]>('invites') ?? []
  const live = (): PendingInvite[] => all().filter(({ at }) => at + expiresDays() * DAY > clock.now())
  const withoutNow = (roomId: string): void =>
    matrix.putMetaNow(
      'invites',
      all().filter((each) => each.roomId !== roomId),
    )

  function find(room: string): string | null {
    for (const { id } of matrix.rooms()) {
      const view = data.view(id)
      if (!view || data.members(view).get(relay)?.membership !== 'join') continue
      if (id === room || view.state('m.room.canonical_alias', '')?.content.alias === room) return id
    }
    return null
  }

  /** Servers that may be in a room, by its id: the inviter's first, then those of the invite's alias. */
  async function known(roomId: string): Promise<{ roomId: string; servers: string[] }> {
    const invite = live().find((each) => each.roomId === roomId)
    const listed = invite?.alias ? await joiner.resolve(invite.alias).catch(() => null) : null
    const more = listed?.roomId === roomId ? listed.servers : []
    const servers = [...(invite ? [invite.origin, domainOf(invite.sender)] : []), ...more, domainOf(roomId)]
    return { roomId, servers: servers.filter(Boolean) }
  }

  return {
    find,
    invites: live,
    invited: ({ roomId, user, sender, origin, version, state }) =>
      matrix.write(() => {
        // only the relay itself answers invites
        if (user !== relay) throw absent()
        const others = live().filter((each) => each.roomId !== roomId)
        if (others.length >= MATRIX_INVITES_KEPT) throw limited('matrix_invites_kept')
        const shown = (type: string, field: string): string => {
          const piece = state.find((each) => isObject(each) && each.type === type)
          const value = isObject(piece) && isObject(piece.content) ? piece.content[field] : ''
          return cleanText(typeof value === 'string' ? value.slice(0, MATRIX_ID_BYTES) : '')
        }
        const name = shown('m.room.name', 'name')
        const named = shown('m.room.canonical_alias', 'alias')
        const alias = isRoomAlias(named) ? named : null
        matrix.putMetaNow('invites', [
          ...others,
          { roomId, sender, origin, version, name, alias, at: clock.now() },
        ])
      }),
    async join(room) {
      if (matrix.rooms().length >= MATRIX_ROOMS)
        throw new RelayError('quota_reached', 'too many Matrix rooms', { limit: 'matrix_rooms' })
      const { roomId, servers } = isRoomAlias(room) ? await joiner.resolve(room) : await known(room)
      const held = data.view(roomId)
      if (held && data.members(held).get(relay)?.membership === 'join') return roomId
      if (held && held.record.kind !== 'joined')
        throw new RelayError('bad_argument', 'that is a room of this relay')
      const asked = all().find((each) => each.roomId === roomId)
      await joiner.join(
        roomId,
        relay,
        [...(asked ? [asked.origin] : []), ...servers],
        users.nameOf(relay) ?? 'relay',
      )
      await matrix.write(() => withoutNow(roomId))
      return roomId
    },
    async leave(room) {
      const roomId = find(room)
      if (roomId !== null) {
        await graph.write((afterFlush) => {
          const view = data.view(roomId)
          if (!view) return
          for (const [user, { membership }] of data.members(view)) {
            if (!users.isOurs(user) || membership !== 'join') continue
            const content = { membership: 'leave' }
            graph.sayNow(roomId, { sender: user, type: 'm.room.member', stateKey: user, content }, afterFlush)
          }
        })
        return
      }
      const invite = live().find((each) => each.roomId === room)
      if (!invite) throw new RelayError('not_found', 'no such room')
      await joiner.refuse(invite.roomId, relay, invite.origin)
      await matrix.write(() => withoutNow(room))
    },
    sweep: () =>
      matrix.write(() => {
        const [kept, every] = [live(), all()]
        if (kept.length < every.length) matrix.putMetaNow('invites', kept)
        for (const { id, kind } of matrix.rooms()) {
          if (kind === 'lobby') continue
          const view = data.view(id)
          const here =
            view &&
            [...data.members(view)].some(
              ([user, { membership }]) => users.isOurs(user) && membership === 'join',
            )
          if (here || matrix.waitsFor(id)) continue
          matrix.removeRoomNow(id)
          data.clear()
        }
      }),
  }
}
