// SPDX-License-Identifier: AGPL-3.0-or-later
// What a muxrpc session needs: a transport, its caller, and the parts shared by all sessions.

import { RelayError } from '../lib/errors.js'
import type { Registry } from './registry.js'
import type { CallerLimits, TotalLimits } from './stream-limits.js'

/** Carries the bytes of frames in order, in both directions. */
export interface Transport {
  /** Queues a frame, which is copied. The transport calls `flushed` when it is sent. */
  write(head: Uint8Array, body: Uint8Array | null): void
  /** Sends the queued bytes and its own goodbye, then closes. */
  end(): void
  /** Closes the connection now. */
  destroy(): void
}

/** The other end of a session. */
export interface Caller {
  /** read at each use, as a caller's role can change while it is connected */
  readonly limits: CallerLimits
  /** Called with the reason before the connection is closed. */
  cut(reason: string): void
}

export interface SessionParts<C> {
  registry: Registry<C>
  totals: TotalLimits
  /** Called with each error that a call is answered with, for the counters. */
  onRefusal?(err: RelayError): void
  /** Called with what a method threw, unless it is a RelayError. */
  onFault(err: unknown, caller: C, name: string): void
}

/** Tells a refusal from a fault of ours. */
export function reportError<C>(parts: SessionParts<C>, err: unknown, caller: C, name: string): void {
  if (err instanceof RelayError) parts.onRefusal?.(err)
  else parts.onFault(err, caller, name)
}

/** Called with the answer to a call of ours. */
export type Answer = (err: Error | null, value?: unknown) => void

/** Encodes the body of an async call. */
export function encodeCall(name: readonly string[], args: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ name, args }))
}

/** The end of a stream as the error that a call of ours is answered with. */
export function asError(end: Error | true): Error {
  return end === true ? new Error('ended by the other end') : end
}
