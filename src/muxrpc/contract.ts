// What a muxrpc session is given: the bytes' carrier, the caller, and what all sessions share.

import { RelayError } from '../lib/errors.js'
import type { Registry } from './registry.js'
import type { CallerLimits, TotalLimits } from './stream-limits.js'

/** What carries the frames: bytes in order, both ways. */
export interface Transport {
  /** Queues a frame, which is copied. The session is told by `flushed` when it leaves. */
  write(head: Uint8Array, body: Uint8Array | null): void
  /** Sends what is queued and a goodbye of its own, and ends. */
  end(): void
  /** Cuts the connection now. */
  destroy(): void
}

/** Whose connection it is. */
export interface Caller {
  /** read whenever they are needed: what a caller may have can change while it is connected */
  readonly limits: CallerLimits
  /** Told why the connection is cut. */
  cut(reason: string): void
}

export interface SessionParts<C> {
  registry: Registry<C>
  totals: TotalLimits
  /** Told of each error that a call is answered with, for the counters. */
  onRefusal?(err: RelayError): void
  /** Told what a method threw that was no refusal. */
  onFault(err: unknown, caller: C, name: string): void
}

/** Tells a refusal from a fault of ours. */
export function reportError<C>(parts: SessionParts<C>, err: unknown, caller: C, name: string): void {
  if (err instanceof RelayError) parts.onRefusal?.(err)
  else parts.onFault(err, caller, name)
}

/** Hears the answer to a call of ours. */
export type Answer = (err: Error | null, value?: unknown) => void

/** The body of a call that is answered once. */
export function encodeCall(name: readonly string[], args: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ name, args }))
}

/** The end of a stream as the error that a call of ours is answered with. */
export function asError(end: Error | true): Error {
  return end === true ? new Error('ended by the other end') : end
}
