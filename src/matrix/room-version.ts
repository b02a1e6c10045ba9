// SPDX-License-Identifier: AGPL-3.0-or-later
// The room versions we speak, and what differs between them.

import { isObject, type Json, type JsonObject } from './json.js'

export interface RoomVersion {
  id: '10' | '11' | '12'
  /** v11: `redacts` stands in the content, and more is kept of a redacted event */
  newRedactions: boolean
  /** v12: the room's id is the hash of its create event, and its creators have unlimited power */
  hashedRoomId: boolean
}

export const ROOM_VERSIONS: Readonly<Record<string, RoomVersion>> = {
  10: { id: '10', newRedactions: false, hashedRoomId: false },
  11: { id: '11', newRedactions: true, hashedRoomId: false },
  12: { id: '12', newRedactions: true, hashedRoomId: true },
}

/** The version of this name, if we speak it. */
export function roomVersion(id: unknown): RoomVersion | null {
  return typeof id === 'string' && Object.hasOwn(ROOM_VERSIONS, id) ? (ROOM_VERSIONS[id] ?? null) : null
}

const KEPT = [
  ...['event_id', 'type', 'room_id', 'sender', 'state_key', 'content', 'hashes', 'signatures', 'depth'],
  ...['prev_events', 'auth_events', 'origin_server_ts'],
]
const KEPT_BEFORE_11 = [...KEPT, 'prev_state', 'origin', 'membership']
const LEVELS = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
]

/** The event without what a redaction takes away: what is hashed and signed, and what is left of a redacted one. */
export function redact(event: JsonObject, { newRedactions }: RoomVersion): JsonObject {
  const kept = pick(event, newRedactions ? KEPT : KEPT_BEFORE_11)
  const content = isObject(event.content) ? event.content : {}
  kept.content = redactedContent(String(event.type), content, newRedactions)
  return kept
}

function redactedContent(type: string, content: JsonObject, newRedactions: boolean): JsonObject {
  switch (type) {
    case 'm.room.create':
      return newRedactions ? content : pick(content, ['creator'])
    case 'm.room.member': {
      const kept = pick(content, ['membership', 'join_authorised_via_users_server'])
      const invite = content.third_party_invite
      if (newRedactions && isObject(invite) && invite.signed !== undefined)
        kept.third_party_invite = { signed: invite.signed as Json }
      return kept
    }
    case 'm.room.join_rules':
      return pick(content, ['join_rule', 'allow'])
    case 'm.room.power_levels':
      return pick(content, newRedactions ? [...LEVELS, 'invite'] : LEVELS)
    case 'm.room.history_visibility':
      return pick(content, ['history_visibility'])
    case 'm.room.redaction':
      return newRedactions ? pick(content, ['redacts']) : {}
    default:
      return {}
  }
}

function pick(from: JsonObject, names: readonly string[]): JsonObject {
  const picked: JsonObject = {}
  for (const name of names) if (Object.hasOwn(from, name)) picked[name] = from[name] as Json
  return picked
}
