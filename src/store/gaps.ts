// SPDX-License-Identifier: AGPL-3.0-or-later
// The gaps of a feed: ranges of missing sequences. Pure.

import { GAP_ASKS, GAP_EXTRA, GAPS_PER_FEED } from '../lib/limits.js'
import type { FeedRecord, Gap } from './layout.js'

/**
 * Records that a sequence is now stored: raises `latest` and opens, closes or splits a gap. Above `GAPS_PER_FEED` the
 * oldest gaps are no longer recorded, so they are not requested.
 */
export function noteHeld(record: FeedRecord, sequence: number): void {
  if (sequence > record.latest) {
    if (sequence > record.latest + 1) record.gaps.push([record.latest + 1, sequence - 1, 0])
    record.latest = sequence
  } else {
    const at = record.gaps.findIndex(([from, to]) => from <= sequence && sequence <= to)
    const hole = record.gaps[at]
    if (hole) {
      const [from, to, asks] = hole
      const rest: Gap[] = []
      if (from < sequence) rest.push([from, sequence - 1, asks])
      if (sequence < to) rest.push([sequence + 1, to, asks])
      record.gaps.splice(at, 1, ...rest)
    }
  }
  if (record.gaps.length > GAPS_PER_FEED) record.gaps.splice(0, record.gaps.length - GAPS_PER_FEED)
}

/** A request for a gap: the first missing sequence, and the number of messages to ask for. */
export interface GapRequest {
  from: number
  limit: number
}

/** Up to `most` gaps to request, each counted as requested once more. Changes the record. */
export function takeAsks(record: FeedRecord, most: number): GapRequest[] {
  const asked: GapRequest[] = []
  for (const hole of record.gaps) {
    if (asked.length >= most) break
    if (hole[2] >= GAP_ASKS) continue
    const [from, to, asks] = hole
    const [first] = GAP_EXTRA
    // not much beyond what is known of the feed: the rest comes on its live stream
    const extra = Math.min(GAP_EXTRA[asks] ?? first, record.latest - to + first)
    hole[2] += 1
    asked.push({ from, limit: to - from + 1 + extra })
  }
  return asked
}
