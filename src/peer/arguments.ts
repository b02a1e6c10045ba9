// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks the arguments of calls.

import { RelayError } from '../lib/errors.js'
import { type FeedId, isFeedId } from '../ssb/feed-id.js'

/** Returns an argument that is an object. @throws RelayError `bad_argument` */
export function asObject(argument: unknown): Record<string, unknown> {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) {
    throw new RelayError('bad_argument', 'expected an object')
  }
  return argument as Record<string, unknown>
}

/** An own field of an argument; inherited ones and `null` count as absent. */
function field(argument: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(argument, name) ? (argument[name] ?? undefined) : undefined
}

/** A required feed id. @throws RelayError `bad_feed_id` */
export function feedField(argument: Record<string, unknown>, name: string): FeedId {
  const value = field(argument, name)
  if (!isFeedId(value)) throw new RelayError('bad_feed_id', name)
  return value
}

/** An optional boolean. @throws RelayError `bad_argument` */
export function booleanField(argument: Record<string, unknown>, name: string, fallback: boolean): boolean {
  const value = field(argument, name) ?? fallback
  if (typeof value !== 'boolean') throw new RelayError('bad_argument', `${name} must be true or false`)
  return value
}

/** An optional whole number. @throws RelayError `bad_argument` */
export function integerField(argument: Record<string, unknown>, name: string): number | undefined {
  const value = field(argument, name)
  if (value !== undefined && !Number.isInteger(value))
    throw new RelayError('bad_argument', `${name} must be a whole number`)
  return value as number | undefined
}

/** An optional finite number. @throws RelayError `bad_argument` */
export function numberField(argument: Record<string, unknown>, name: string): number | undefined {
  const value = field(argument, name)
  if (value !== undefined && !Number.isFinite(value))
    throw new RelayError('bad_argument', `${name} must be a number`)
  return value as number | undefined
}

/** An optional string. @throws RelayError `bad_argument` */
export function textField(argument: Record<string, unknown>, name: string): string | undefined {
  const value = field(argument, name)
  if (value !== undefined && typeof value !== 'string')
    throw new RelayError('bad_argument', `${name} must be a string`)
  return value
}
