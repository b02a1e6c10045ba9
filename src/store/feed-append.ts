// SPDX-License-Identifier: AGPL-3.0-or-later
// Takes a batch of verified messages into a feed: duplicates, gaps, forks and quotas. Runs inside a write.

import { RelayError } from '../lib/errors.js'
import type { FeedId } from '../ssb/feed-id.js'
import { encodeStored, storedHash, storedPrevious, type VerifiedMessage } from '../ssb/message.js'
import type { FeedMessages, Place, StoredMessage } from './feed-messages.js'
import { noteHeld } from './gaps.js'
import type { FeedRecord } from './layout.js'

export interface BatchOutcome {
  added: VerifiedMessage[]
  duplicates: number
  /**
   * sequences of rejected messages that contradict stored ones, and in a forked feed of those without a stored
   * neighbour; the feed is marked as forked
   */
  forked: number[]
  /** the limit that was reached, if the rest of the batch was not stored */
  full: 'feed_full' | 'store_full' | null
}

export interface BatchFeed {
  author: FeedId
  place: Place
  /** changed; the caller stores it */
  record: FeedRecord
  /** bytes that this feed's messages may have, if they alone and if all messages together are counted */
  room: { feed: number; all: number }
}

/**
 * Stores the messages of a batch that fit the feed.
 * @param now Unix ms
 * @throws RelayError `message_unwanted` for a message of another author
 */
export function appendBatch(
  { messages, now }: { messages: FeedMessages; now: () => number },
  { author, place, record, room }: BatchFeed,
  batch: VerifiedMessage[],
): BatchOutcome {
  const outcome: BatchOutcome = { added: [], duplicates: 0, forked: [], full: null }
  const latestBefore = record.latest
  const fresh: StoredMessage[] = []
  /** of this batch: its messages cannot be read from the store yet */
  const hashes = new Map<number, string>()
  let newest: VerifiedMessage | null = null

  const heldAt = (sequence: number): Buffer | undefined =>
    sequence <= latestBefore ? messages.at(place, sequence) : undefined
  function hashAt(sequence: number): string | undefined {
    if (sequence === latestBefore && sequence > 0) return record.latestHash
    const held = hashes.has(sequence) ? undefined : heldAt(sequence)
    return held ? storedHash(held) : hashes.get(sequence)
  }

  /** Whether a message fits its stored neighbours. Gaps are legal (SPIP-02), contradictions are not. */
  function fits({ sequence, previous, hash }: VerifiedMessage): boolean {
    if (record.fork?.cut !== undefined && sequence >= record.fork.cut) return false
    const before = sequence > 1 ? hashAt(sequence - 1) : undefined
    if (before !== undefined && before !== previous) return false
    const after = heldAt(sequence + 1)
    if (after && storedPrevious(after) !== hash) return false
    // in a forked feed, a message without a stored neighbour may be of the other branch
    return !record.fork || before !== undefined || after !== undefined
  }

  // ascending, so that messages out of order within a batch open no gap
  for (const message of batch.sort((a, b) => a.sequence - b.sequence)) {
    if (message.author !== author) throw new RelayError('message_unwanted')
    const { sequence, hash } = message
    const held = hashAt(sequence)
    if (held === hash) outcome.duplicates += 1
    else if (held !== undefined || !fits(message)) {
      outcome.forked.push(sequence)
      record.fork ??= { sequence, hash, at: now() }
    } else if (record.bytes + message.json.length > room.feed) outcome.full = 'feed_full'
    else if (record.bytes + message.json.length > room.all) outcome.full = 'store_full'
    else {
      const bytes = encodeStored(message, now())
      fresh.push({ sequence, bytes })
      hashes.set(sequence, hash)
      if (sequence > record.latest) newest = message
      noteHeld(record, sequence)
      record.count += 1
      record.bytes += bytes.length
      outcome.added.push(message)
    }
  }
  if (newest) record.latestHash = (newest as VerifiedMessage).hash
  if (fresh.length > 0) messages.put(place, record, fresh, latestBefore)
  return outcome
}
