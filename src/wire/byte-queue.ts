// Plain bytes on their way out of one connection, gathered into a few buffers of known size.

import { KIB } from '../lib/limits.js'

/** Bytes of a large buffer: what one flush seals and writes at most. */
export const FLUSH_BYTES = 64 * KIB
/** Bytes of a connection's first buffer of a turn: most turns write a frame or two. */
const SMALL_BYTES = 512
/** Bytes up to which the first buffer is doubled instead of replaced by a large one. */
const GROW_BYTES = 16 * KIB
/** Large buffers kept for the next connection that needs one. */
const SPARE_CHUNKS = 8

const spare: Buffer[] = []

/**
 * A first-in, first-out queue of bytes. What is added is copied: no piece keeps the larger buffer alive that it was cut
 * from, and what waits costs at most four times its bytes.
 */
export class ByteQueue {
  /** bytes that wait */
  size = 0
  /** full buffers before `tail`, oldest first; null while there is none, as on nearly every connection */
  private full: Buffer[] | null = null
  private tail: Buffer | null = null
  /** bytes of `tail` that are filled */
  private end = 0
  /** bytes of the oldest buffer that have left */
  private start = 0

  add(bytes: Uint8Array): void {
    const { length } = bytes
    this.size += length
    let tail = this.tail
    // the usual case first: it fits
    if (tail !== null && length <= tail.length - this.end) {
      tail.set(bytes, this.end)
      this.end += length
      return
    }
    for (let at = 0; at < length; ) {
      tail = this.tail
      if (tail === null || this.end === tail.length) tail = this.grow(length - at)
      const step = Math.min(length - at, tail.length - this.end)
      tail.set(step === length ? bytes : bytes.subarray(at, at + step), this.end)
      this.end += step
      at += step
    }
  }

  /** The next bytes, at most `most` of them and as far as they lie together; they leave the queue and stay valid for now. */
  take(most: number): Buffer {
    const first = this.full?.[0] ?? (this.tail as Buffer)
    const end = first === this.tail ? this.end : first.length
    const length = Math.min(most, end - this.start)
    const bytes = first.subarray(this.start, this.start + length)
    this.start += length
    this.size -= length
    if (this.start === end) this.drop(first)
    return bytes
  }

  /** The turn is over and some bytes wait: keeps them in no more room than they need. */
  compact(): void {
    const { tail } = this
    if (!tail || this.full || 2 * this.size >= tail.length) return
    const waiting = Buffer.allocUnsafeSlow(Math.max(this.size, SMALL_BYTES))
    tail.copy(waiting, 0, this.start, this.end)
    giveBack(tail)
    this.tail = waiting
    this.end = this.size
    this.start = 0
  }

  clear(): void {
    for (const chunk of this.full ?? []) giveBack(chunk)
    if (this.tail) giveBack(this.tail)
    this.full = null
    this.tail = null
    this.size = 0
    this.start = 0
    this.end = 0
  }

  /** A tail with room for at least one byte. */
  private grow(wanted: number): Buffer {
    const old = this.tail
    const held = this.end - this.start
    if (old && (this.full || old.length >= FLUSH_BYTES)) {
      this.full ??= []
      this.full.push(old)
      this.end = 0
      this.tail = newChunk()
      return this.tail
    }
    const need = held + wanted
    const grown = need > GROW_BYTES ? newChunk() : Buffer.allocUnsafe(Math.max(2 * need, SMALL_BYTES))
    if (old) old.copy(grown, 0, this.start, this.end)
    this.tail = grown
    this.start = 0
    this.end = held
    return grown
  }

  private drop(first: Buffer): void {
    this.start = 0
    if (first === this.tail) {
      this.tail = null
      this.end = 0
    } else {
      this.full?.shift()
      if (this.full?.length === 0) this.full = null
    }
    giveBack(first)
  }
}

function newChunk(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(FLUSH_BYTES)
}

/** Buffers that were just taken from stay valid until the next `add`: whoever seals them does so at once. */
function giveBack(chunk: Buffer): void {
  if (chunk.length === FLUSH_BYTES && spare.length < SPARE_CHUNKS) spare.push(chunk)
}
