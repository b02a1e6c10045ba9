// The edge between muxrpc's conventions and ours: callbacks to promises, and arguments checked before they are used.

import { RelayError, toPublicError } from '../lib/errors.js'
import { createLogThrottle } from '../lib/log.js'
import { type FeedId, isFeedId } from '../ssb/feed-id.js'
import type { Session } from './session.js'

/** muxrpc's callback. */
export type Answer = (err: Error | null, value?: unknown) => void

/** Answers a call with what comes of a promise; errors as strangers may see them, faults of ours are told as well. */
export function reply(result: Promise<unknown>, fault: (err: unknown) => void, answer: Answer): void {
  result.then(
    (value) => answer(null, value),
    (err: unknown) => {
      const safe = toPublicError(err)
      if (safe.code === 'internal') fault(err)
      answer(safe)
    },
  )
}

/**
 * An async method as muxrpc calls it: the gate put the session first, muxrpc put the callback last.
 * @param uptime milliseconds, of a clock that only goes on
 */
export function answering(
  method: (session: Session, ...args: unknown[]) => Promise<unknown>,
  uptime: () => number = () => performance.now(),
) {
  // of each method for itself: who finds a fault of ours can provoke it at will
  const due = createLogThrottle(uptime)
  return (session: Session, ...rest: unknown[]): void => {
    const answer = rest.pop() as Answer
    session.calls += 1
    const fault = (err: unknown): void => {
      const times = due()
      if (times > 0) session.log.error({ err, times }, `a call of ${session.id} failed`)
    }
    reply(method(session, ...rest), fault, (err, value) => {
      session.calls -= 1
      if (!session.closed) answer(err, value)
    })
  }
}

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
