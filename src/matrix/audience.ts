// SPDX-License-Identifier: AGPL-3.0-or-later
// The servers that receive an event: those in the room, and that of a user whose membership it changes.

import type { RoomEvent } from './event.js'
import { domainOf, isDenied } from './ids.js'
import type { RoomData, RoomView } from './room-data.js'

/**
 * The servers that receive an event.
 * @param own the name of this server, which has it
 * @param from the server it came from, which has it too
 */
export function audience(
  data: RoomData,
  own: string,
  before: RoomView,
  now: RoomView,
  event: RoomEvent,
  from: string | null,
): Set<string> {
  const servers = data.servers(now)
  if (event.type === 'm.room.member' && event.stateKey !== undefined) {
    const was = data.members(before).get(event.stateKey)?.membership
    const { membership } = event.content
    if (was === 'join' || was === 'invite' || was === 'knock' || membership === 'invite')
      servers.add(domainOf(event.stateKey))
  }
  const acl = now.state('m.room.server_acl', '')?.content
  for (const each of servers) if (acl && isDenied(acl, each)) servers.delete(each)
  for (const each of [own, from, domainOf(event.sender)]) if (each) servers.delete(each)
  return servers
}
