// SPDX-License-Identifier: AGPL-3.0-or-later
// Accepts, soft-fails or rejects an event by its auth events, the state before it and the current state.

import { assertAuthEvents, authorise, type StateAt } from './auth-rules.js'
import { NotAuthorised } from './errors.js'
import { type RoomEvent, stateName } from './event.js'
import type { KeptEvent, RoomData, RoomView } from './room-data.js'
import type { RoomVersion } from './room-version.js'

/** What has become of an event. */
export type Outcome =
  | { is: 'known' | 'accepted' | 'soft' }
  | { is: 'rejected'; why: string }
  | { is: 'gap'; prev: string[]; auth: string[] }

/** Whether the rules allow an event beside a state; the reason where they do not. */
export function refusal(event: RoomEvent, state: StateAt, version: RoomVersion): string | null {
  try {
    authorise(event, state, version)
    return null
  } catch (thrown) {
    if (thrown instanceof NotAuthorised) return thrown.message
    throw thrown
  }
}

/** The state that an event's own auth events make, with the create event that version 12 does not name. */
function claimedState(view: RoomView, named: readonly KeptEvent[]): StateAt {
  const held = new Map(named.map(({ event }) => [stateName(event.type, event.stateKey ?? ''), event]))
  return (type, stateKey) =>
    held.get(stateName(type, stateKey)) ??
    (type === 'm.room.create' && view.version.hashedRoomId ? view.state(type, '') : undefined)
}

/** @param before number of the state before the event */
export function judge(
  data: RoomData,
  view: RoomView,
  event: RoomEvent,
  auth: readonly KeptEvent[],
  before: number,
): Outcome {
  try {
    assertAuthEvents(
      event,
      auth.map(({ event: by, rejected }) => ({ event: by, rejected: rejected !== undefined })),
      view.version,
    )
  } catch (thrown) {
    if (!(thrown instanceof NotAuthorised)) throw thrown
    return { is: 'rejected', why: thrown.message }
  }
  const then = data.viewAt(view.id, view.record, before)
  const why =
    refusal(event, claimedState(view, auth), view.version) ?? refusal(event, then.state, view.version)
  if (why !== null) return { is: 'rejected', why }
  return { is: refusal(event, view.state, view.version) === null ? 'accepted' : 'soft' }
}
