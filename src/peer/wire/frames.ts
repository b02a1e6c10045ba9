// muxrpc frames (nine bytes of head, then a body) on their way in and out: bounded in, scrubbed and re-labelled out.

import { isErrorCode, RelayError, toPublicError } from '../../lib/errors.js'
import { OPENING_BYTES } from '../../lib/limits.js'
import type { Outflow } from './outflow.js'

/** Bytes of a muxrpc frame's head: flags, body length (u32), request (i32). */
export const HEAD_BYTES = 9

const TYPE = 0b11
const JSON_TYPE = 2
const END = 0b100
const STREAM = 0b1000

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
 * @param onCounted   told the length of each labelled body, once it has left muxrpc's queue
 * @param onStreamEnd told the number of each stream of the caller's that we end
 */
export function createOutgoing(
  onCounted: (bytes: number) => void,
  onStreamEnd?: (request: number) => void,
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
    const request = first.readInt32BE(5)
    if (flags & STREAM && flags & END && request < 0) onStreamEnd?.(-request)
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
  const safe = known ? new RelayError(known[1]) : toPublicError(value)
  return encode(safe.code, safe.message)
}

function encode(code: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ name: 'Error', message, code }))
}

/** What is to know of the streams that a caller opens, whose frames pass here. */
export interface StreamWatch {
  /** Whether a frame of this number opens a stream. */
  opens(request: number): boolean
  /** @param talks whether the caller may send data on it; @throws RelayError where the connection has too many */
  opened(request: number, talks: boolean, ended: boolean): void
  /** @returns whether the frame is for muxrpc; @throws RelayError for data on a stream that takes none */
  wentOn(request: number, ended: boolean): boolean
  /** Streams we have ended since, which muxrpc is to take for ended by their callers. */
  takeEndings(): number[]
}

const NOTHING = Buffer.alloc(0)

/** Watches incoming frames, before anything is gathered for them, and keeps from muxrpc what it would only pile up. */
export class Incoming {
  /** the part of a head that has come, or of the frame that opens a stream, where a chunk ends within one */
  private held: Buffer | null = null
  private bodyLeft = 0
  /** whether the frame whose body is under way is for muxrpc */
  private passing = true

  /** @param maxBytes the longest body allowed now */
  constructor(
    private readonly maxBytes: () => number,
    private readonly streams: StreamWatch,
  ) {}

  /** @returns what muxrpc is to see for a decrypted chunk; @throws RelayError for what ends the connection */
  take(chunk: Buffer): Buffer {
    const bytes = this.held ? Buffer.concat([this.held, chunk]) : chunk
    this.held = null
    const out: Buffer[] = []
    /** what is between the two passes as it is */
    let from = 0
    let at = 0
    while (at < bytes.length) {
      if (this.bodyLeft === 0) {
        const passing = this.begin(bytes.subarray(at))
        if (passing === null) {
          this.held = Buffer.from(bytes.subarray(at))
          break
        }
        const endings = this.streams.takeEndings()
        if (!passing || endings.length > 0) {
          if (at > from) out.push(bytes.subarray(from, at))
          if (endings.length > 0) out.push(endingsOf(endings))
          from = at
        }
        this.passing = passing
        this.bodyLeft = bytes.readUInt32BE(at + 1)
        at += HEAD_BYTES
      }
      const step = Math.min(this.bodyLeft, bytes.length - at)
      this.bodyLeft -= step
      at += step
      if (!this.passing) from = at
    }
    if (at > from) out.push(bytes.subarray(from, at))
    return out.length > 1 ? Buffer.concat(out) : (out[0] ?? NOTHING)
  }

  /** Frames that end for muxrpc what we have ended, when it is between two frames. */
  endings(): Buffer | null {
    if (this.bodyLeft > 0 && this.passing) return null
    const endings = this.streams.takeEndings()
    return endings.length > 0 ? endingsOf(endings) : null
  }

  /** A frame begins. @returns whether it is for muxrpc, or null where too little of it has come to say */
  private begin(bytes: Buffer): boolean | null {
    if (bytes.length < HEAD_BYTES) return null
    const flags = bytes[0] as number
    const length = bytes.readUInt32BE(1)
    const request = bytes.readInt32BE(5)
    if (length > this.maxBytes()) throw new RelayError('message_too_large', `frame of ${length} bytes`)
    if (!(flags & STREAM) || request <= 0 || length === 0) return true
    const ended = (flags & END) > 0
    if (!this.streams.opens(request)) return this.streams.wentOn(request, ended)
    const gathered = length <= OPENING_BYTES
    if (gathered && bytes.length < HEAD_BYTES + length) return null
    const body = bytes.subarray(HEAD_BYTES, HEAD_BYTES + length)
    this.streams.opened(request, gathered && (flags & TYPE) === JSON_TYPE && talks(body), ended)
    return true
  }
}

/** Whether a call is for a stream on which its caller sends: whether we have such a method is muxrpc's to say. */
function talks(body: Buffer): boolean {
  if (!body.includes('"duplex"') && !body.includes('"sink"')) return false
  try {
    const { type } = JSON.parse(body.toString())
    return type === 'duplex' || type === 'sink'
  } catch {
    return false
  }
}

const ENDED = Buffer.from('true')

function endingsOf(requests: number[]): Buffer {
  return Buffer.concat(
    requests.map((request) => {
      const frame = Buffer.alloc(HEAD_BYTES + ENDED.length)
      frame[0] = STREAM | END | JSON_TYPE
      frame.writeUInt32BE(ENDED.length, 1)
      frame.writeInt32BE(request, 5)
      ENDED.copy(frame, HEAD_BYTES)
      return frame
    }),
  )
}
