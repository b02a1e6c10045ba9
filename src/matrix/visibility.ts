// SPDX-License-Identifier: AGPL-3.0-or-later
// Room visibility per server: a private room is answered like an absent one.

import { joinRule } from './auth-rules.js'
import { absent, forbidden } from './errors.js'
import { domainOf, isDenied } from './ids.js'
import type { RoomData, RoomView } from './room-data.js'

export interface Visibility {
  /** A room that the server has users in. @throws MatrixError `M_NOT_FOUND`, alike for private and absent rooms */
  inside(roomId: string, origin: string): RoomView
  /**
   * A room that a user may come to: open to joins or knocks, or they are invited, or their server is in it.
   * @throws MatrixError `M_NOT_FOUND`
   */
  forUser(roomId: string, user: string): RoomView
  /** A room that a server may learn the address of. */
  forServer(roomId: string, origin: string): RoomView
}

export function createVisibility(data: RoomData): Visibility {
  const takesStrangers = (view: RoomView): boolean =>
    view.record.kind === 'lobby' && ['public', 'knock', 'knock_restricted'].includes(joinRule(view.state))

  function find(roomId: string, origin: string, may: (view: RoomView) => boolean): RoomView {
    const view = data.view(roomId)
    if (!view || !may(view)) throw absent()
    const acl = view.state('m.room.server_acl', '')?.content
    if (acl && isDenied(acl, origin)) throw forbidden('Server is banned from the room')
    return view
  }

  return {
    inside: (roomId, origin) => find(roomId, origin, (view) => data.servers(view).has(origin)),
    forUser: (roomId, user) =>
      find(roomId, domainOf(user), (view) => {
        if (takesStrangers(view)) return true
        const membership = data.members(view).get(user)?.membership
        return membership === 'invite' || membership === 'join'
      }),
    forServer: (roomId, origin) =>
      find(roomId, origin, (view) => {
        if (takesStrangers(view)) return true
        return [...data.members(view)].some(
          ([user, { membership }]) => domainOf(user) === origin && ['join', 'invite'].includes(membership),
        )
      }),
  }
}
