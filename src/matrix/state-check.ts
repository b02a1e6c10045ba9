// SPDX-License-Identifier: AGPL-3.0-or-later
// Verifies a state from another server: each event against its auth events.

import { assertAuthEvents, authorise, type StateAt } from './auth-rules.js'
import { type RoomEvent, stateName } from './event.js'
import type { RoomVersion } from './room-version.js'

/**
 * Sorts out the events whose whole chain of `auth_events` is there and allows them.
 * @param lookup the events given, and those known before
 * @param create the room's create event
 * @returns the good ones, by id, each after those that authorise it
 */
export function verifyStateEvents(
  events: readonly RoomEvent[],
  lookup: (id: string) => RoomEvent | undefined,
  version: RoomVersion,
  create: RoomEvent | undefined,
): Map<string, RoomEvent> {
  const given = new Map(events.map((event) => [event.id, event]))
  const good = new Map<string, RoomEvent>()
  const bad = new Set<string>()

  function judge(event: RoomEvent): boolean {
    const named = event.pdu.auth_events.map(lookup)
    if (named.some((each) => each === undefined || (given.has(each.id) && !good.has(each.id)))) return false
    const auth = named.filter((each) => each !== undefined)
    const held = new Map(auth.map((each) => [stateName(each.type, each.stateKey ?? ''), each]))
    const state: StateAt = (type, key) =>
      held.get(stateName(type, key)) ??
      (type === 'm.room.create' && version.hashedRoomId ? create : undefined)
    try {
      assertAuthEvents(
        event,
        auth.map((each) => ({ event: each, rejected: false })),
        version,
      )
      authorise(event, state, version)
      return true
    } catch {
      return false
    }
  }

  // no recursion: a stranger chooses the length of a chain; events in a circle are bad
  const open: Array<{ event: RoomEvent; entered: boolean }> = events.map((event) => ({
    event,
    entered: false,
  }))
  const entered = new Set<string>()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { event } = next
    if (good.has(event.id) || bad.has(event.id)) continue
    if (next.entered) {
      if (judge(event)) good.set(event.id, event)
      else bad.add(event.id)
      continue
    }
    if (entered.has(event.id)) continue
    entered.add(event.id)
    open.push({ event, entered: true })
    for (const id of event.pdu.auth_events) {
      const parent = given.get(id)
      if (parent && !good.has(id) && !bad.has(id)) open.push({ event: parent, entered: false })
    }
  }
  return good
}
