// SPDX-License-Identifier: AGPL-3.0-or-later
// The state events that users outside the room may see, with an invite or a knock.

import type { Json } from './json.js'
import type { RoomView } from './room-data.js'

const SHOWN = [
  ...['m.room.create', 'm.room.join_rules', 'm.room.canonical_alias', 'm.room.avatar', 'm.room.encryption'],
  ...['m.room.name', 'm.room.topic'],
]

/** Name, topic, join rule and the like, without signatures. @param user whose membership is shown too */
export function strippedState(view: RoomView, user?: string): Json[] {
  const wanted: Array<[string, string]> = SHOWN.map((type) => [type, ''])
  if (user !== undefined) wanted.push(['m.room.member', user])
  return wanted.flatMap(([type, key]): Json[] => {
    const event = view.state(type, key)
    if (!event) return []
    // as of version 12 the create event is shown whole: the room's id is its hash
    if (type === 'm.room.create' && view.version.hashedRoomId) return [event.pdu]
    return [{ type, state_key: key, sender: event.sender, content: event.content }]
  })
}
