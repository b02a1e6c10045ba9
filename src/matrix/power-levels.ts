// SPDX-License-Identifier: AGPL-3.0-or-later
// Who has how much power in a room: `m.room.power_levels` read with its defaults, and the creators' of version 12.

import type { RoomEvent } from './event.js'
import { isUserId } from './ids.js'
import { isObject, type JsonObject } from './json.js'
import type { RoomVersion } from './room-version.js'

/** The levels of a room. */
export interface PowerLevels {
  of(user: string): number
  /** what a user needs for an event of this type */
  required(type: string, isState: boolean): number
  /** `ban`, `kick`, `invite` or `redact` */
  action(name: LevelName): number
}

export type LevelName = 'ban' | 'kick' | 'invite' | 'redact'

const DEFAULTS: Record<LevelName, number> = { ban: 50, kick: 50, invite: 0, redact: 50 }

/** The creators of a room: with unlimited power as of version 12. */
export function creatorsOf(create: RoomEvent | undefined, { hashedRoomId }: RoomVersion): string[] {
  if (!create) return []
  const more = hashedRoomId ? create.content.additional_creators : []
  return [create.sender, ...(Array.isArray(more) ? more.filter(isUserId) : [])]
}

const integer = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined

/** The creator before version 12: the content names it up to version 10, the sender is it from 11 on. */
function firstAdmin(create: RoomEvent | undefined, version: RoomVersion): string | undefined {
  if (!create) return undefined
  if (version.newRedactions) return create.sender
  return typeof create.content.creator === 'string' ? create.content.creator : create.sender
}

/** Reads the levels from the events that define them. */
export function powerLevelsOf(
  create: RoomEvent | undefined,
  levels: RoomEvent | undefined,
  version: RoomVersion,
): PowerLevels {
  const content: JsonObject = levels?.content ?? {}
  const users = isObject(content.users) ? content.users : {}
  const events = isObject(content.events) ? content.events : {}
  const usersDefault = integer(content.users_default) ?? 0
  const creators = version.hashedRoomId ? new Set(creatorsOf(create, version)) : new Set<string>()
  const admin = version.hashedRoomId ? undefined : firstAdmin(create, version)
  const own = (from: JsonObject, name: string): number | undefined =>
    Object.hasOwn(from, name) ? integer(from[name]) : undefined
  return {
    of(user) {
      if (creators.has(user)) return Number.POSITIVE_INFINITY
      if (!levels) return user === admin ? 100 : 0
      return own(users, user) ?? usersDefault
    },
    required(type, isState) {
      const named = own(events, type)
      if (named !== undefined) return named
      if (!isState) return integer(content.events_default) ?? 0
      return integer(content.state_default) ?? 50
    },
    action: (name) => integer(content[name]) ?? DEFAULTS[name],
  }
}
