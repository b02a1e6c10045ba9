// SPDX-License-Identifier: AGPL-3.0-or-later
// Actions of the operator and members in the lobby and other rooms. Permission check, change and audit entry are one write.

import { RelayError } from '../lib/errors.js'
import { MATRIX_SAY_CHARS } from '../lib/matrix-limits.js'
import { cleanText } from '../lib/text.js'
import { isFeedId } from '../ssb/feed-id.js'
import type { Action, Actor } from '../store/permissions.js'
import type { Store } from '../store/store.js'
import type { Precondition } from '../store/writer.js'
import { membershipOf } from './auth-rules.js'
import { RemoteRefusal } from './client.js'
import type { MatrixActions, SayOptions } from './contract.js'
import { MatrixError } from './errors.js'
import type { Guests } from './guests.js'
import { isDenied, isRoomAlias, isRoomId, isUserId, parseServerName } from './ids.js'
import type { Inviter } from './inviting.js'
import type { Lobby } from './lobby.js'
import type { LocalUsers } from './local-users.js'
import type { OtherRooms } from './other-rooms.js'
import type { RoomData } from './room-data.js'
import type { RoomGraph } from './room-graph.js'

export interface ActionComponents {
  store: Store
  data: RoomData
  graph: RoomGraph
  lobby: Lobby
  users: LocalUsers
  guests: Guests
  inviter: Inviter
  rooms: OtherRooms
}

/** Turns errors of other servers into coded errors of the relay. */
async function told<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown
    if (thrown instanceof MatrixError || thrown instanceof RemoteRefusal)
      throw new RelayError('matrix_refused', cleanText(thrown.message), { cause: thrown })
    if (
      thrown instanceof Error &&
      ('code' in thrown || /answer|address|server|redirect/.test(thrown.message))
    )
      throw new RelayError('matrix_unreachable', cleanText(thrown.message), { cause: thrown })
    throw thrown
  }
}

export function createActions(components: ActionComponents, server: string): (actor: Actor) => MatrixActions {
  const { store, data, graph, lobby, users, guests, inviter, rooms } = components
  const { relay } = users

  function userOr(user: unknown): string {
    if (!isUserId(user)) throw new RelayError('bad_argument', 'a Matrix user looks like @name:server')
    return user
  }

  /** Changes a membership in the lobby, sent by the relay. */
  function setMembership(user: string, membership: 'leave' | 'ban', before: Precondition): Promise<void> {
    return graph.write((afterFlush) => {
      const saying = { sender: relay, type: 'm.room.member', stateKey: user, content: { membership } }
      graph.sayNow(lobby.id(), saying, afterFlush)
    }, before)
  }

  const now = (user: string): string => membershipOf(lobby.view().state, user)

  function requireNow(user: string, memberships: readonly string[], what: string): void {
    if (!memberships.includes(now(user))) throw new RelayError('not_found', what)
  }

  /** The room by id or alias; the relay must be joined to it. */
  function roomOf({ room }: SayOptions = {}): string {
    if (room === undefined || room === '' || room === lobby.alias || room === lobby.id()) return lobby.id()
    const found = rooms.find(room)
    if (!found) throw new RelayError('not_found', 'no such room')
    return found
  }

  return (actor) => {
    const noting = (action: Action, whom: string, detail = ''): Precondition =>
      store.moderation.noting(actor, action, { whom, detail })
    /** Checks the permission before other servers are called. It is checked again with the change. */
    async function permitted(action: Action): Promise<void> {
      if (actor !== 'operator') await graph.write(() => {}, store.moderation.permitting(actor, action))
    }

    async function invite(user: string, action: Action): Promise<void> {
      await permitted(action)
      if (users.isOurs(user)) throw new RelayError('bad_argument', 'members of the relay need no invite')
      if (['join', 'ban'].includes(now(user)))
        throw new RelayError('bad_argument', `${user} cannot be invited now`)
      await inviter.invite(lobby.id(), relay, user, {}, (afterFlush) => {
        noting(action, user)(afterFlush)
        guests.sponsorNow(user)
      })
    }

    return {
      invite: (user) => told(() => invite(userOr(user), 'lobby.invite')),
      accept: (user) =>
        told(async () => {
          const id = userOr(user)
          if (now(id) === 'knock') return invite(id, 'knock.accept')
          if (!guests.isAsking(id)) throw new RelayError('not_found', 'no Matrix user of that id is knocking')
          await graph.write(() => {}, noting('knock.accept', id))
          await guests.grant(id)
        }),
      decline: (user) =>
        told(async () => {
          const id = userOr(user)
          if (now(id) === 'knock') return setMembership(id, 'leave', noting('knock.decline', id))
          if (!guests.isAsking(id)) throw new RelayError('not_found', 'no Matrix user of that id is knocking')
          await graph.write(() => guests.forgetNow(id), noting('knock.decline', id))
        }),
      kick: (user) =>
        told(async () => {
          await permitted('lobby.kick')
          requireNow(userOr(user), ['join', 'invite', 'knock'], `${user} is not in the lobby`)
          await setMembership(user, 'leave', noting('lobby.kick', user))
        }),
      ban: (user) =>
        told(async () => {
          await permitted('lobby.ban')
          if (userOr(user) === relay) throw new RelayError('bad_argument', 'the relay cannot ban itself')
          await setMembership(user, 'ban', noting('lobby.ban', user))
        }),
      unban: (user) =>
        told(async () => {
          await permitted('lobby.unban')
          requireNow(userOr(user), ['ban'], `${user} is not banned`)
          await setMembership(user, 'leave', noting('lobby.unban', user))
        }),
      serverBan: (glob) =>
        told(async () => {
          if (typeof glob !== 'string' || !/^[A-Za-z0-9.*?:[\]-]{1,255}$/.test(glob))
            throw new RelayError('bad_argument', 'a glob looks like *.example.org')
          const named = parseServerName(glob)?.host ?? glob
          if (isDenied({ allow: ['*'], deny: [named] }, server))
            throw new RelayError('bad_argument', 'the glob matches the server name of the relay')
          await graph.write(
            (afterFlush) => {
              const { deny } = lobby.view().state('m.room.server_acl', '')?.content ?? {}
              const held = Array.isArray(deny) ? deny : []
              const content = { allow: ['*'], deny: [...new Set([...held, named])], allow_ip_literals: true }
              graph.sayNow(
                lobby.id(),
                { sender: relay, type: 'm.room.server_acl', stateKey: '', content },
                afterFlush,
              )
            },
            noting('lobby.server_ban', named),
          )
        }),
      say: (text, options) =>
        told(async () => {
          if (typeof text !== 'string' || cleanText(text) === '')
            throw new RelayError('bad_argument', 'the message is empty')
          if ([...text].length > MATRIX_SAY_CHARS)
            throw new RelayError('bad_argument', `a message has at most ${MATRIX_SAY_CHARS} characters`)
          const roomId = roomOf(options)
          const content = { msgtype: 'm.text', body: cleanText(text) }
          const event = await graph.write(
            (afterFlush) => {
              const sender = actor === 'operator' ? relay : users.idNow(actor)
              if (actor !== 'operator' && isFeedId(actor)) enterNow(roomId, sender, afterFlush)
              return graph.sayNow(roomId, { sender, type: 'm.room.message', content }, afterFlush)
            },
            actor === 'operator' ? undefined : noting('lobby.say', roomId),
          )
          return event.id
        }),
      join: (room) =>
        told(async () => {
          if (!isRoomAlias(room) && !isRoomId(room))
            throw new RelayError('bad_argument', 'a room looks like #name:server or !id')
          await permitted('lobby.join')
          const roomId = await rooms.join(room)
          await graph.write(() => {}, noting('lobby.join', roomId, room))
          return roomId
        }),
      leave: (room) =>
        told(async () => {
          await permitted('lobby.leave')
          if (room === lobby.id() || room === lobby.alias)
            throw new RelayError(
              'bad_argument',
              'the relay cannot leave its own lobby; set matrix.enabled = false instead',
            )
          await rooms.leave(room)
          await graph.write(() => {}, noting('lobby.leave', room))
        }),
    }
  }

  /** Joins a member of the relay to a room of ours before the first message. */
  function enterNow(roomId: string, user: string, afterFlush: Parameters<RoomGraph['sayNow']>[2]): void {
    const view = data.view(roomId)
    if (!view || membershipOf(view.state, user) === 'join') return
    const member = { type: 'm.room.member', stateKey: user }
    if (
      view.state('m.room.join_rules', '')?.content.join_rule !== 'public' &&
      membershipOf(view.state, user) !== 'invite'
    )
      graph.sayNow(roomId, { ...member, sender: relay, content: { membership: 'invite' } }, afterFlush)
    const displayname = users.nameOf(user) ?? user
    graph.sayNow(
      roomId,
      { ...member, sender: user, content: { membership: 'join', displayname } },
      afterFlush,
    )
  }
}
