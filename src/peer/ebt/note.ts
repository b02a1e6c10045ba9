// SPDX-License-Identifier: AGPL-3.0-or-later
// A note of a vector clock (EBT version 3): one end's position in a feed, and whether it wants messages. Pure.

import { SEQUENCE_MAX } from '../../lib/limits.js'

export interface Note {
  /** false if this end does not replicate the feed; the other fields are then meaningless */
  replicate: boolean
  /** whether this end wants messages of the feed */
  receive: boolean
  /** highest sequence that this end holds without a gap before it; 0 for none */
  sequence: number
}

/** The note of a feed that is not replicated. A private feed and an unknown one get the same. */
export const REFUSED = -1

export function encodeNote(sequence: number, receive: boolean): number {
  return sequence * 2 + (receive ? 0 : 1)
}

/** Decodes a received note. Invalid ones decode as a refusal: the other end can send the feed again. */
export function decodeNote(note: unknown): Note {
  // bit operations would truncate a sequence to 31 bits
  if (!Number.isSafeInteger(note) || (note as number) < 0 || (note as number) > 2 * SEQUENCE_MAX + 1)
    return { replicate: false, receive: false, sequence: 0 }
  const number = note as number
  return { replicate: true, receive: number % 2 === 0, sequence: Math.floor(number / 2) }
}
