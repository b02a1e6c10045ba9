// SPDX-License-Identifier: AGPL-3.0-or-later
// The authorisation rule for `m.room.power_levels` (rule 10 of version 12): no user grants or removes more power than the own.

import { NotAuthorised } from './errors.js'
import type { RoomEvent } from './event.js'
import { isUserId } from './ids.js'
import { isObject, type JsonObject } from './json.js'
import type { PowerLevels } from './power-levels.js'
import type { RoomVersion } from './room-version.js'

const NUMBERS = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite']

const isLevel = (value: unknown): value is number => Number.isSafeInteger(value)

/** @throws NotAuthorised */
export function assertLevels(
  event: RoomEvent,
  before: RoomEvent | undefined,
  levels: PowerLevels,
  creators: readonly string[],
  version: RoomVersion,
): void {
  const { content, sender } = event
  const bad = (reason: string): never => {
    throw new NotAuthorised(reason)
  }
  for (const name of NUMBERS)
    if (content[name] !== undefined && !isLevel(content[name])) bad(`${name} is a whole number`)
  for (const name of ['events', 'notifications'])
    if (content[name] !== undefined && !isLevels(content[name])) bad(`${name} holds whole numbers`)
  const users = content.users ?? {}
  if (!isLevels(users) || !Object.keys(users).every(isUserId)) bad('users holds user ids and whole numbers')
  if (version.hashedRoomId && creators.some((user) => Object.hasOwn(users as JsonObject, user)))
    bad('the power of a creator cannot be set')
  if (!before) return

  const own = levels.of(sender)
  const above = (level: unknown): boolean => isLevel(level) && level > own
  for (const name of NUMBERS) {
    const [old, now] = [before.content[name], content[name]]
    if (old !== now && (above(old) || above(now))) bad(`${name} is beyond the sender's power`)
  }
  for (const name of ['events', 'notifications']) {
    for (const [key, old, now] of changes(before.content[name], content[name]))
      if (above(old) || above(now)) bad(`${name} of ${key} is beyond the sender's power`)
  }
  for (const [user, old, now] of changes(before.content.users, users)) {
    if (user !== sender && isLevel(old) && old >= own) bad(`${user} has as much power as the sender`)
    if (above(now)) bad(`${user} would have more power than the sender`)
  }
}

const isLevels = (value: unknown): boolean => isObject(value) && Object.values(value).every(isLevel)

/** What differs between two tables of levels, added and removed entries too. */
function changes(before: unknown, after: unknown): Array<[key: string, old: unknown, now: unknown]> {
  const [old, now] = [isObject(before) ? before : {}, isObject(after) ? after : {}]
  const at = (table: JsonObject, key: string): unknown => (Object.hasOwn(table, key) ? table[key] : undefined)
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .map((key): [string, unknown, unknown] => [key, at(old, key), at(now, key)])
    .filter(([, a, b]) => a !== b)
}
