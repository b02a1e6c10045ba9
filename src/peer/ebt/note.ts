// A note of a vector clock (EBT version 3): how far one end has come with a feed, and what it wants of it. Pure.

import { SEQUENCE_MAX } from '../../lib/limits.js'

export interface Note {
  /** false for a feed that this end does not replicate: the other fields mean nothing then */
  replicate: boolean
  /** whether messages of the feed are to be sent to this end */
  receive: boolean
  /** the highest sequence this end holds without a hole before it; 0 for none */
  sequence: number
}

/** The note of a feed that is not replicated. A private feed and an absent one have the same. */
export const REFUSED = -1

export function encodeNote(sequence: number, receive: boolean): number {
  return sequence * 2 + (receive ? 0 : 1)
}

/** Reads a note as it came. What is no note reads as a refusal: the other end can name the feed again. */
export function decodeNote(note: unknown): Note {
  // Bit operations would cut a sequence at 31 bits.
  if (!Number.isSafeInteger(note) || (note as number) < 0 || (note as number) > 2 * SEQUENCE_MAX + 1)
    return { replicate: false, receive: false, sequence: 0 }
  const number = note as number
  return { replicate: true, receive: number % 2 === 0, sequence: Math.floor(number / 2) }
}
