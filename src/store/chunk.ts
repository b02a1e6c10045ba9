// SPDX-License-Identifier: AGPL-3.0-or-later
// A chunk: consecutive stored messages of one feed, packed so that they fill whole pages of the database.
//
// Bytes: the number of messages (2, LE), the length of each (2, LE), then the messages as `ssb/message.ts` encodes
// them.
// A message has at most 8,192 UTF-16 units with its signature, some 25 KB in UTF-8, so two bytes are enough.

import { CHUNK_BYTES } from '../lib/limits.js'

const NUMBER_BYTES = 2

/** Packs consecutive messages. */
export function packChunk(bodies: Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(headBytes(bodies.length))
  head.writeUInt16LE(bodies.length)
  for (const [i, { length }] of bodies.entries()) head.writeUInt16LE(length, headBytes(i))
  return Buffer.concat([head, ...bodies])
}

/** Number of messages in a chunk; 0 for a damaged one, which then reads as a gap. */
export function chunkCount(chunk: Buffer): number {
  if (chunk.length < NUMBER_BYTES) return 0
  const count = chunk.readUInt16LE()
  let size = headBytes(count)
  if (size > chunk.length) return 0
  for (let i = 0; i < count; i++) size += chunk.readUInt16LE(headBytes(i))
  return size === chunk.length ? count : 0
}

/** Bytes of all messages in a chunk, without the chunk's header. */
export function chunkBytes(chunk: Buffer): number {
  return Math.max(0, chunk.length - headBytes(chunkCount(chunk)))
}

/** Messages of a chunk from index `first` on (0 for all): views, not copies. */
export function unpackChunk(chunk: Buffer, first = 0): Buffer[] {
  const count = chunkCount(chunk)
  const bodies: Buffer[] = []
  let at = headBytes(count)
  for (let i = 0; i < count; i++) {
    const length = chunk.readUInt16LE(headBytes(i))
    if (i >= first) bodies.push(chunk.subarray(at, at + length))
    at += length
  }
  return bodies
}

/** Whether messages of this number and size are too many for one chunk. */
export function fillsChunk(messages: number, bytes: number): boolean {
  return headBytes(messages) + bytes > CHUNK_BYTES
}

/**
 * Cuts consecutive messages into full chunks.
 * @returns the chunks and the number of messages in them; the rest does not fill a chunk yet
 */
export function cutChunks(bodies: Buffer[]): { chunks: Buffer[][]; packed: number } {
  const chunks: Buffer[][] = []
  let packed = 0
  let size = NUMBER_BYTES
  for (let i = 0; i < bodies.length; i++) {
    const more = NUMBER_BYTES + (bodies[i] as Buffer).length
    if (i > packed && size + more > CHUNK_BYTES) {
      chunks.push(bodies.slice(packed, i))
      packed = i
      size = NUMBER_BYTES
    }
    size += more
  }
  return { chunks, packed }
}

function headBytes(messages: number): number {
  return NUMBER_BYTES * (messages + 1)
}
