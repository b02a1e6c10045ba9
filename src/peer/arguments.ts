// Arguments of calls, checked before they are used.

import { RelayError } from '../lib/errors.js'
import { type FeedId, isFeedId } from '../ssb/feed-id.js'

/** An argument that must be an object. @throws RelayError `bad_argument` */
export function asObject(argument: unknown): Record<string, unknown> {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) {
    throw new RelayError('bad_argument', 'expected an object')
  }
  return argument as Record<string, unknown>
}

/** A field of an argument, its own only: nothing inherited answers for it. `null` counts as absent. */
function field(argument: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(argument, name) ? (argument[name] ?? undefined) : undefined
}

/** @throws RelayError `bad_feed_id` */
export function feedField(argument: Record<string, unknown>, name: string): FeedId {
  const value = field(argument, name)
  if (!isFeedId(value)) throw new RelayError('bad_feed_id', name)
  return value
}

/** @throws RelayError `bad_argument` */
export function booleanField(argument: Record<string, unknown>, name: string, fallback: boolean): boolean {
  const value = field(argument, name) ?? fallback
  if (typeof value !== 'boolean') throw new RelayError('bad_argument', `${name} is true or false`)
  return value
}

/** @throws RelayError `bad_argument` for all but whole numbers */
export function integerField(argument: Record<string, unknown>, name: string): number | undefined {
  const value = field(argument, name)
  if (value !== undefined && !Number.isInteger(value))
    throw new RelayError('bad_argument', `${name} is a whole number`)
  return value as number | undefined
}

/** @throws RelayError `bad_argument` for all but finite numbers */
export function numberField(argument: Record<string, unknown>, name: string): number | undefined {
  const value = field(argument, name)
  if (value !== undefined && !Number.isFinite(value))
    throw new RelayError('bad_argument', `${name} is a number`)
  return value as number | undefined
}

/** @throws RelayError `bad_argument` */
export function textField(argument: Record<string, unknown>, name: string): string | undefined {
  const value = field(argument, name)
  if (value !== undefined && typeof value !== 'string')
    throw new RelayError('bad_argument', `${name} is text`)
  return value
}
