// SPDX-License-Identifier: AGPL-3.0-or-later
// muxrpc frames (protocol guide, "RPC protocol"): a header of nine bytes, then a body. No I/O.

import { isErrorCode, RelayError, toPublicError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'

/** Bytes of a frame's header: flags, body length (u32), request (i32). */
export const HEAD_BYTES = 9

/** Body types, the two lowest bits of the flags. */
export const BYTES = 0
export const TEXT = 1
export const JSON_BODY = 2
export type BodyType = typeof BYTES | typeof TEXT | typeof JSON_BODY
export const TYPE_BITS = 0b11
/** The frame ends its stream, or answers a call with an error. */
export const END = 0b100
export const STREAM = 0b1000

/** A header of zeros, which ends the connection. */
export const GOODBYE: Buffer = Buffer.alloc(HEAD_BYTES)
export const TRUE: Buffer = Buffer.from('true')

/** Minimum bytes of a piece of a body: shorter pieces are joined, as each costs a frame. */
const PIECE_BYTES = KIB
/** Bytes of the first buffer for an incomplete body; it is doubled when full. */
const GATHER_BYTES = 4 * KIB

const head = Buffer.alloc(HEAD_BYTES)

/** Encodes a frame's header, in a buffer that the next call overwrites. */
export function frameHead(flags: number, length: number, request: number): Buffer {
  head[0] = flags
  head[1] = length >>> 24
  head[2] = length >>> 16
  head[3] = length >>> 8
  head[4] = length
  head[5] = request >> 24
  head[6] = request >> 16
  head[7] = request >> 8
  head[8] = request
  return head
}

/**
 * Encodes a value as npm's muxrpc does: bytes and text unchanged, everything else as JSON. Empty text is JSON as well,
 * because a frame without a body is a goodbye.
 * @throws TypeError for a value that has no JSON
 */
export function encodeBody(value: unknown): { type: BodyType; body: Buffer } {
  if (Buffer.isBuffer(value)) return { type: BYTES, body: value }
  if (typeof value === 'string' && value !== '') return { type: TEXT, body: Buffer.from(value) }
  // npm's muxrpc encodes an absent result as `false`
  return { type: JSON_BODY, body: Buffer.from(JSON.stringify(value === undefined ? false : value)) }
}

/** @throws RelayError `bad_argument` for invalid JSON or an unknown body type */
export function decodeBody(body: Buffer, type: number): unknown {
  if (type === JSON_BODY) return parseJson(body)
  if (type === TEXT) return body.toString()
  if (type === BYTES) return body
  throw new RelayError('bad_argument', 'unknown body type')
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new RelayError('bad_argument', 'invalid JSON')
  }
}

/** Decodes a call; its parts are not checked. */
export function decodeCall(body: Buffer, type: number): Record<'name' | 'args' | 'type', unknown> {
  const value = decodeBody(body, type)
  return (typeof value === 'object' && value !== null ? value : {}) as Record<
    'name' | 'args' | 'type',
    unknown
  >
}

/** Encodes an error for a caller: `{name, message, code}`, without a stack. */
export function encodeError(thrown: unknown): Buffer {
  const { code, message } = toPublicError(thrown)
  return Buffer.from(JSON.stringify({ name: 'Error', message, code }))
}

/** Decodes an error or end frame: `true` for a normal end. */
export function decodeEnd(body: Buffer, type: number): Error | true {
  const value = decodeBody(body, type)
  if (value === true) return true
  const { message, code } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  const words = typeof message === 'string' ? message : 'ended by the other end'
  return Object.assign(new Error(words), isErrorCode(code) ? { code } : {})
}

/** How the reader delivers the body of a frame. */
export type Taking = 'whole' | 'pieces' | 'skip'

export interface FrameSink {
  /** A frame begins; called before memory is used for it. @throws RelayError to end the connection */
  begin(flags: number, length: number, request: number): Taking
  /** The frame, or a piece of its body. Valid during the call only. */
  frame(flags: number, request: number, body: Buffer): void
  goodbye(): void
  /** The memory used for an incomplete body has changed by this many bytes. */
  gathering(bytes: number): void
}

/** Splits plain bytes, in chunks of any size, into frames. */
export class FrameReader {
  /** an incomplete header */
  private head: Buffer | null = null
  private held = 0
  private flags = 0
  private request = 0
  /** missing bytes of the body; -1 between frames */
  private left = -1
  private taking: Taking = 'whole'
  /** an incomplete body, of which `filled` bytes were received */
  private body: Buffer | null = null
  private filled = 0
  private ended = false

  constructor(private readonly sink: FrameSink) {}

  read(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && !this.ended)
      at = this.left < 0 ? this.readHead(bytes, at) : this.readBody(bytes, at)
  }

  /** Drops an incomplete body and reads no more. */
  clear(): void {
    this.ended = true
    if (this.body) this.sink.gathering(-this.body.length)
    this.body = null
  }

  private readHead(bytes: Buffer, at: number): number {
    let from = bytes
    let start = at
    let next = at + HEAD_BYTES
    if (this.head || bytes.length < next) {
      this.head ??= Buffer.allocUnsafe(HEAD_BYTES)
      next = Math.min(at + HEAD_BYTES - this.held, bytes.length)
      bytes.copy(this.head, this.held, at, next)
      this.held += next - at
      if (this.held < HEAD_BYTES) return next
      from = this.head
      start = 0
      this.head = null
      this.held = 0
    }
    this.flags = from[start] as number
    const length = from.readUInt32BE(start + 1)
    this.request = from.readInt32BE(start + 5)
    if (length === 0) {
      // as in npm's muxrpc, any frame without a body is a goodbye
      this.ended = true
      this.sink.goodbye()
      return bytes.length
    }
    this.taking = this.sink.begin(this.flags, length, this.request)
    this.left = length
    return next
  }

  private readBody(bytes: Buffer, at: number): number {
    const step = Math.min(this.left, bytes.length - at)
    const end = at + step
    this.left -= step
    if (this.taking === 'skip') {
      if (this.left === 0) this.left = -1
    } else if (!this.body && (this.left === 0 || (this.taking === 'pieces' && step >= PIECE_BYTES))) {
      this.give(bytes.subarray(at, end))
    } else {
      this.gather(bytes, at, end)
      if (this.left === 0 || (this.taking === 'pieces' && this.filled >= PIECE_BYTES)) this.giveGathered()
    }
    return end
  }

  private give(body: Buffer): void {
    if (this.left === 0) this.left = -1
    this.sink.frame(this.flags, this.request, body)
  }

  private giveGathered(): void {
    const body = this.body as Buffer
    this.body = null
    this.sink.gathering(-body.length)
    this.give(body.subarray(0, this.filled))
  }

  /** Copies a part of a body into one buffer, at most twice as large as what was received. */
  private gather(bytes: Buffer, at: number, end: number): void {
    const old = this.body
    if (!old) this.filled = 0
    const need = this.filled + end - at
    if (!old || need > old.length) {
      const whole = need + this.left
      const body = Buffer.allocUnsafeSlow(Math.min(whole, Math.max(GATHER_BYTES, 2 * need)))
      this.sink.gathering(body.length - (old?.length ?? 0))
      old?.copy(body, 0, 0, this.filled)
      this.body = body
    }
    bytes.copy(this.body as Buffer, this.filled, at, end)
    this.filled = need
  }
}
