// muxrpc frames (nine bytes of head, then a body) on their way in and out: bounded in, scrubbed and re-labelled out.

import { exposed, isErrorCode, RelayError } from '../../errors.js'

/** Bytes of a muxrpc frame's head: flags, body length (u32), request (i32). */
export const HEAD_BYTES = 9

const TYPE = 0b11
const JSON_TYPE = 2
const END = 0b100

/** Marks bytes that are JSON already, so that muxrpc can carry them without parsing and printing them again. */
const isJson = Symbol('json')
/** Marks bytes whose leaving muxrpc's queue is reported, so that whoever made them can wait. */
const isCounted = Symbol('counted')

/** Labels stored JSON for the wire: muxrpc takes it for a buffer, and the frame goes out as an object. */
export function jsonBytes(bytes: Buffer): Buffer {
  return Object.assign(bytes, { [isCounted]: true, [isJson]: true })
}

/** Labels bytes that stay bytes, and are only counted on their way out: what a tunnel carries. */
export function countedBytes(bytes: Buffer): Buffer {
  return Object.assign(bytes, { [isCounted]: true })
}

/**
 * Looks over what muxrpc's codec puts out, which is head, body, head, body…, each its own buffer.
 * Two things muxrpc cannot do itself are done here: JSON bytes get the flag of an object, and an error that ends a
 * call leaves with `{name, message, code}` and without its stack.
 * @param onCounted told the length of each labelled body, once it has left muxrpc's queue
 */
export function createOutgoing(
  onCounted: (bytes: number) => void,
): (chunk: Buffer, emit: (chunk: Buffer) => void) => void {
  let head: Buffer | null = null
  return (chunk, emit) => {
    if (!head) {
      // The goodbye is a head of zeros and has no body.
      if (chunk.readUInt32BE(1) === 0 && chunk[0] === 0 && chunk.readInt32BE(5) === 0) emit(chunk)
      else head = chunk
      return
    }
    const first = head
    head = null
    const flags = first[0] as number
    if (isCounted in chunk) {
      if (isJson in chunk) first[0] = (flags & ~TYPE) | JSON_TYPE
      onCounted(chunk.length)
    } else if (flags & END && (flags & TYPE) === JSON_TYPE) {
      const scrubbed = scrubError(chunk)
      first.writeUInt32BE(scrubbed.length, 1)
      emit(first)
      emit(scrubbed)
      return
    }
    emit(first)
    emit(chunk)
  }
}

/** muxrpc's own refusals, which say only what the caller did; everything else of the kind `Error` stays inside. */
const MUXRPC_WORDS: Array<[RegExp, RelayError['code']]> = [
  [/^no (async|sync|source|sink|duplex):/, 'no_such_method'],
  [/^unsupported stream type/, 'no_such_method'],
  [/^invalid request, args should be array/, 'bad_argument'],
]

/** An error body as the caller may see it. `name` carries our code this far, as muxrpc drops all other fields. */
function scrubError(body: Buffer): Buffer {
  const value: unknown = JSON.parse(body.toString())
  if (value === true || typeof value !== 'object' || value === null) return body
  const { name, message } = value as { name?: unknown; message?: unknown }
  if (isErrorCode(name)) return encode(name, String(message))
  const known = MUXRPC_WORDS.find(([words]) => words.test(String(message)))
  const safe = known ? new RelayError(known[1]) : exposed(value)
  return encode(safe.code, safe.message)
}

function encode(code: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ name: 'Error', message, code }))
}

/**
 * Watches the lengths that incoming frames announce, before anything is gathered for them.
 * @param maxBytes the longest body allowed now
 * @returns a check for each decrypted chunk; @throws RelayError `message_too_large`
 */
export function createIncoming(maxBytes: () => number): (chunk: Buffer) => void {
  const head = Buffer.alloc(HEAD_BYTES)
  let headFilled = 0
  let bodyLeft = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at)
        bodyLeft -= step
        at += step
        continue
      }
      const step = Math.min(HEAD_BYTES - headFilled, chunk.length - at)
      chunk.copy(head, headFilled, at, at + step)
      headFilled += step
      at += step
      if (headFilled < HEAD_BYTES) return
      headFilled = 0
      bodyLeft = head.readUInt32BE(1)
      if (bodyLeft > maxBytes()) throw new RelayError('message_too_large', `frame of ${bodyLeft} bytes`)
    }
  }
}
