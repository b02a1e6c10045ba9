// SPDX-License-Identifier: AGPL-3.0-or-later
// Memory of the sounds that are being sent. New memory for each would grow the process by 60 MB before V8 collects any.

import { RelayError } from '../../lib/errors.js'

/** A part of the memory, in use until `release`. */
export interface SoundBuffer {
  /** of the length that was asked for, with old bytes in it */
  bytes: Buffer
  release(): void
}

export interface SoundBuffers {
  /** @throws RelayError `busy` while all are in use */
  take(length: number): SoundBuffer
}

/** @param count sounds in use at the same time */
export function createSoundBuffers(count: number): SoundBuffers {
  const free = Array.from({ length: count }, () => Buffer.alloc(0))
  return {
    take(length) {
      let memory = free.pop()
      if (!memory) throw new RelayError('busy')
      if (memory.length < length) memory = Buffer.alloc(length)
      const taken = memory
      let released = false
      return {
        bytes: taken.subarray(0, length),
        release() {
          if (!released) free.push(taken)
          released = true
        },
      }
    },
  }
}
