// The holes in a feed: pure bookkeeping over ranges of sequences we do not hold.

import { GAP_ASKS, GAPS_PER_FEED } from '../lib/limits.js'
import type { FeedRecord, Gap } from './layout.js'

/**
 * Notes in a feed's record that `sequence` is now held: raises `latest`, opens a hole behind a jump, closes or splits
 * the hole it fell into. Beyond `GAPS_PER_FEED` the oldest holes are forgotten: still holes, no longer asked for.
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

/** Up to `most` holes still worth asking for, each counted as asked once more. Changes the record. */
export function takeAsks(record: FeedRecord, most: number): Array<{ from: number; to: number }> {
  const asked: Array<{ from: number; to: number }> = []
  for (const hole of record.gaps) {
    if (asked.length >= most) break
    if (hole[2] >= GAP_ASKS) continue
    hole[2] += 1
    asked.push({ from: hole[0], to: hole[1] })
  }
  return asked
}
