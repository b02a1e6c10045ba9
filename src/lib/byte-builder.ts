// SPDX-License-Identifier: AGPL-3.0-or-later
// Gathers chunks of bytes into one buffer.

import { KIB } from './limits.js'

/** First buffer in bytes; most bodies fit. It doubles when full. */
const FIRST_BYTES = KIB

/**
 * Each chunk is copied at once: a list of chunks would hold some hundred bytes for each, so that a sender of single
 * bytes could make the relay hold a hundred times what it counts.
 */
export class ByteBuilder {
  /** bytes gathered */
  length = 0
  private buffer = Buffer.alloc(0)

  /** bytes of memory held */
  get held(): number {
    return this.buffer.length
  }

  append(chunk: Uint8Array): void {
    const length = this.length + chunk.length
    if (length > this.buffer.length) {
      const next = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(length))))
      this.buffer.copy(next, 0, 0, this.length)
      this.buffer = next
    }
    this.buffer.set(chunk, this.length)
    this.length = length
  }

  /** What was gathered, as a view: `clear` leaves it whole, `append` may write beyond its end. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** Forgets everything and frees the memory. */
  clear(): void {
    this.length = 0
    this.buffer = Buffer.alloc(0)
  }
}
