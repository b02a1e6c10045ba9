// muxrpc frames (protocol guide, "RPC protocol"): nine bytes of head, then a body. Pure: bytes to frames and back.

import { isErrorCode, RelayError, toPublicError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'

/** Bytes of a frame's head: flags, body length (u32), request (i32). */
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

/** A head of zeros, after which nothing follows. */
export const GOODBYE: Buffer = Buffer.alloc(HEAD_BYTES)
export const TRUE: Buffer = Buffer.from('true')

/** Of a body that is handed on in pieces: shorter ones are gathered first, or each would cost a frame of its own. */
const PIECE_BYTES = KIB
/** Bytes of the first buffer in which an unfinished body is gathered; it is doubled as bytes come. */
const GATHER_BYTES = 4 * KIB

const head = Buffer.alloc(HEAD_BYTES)

/** A frame's head, in a buffer that the next call overwrites. */
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
 * What a value is on the wire, as npm's muxrpc has it: bytes and text as they are, everything else as JSON. Empty text is
 * JSON as well: a frame without a body is a goodbye.
 * @throws TypeError for what is no JSON
 */
export function encodeBody(value: unknown): { type: BodyType; body: Buffer } {
  if (Buffer.isBuffer(value)) return { type: BYTES, body: value }
  if (typeof value === 'string' && value !== '') return { type: TEXT, body: Buffer.from(value) }
  // npm's muxrpc answers nothing with `false`
  return { type: JSON_BODY, body: Buffer.from(JSON.stringify(value === undefined ? false : value)) }
}

/** @throws RelayError `bad_argument` for JSON that is none, and for a type there is none of */
export function decodeBody(body: Buffer, type: number): unknown {
  if (type === JSON_BODY) return parseJson(body)
  if (type === TEXT) return body.toString()
  if (type === BYTES) return body
  throw new RelayError('bad_argument', 'a body of no known type')
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new RelayError('bad_argument', 'a body that is no JSON')
  }
}

/** The parts of a call as they came, none of them checked. */
export function decodeCall(body: Buffer, type: number): Record<'name' | 'args' | 'type', unknown> {
  const value = decodeBody(body, type)
  return (typeof value === 'object' && value !== null ? value : {}) as Record<
    'name' | 'args' | 'type',
    unknown
  >
}

/** The body of an error, as its caller may see it: `{name, message, code}` and no stack. */
export function encodeError(thrown: unknown): Buffer {
  const { code, message } = toPublicError(thrown)
  return Buffer.from(JSON.stringify({ name: 'Error', message, code }))
}

/** What the other end says of an error or an end: `true` for a good end. */
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

/** How the body of a frame is to be taken. */
export type Taking = 'whole' | 'pieces' | 'skip'

export interface FrameSink {
  /** A frame begins: asked before anything is gathered for it. @throws RelayError for what ends the connection */
  begin(flags: number, length: number, request: number): Taking
  /** The frame that has begun, or a piece of its body where it is taken in pieces. Valid during the call. */
  frame(flags: number, request: number, body: Buffer): void
  goodbye(): void
  /** Memory held for an unfinished body has grown or shrunk. */
  gathering(bytes: number): void
}

/** Cuts plain bytes into frames, however they come. */
export class FrameReader {
  /** the part of a head that has come */
  private head: Buffer | null = null
  private held = 0
  private flags = 0
  private request = 0
  /** bytes of the body that are yet to come; -1 between frames */
  private left = -1
  private taking: Taking = 'whole'
  /** an unfinished body; `filled` bytes of it have come */
  private body: Buffer | null = null
  private filled = 0
  private ended = false

  constructor(private readonly sink: FrameSink) {}

  read(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && !this.ended)
      at = this.left < 0 ? this.readHead(bytes, at) : this.readBody(bytes, at)
  }

  /** Forgets an unfinished body. */
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
      // npm's muxrpc takes any frame without a body for a goodbye
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

  /** Keeps a part of a body in one buffer that never has more than twice the room of what has come. */
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
