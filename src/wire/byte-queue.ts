// SPDX-License-Identifier: AGPL-3.0-or-later
// The plain bytes that one connection has to send, in a few buffers of fixed sizes.

import { KIB } from '../lib/limits.js'

/** Bytes of a large buffer, and the most that one flush encrypts and writes. */
export const FLUSH_BYTES = 64 * KIB
/** Bytes of the first buffer of a turn: most turns write one or two frames. */
const SMALL_BYTES = 512
/** Above this size the first buffer is replaced by a large one instead of doubled. */
const GROW_BYTES = 16 * KIB
/** Large buffers kept for reuse. */
const SPARE_CHUNKS = 8

const spare: Buffer[] = []

/**
 * A first-in, first-out queue of bytes. It copies what is added, so that a slice does not keep a larger buffer alive. It
 * uses at most four times the bytes queued.
 */
export class ByteQueue {
  /** bytes queued */
  size = 0
  /** full buffers before `tail`, oldest first; null if there are none, the usual case */
  private full: Buffer[] | null = null
  private tail: Buffer | null = null
  /** bytes of `tail` that are filled */
  private end = 0
  /** bytes of the oldest buffer already taken */
  private start = 0

  add(bytes: Uint8Array): void {
    const { length } = bytes
    this.size += length
    let tail = this.tail
    // fast path
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

  /** Removes and returns the next contiguous bytes, at most `most`; valid until the next `add`. */
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

  /** Moves a short rest into a small buffer; called at the end of a turn. */
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

  /** Returns a tail with room for at least one byte. */
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

/** Keeps a large buffer for reuse. Bytes just taken from it stay valid until the next `add`. */
function giveBack(chunk: Buffer): void {
  if (chunk.length === FLUSH_BYTES && spare.length < SPARE_CHUNKS) spare.push(chunk)
}
