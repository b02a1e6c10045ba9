// muxrpc frames (nine bytes of head, then a body) on their way in and out: bounded in, scrubbed and re-labelled out.

import { exposed, isErrorCode, RelayError } from '../../errors.js'
import type { Outflow } from './outflow.js'

/** Bytes of a muxrpc frame's head: flags, body length (u32), request (i32). */
export const HEAD_BYTES = 9

const TYPE = 0b11
const JSON_TYPE = 2
const END = 0b100

/** How a body was labelled: a label is a property of the buffer, since muxrpc hands buffers on as they are. */
const label = Symbol('label')
/** Bytes that are JSON already, so that muxrpc carries them without parsing and printing them again. */
const JSON_BYTES = 'json'

/** Otherwise bytes stay bytes, and are counted on their way out by whoever waits for them to leave. */
type Labelled = Buffer & { [label]?: typeof JSON_BYTES | Pick<Outflow, 'left'> }

/** Labels stored JSON for the wire: muxrpc takes it for a buffer, and the frame goes out as an object. */
export function jsonBytes(bytes: Buffer): Buffer {
  ;(bytes as Labelled)[label] = JSON_BYTES
  return bytes
}

/** Labels what a tunnel carries, so that the tunnel's own outflow is told when it leaves muxrpc's queue. */
export function countedBytes(bytes: Buffer, outflow: Pick<Outflow, 'left'>): Buffer {
  ;(bytes as Labelled)[label] = outflow
  return bytes
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
    const labelled = (chunk as Labelled)[label]
    if (labelled) {
      if (labelled === JSON_BYTES) first[0] = (flags & ~TYPE) | JSON_TYPE
      else labelled.left(chunk.length)
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
  /** the part of a head that has come, where a chunk ends within one */
  let part: Buffer | null = null
  let bodyLeft = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at)
        bodyLeft -= step
        at += step
        continue
      }
      const had: number = part?.length ?? 0
      const step = Math.min(HEAD_BYTES - had, chunk.length - at)
      if (had + step < HEAD_BYTES) {
        const rest = chunk.subarray(at)
        part = part ? Buffer.concat([part, rest]) : Buffer.from(rest)
        return
      }
      bodyLeft = part
        ? Buffer.concat([part, chunk.subarray(at, at + step)]).readUInt32BE(1)
        : chunk.readUInt32BE(at + 1)
      part = null
      at += step
      if (bodyLeft > maxBytes()) throw new RelayError('message_too_large', `frame of ${bodyLeft} bytes`)
    }
  }
}
