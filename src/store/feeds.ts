// SPDX-License-Identifier: AGPL-3.0-or-later
// Feeds: stores messages in any order and reads them in ascending order; knows the latest, gaps and forks of each feed.

import { RelayError } from '../lib/errors.js'
import { createFairScheduler } from '../lib/fair-scheduler.js'
import { FEED_LISTENERS_TURN, SEQUENCE_MAX } from '../lib/limits.js'
import { createLog, type Log } from '../lib/log.js'
import { type FeedId, feedIdOf, keyOf } from '../ssb/feed-id.js'
import { encodeStored, type VerifiedMessage } from '../ssb/message.js'
import { createDeletions } from './deletions.js'
import { appendBatch, type BatchOutcome } from './feed-append.js'
import { createFeedMessages, type Place, type StoredMessage } from './feed-messages.js'
import { EMPTY, eachFeed, type FeedInfo, type FeedTotals } from './feed-records.js'
import { type GapRequest, noteHeld, takeAsks } from './gaps.js'
import type { FeedRecord, ForkRecord, Tables } from './layout.js'
import { createProfileIndex } from './profile-index.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

/** Result of storing one batch of messages. */
export interface AppendOutcome extends Omit<BatchOutcome, 'added'> {
  added: number
}

export type { StoredMessage } from './feed-messages.js'
export type { FeedInfo } from './feed-records.js'

export interface FeedLimits {
  /** limit for the bytes of all messages together; does not apply to our feed */
  maxBytes: number
  /** limit for the bytes of one feed's messages; does not apply to our feed */
  maxFeedBytes: number
}

export interface Feeds {
  /**
   * Stores verified messages of one author; resolves once they are on disk. Rejects only if the write fails, or with
   * the error that `before` throws inside it.
   */
  append(author: FeedId, messages: VerifiedMessage[], before?: Precondition): Promise<AppendOutcome>
  /** Inside a write: stores the next message of our feed, without quota. */
  appendOwn(message: VerifiedMessage, afterFlush: AfterFlush): Buffer
  /**
   * Up to `count` messages of an author from a sequence on, ascending, without gaps. It may return fewer before the
   * end, but at least one. Messages behind a fork are left out.
   */
  read(author: FeedId, from: number, count: number): StoredMessage[]
  info(author: FeedId): FeedInfo
  /** Highest stored sequence and that message's hash, or null for an empty feed. */
  tip(author: FeedId): { sequence: number; hash: string } | null
  /** Gaps to request, with the request counted: each gap is requested a bounded number of times. */
  askForGaps(author: FeedId, most: number): Promise<GapRequest[]>
  /**
   * Calls the listener after each flushed batch that added to this feed. Returns a function that unsubscribes. With
   * many listeners some are called later, once for all batches until then.
   */
  subscribe(author: FeedId, listener: () => void): () => void
  setLimits(limits: FeedLimits): void
  /**
   * Removes a feed: after this write it reads as empty and can be filled again. Its messages are deleted in bounded
   * steps, the first in this write, and their space is reused.
   */
  remove(author: FeedId): Promise<void>
  /** The same inside a write. */
  removeNow(author: FeedId, afterFlush: AfterFlush): void
  /** Removes a feed and asks `onReset` listeners to fetch it again. Returns the number of removed messages. */
  reset(author: FeedId, before?: Precondition): Promise<{ messages: number }>
  /** Calls the listener when a feed is to be fetched again. Returns a function that unsubscribes. */
  onReset(listener: (author: FeedId) => void): () => void
  /** Feeds and messages left to delete. */
  deleting(): { feeds: number; messages: number }
  /** Continues deleting after a failed step. */
  resumeDeleting(): void
  /** The fork of a feed; null without one. */
  fork(author: FeedId): ForkRecord | null
  /** All forked feeds; reads in steps. */
  forks(): Promise<Array<{ feed: FeedId } & ForkRecord>>
  /**
   * Stored totals of all feeds, including ours and feeds that are no longer followed. `bytes` is what `maxBytes`
   * limits, and includes messages left to delete.
   */
  totals(): { feeds: number; messages: number; bytes: number }
  /** Removes all listeners, and stops deleting after the current step. */
  close(): Promise<void>
}

export interface FeedsOptions {
  log: Log
  /** monotonic clock in milliseconds */
  uptime: () => number
  /** result of `countFeeds`; omitted for a new store */
  total: FeedTotals
}

/**
 * Opens the feeds over the store's tables.
 * @param now       Unix ms
 * @param onFault   called with the error of a listener; the write is kept
 */
export function createFeeds(
  tables: Tables,
  writer: Writer,
  initialLimits: FeedLimits,
  now: () => number,
  onFault: (err: unknown) => void,
  {
    log = createLog('silent'),
    uptime = () => performance.now(),
    total = { messages: 0, bytes: 0 },
  }: Partial<FeedsOptions> = {},
): Feeds {
  const { feeds: records } = tables
  const messages = createFeedMessages(tables)
  const profiles = createProfileIndex(tables)
  const deletions = createDeletions(tables, writer, messages, {
    log,
    now,
    uptime,
    onFreed(bytes) {
      total.bytes -= bytes
    },
  })
  const resetListeners = new Set<(author: FeedId) => void>()
  const listeners = new Map<FeedId, Set<() => void>>()
  const turns = createFairScheduler<FeedId>(FEED_LISTENERS_TURN, onFault)
  let limits = initialLimits

  const recordOf = (key: Buffer): FeedRecord => records.get(key) ?? { ...EMPTY, gaps: [] }
  const placeOf = (author: Buffer, { generation = 0 }: FeedRecord): Place => ({ author, generation })

  /** The same inside a write, which may be the feed's first. */
  function recordToFill(key: Buffer): FeedRecord {
    const held = records.get(key)
    if (held) return held
    const generation = deletions.freeGeneration(key)
    return { ...EMPTY, gaps: [], ...(generation > 0 ? { generation } : {}) }
  }

  function tell(author: FeedId): void {
    const told = listeners.get(author)
    // a listener may unsubscribe another one
    for (const call of [...(told ?? [])]) if (told?.has(call)) call()
  }

  function write(author: FeedId, batch: VerifiedMessage[], afterFlush: AfterFlush): AppendOutcome {
    const key = keyOf(author)
    const record = recordToFill(key)
    const [bytesBefore, forkBefore] = [record.bytes, record.fork]
    const room = { feed: limits.maxFeedBytes, all: limits.maxBytes - total.bytes + bytesBefore }
    const outcome = appendBatch(
      { messages, now },
      { author, place: placeOf(key, record), record, room },
      batch,
    )
    const { added } = outcome
    if (added.length > 0 || record.fork !== forkBefore) records.putSync(key, record)
    if (added.length > 0) {
      profiles.added(key, added)
      noteGrown(author, added.length, record.bytes - bytesBefore, afterFlush)
    }
    return { ...outcome, added: added.length }
  }

  function noteGrown(author: FeedId, added: number, bytes: number, afterFlush: AfterFlush): void {
    afterFlush(() => {
      total.messages += added
      total.bytes += bytes
      tell(author)
    })
  }

  function removeNow(author: FeedId, afterFlush: AfterFlush): void {
    const key = keyOf(author)
    const record = records.get(key)
    if (!record) return
    records.removeSync(key)
    profiles.removed(key)
    afterFlush(() => {
      total.messages -= record.count
    })
    deletions.mark(key, record, afterFlush)
  }

  return {
    append: (author, batch, before) =>
      writer.submit((afterFlush) => write(author, batch, afterFlush), before),

    appendOwn(message, afterFlush) {
      const key = keyOf(message.author)
      const record = recordToFill(key)
      // our feed must never fork: the signer must have read the tip inside this write
      if (message.sequence !== record.latest + 1) throw new RelayError('feed_forked')
      const bytes = encodeStored(message, now())
      const latestBefore = record.latest
      noteHeld(record, message.sequence)
      record.latestHash = message.hash
      record.count += 1
      record.bytes += bytes.length
      messages.put(placeOf(key, record), record, [{ sequence: message.sequence, bytes }], latestBefore)
      records.putSync(key, record)
      noteGrown(message.author, 1, bytes.length, afterFlush)
      return bytes
    },

    read(author, from, count) {
      if (from > SEQUENCE_MAX) return []
      const key = keyOf(author)
      const record = records.get(key)
      // without a record, the remaining messages are being deleted
      return record ? messages.read(placeOf(key, record), from, count, record.fork?.cut) : []
    },

    info(author) {
      const { latest, count, bytes, gaps, fork } = recordOf(keyOf(author))
      return {
        latest,
        messages: count,
        bytes,
        gaps: gaps.map(([from, to]) => ({ from, to })),
        forked: fork !== null,
      }
    },

    tip(author) {
      const { latest, latestHash } = recordOf(keyOf(author))
      return latest === 0 ? null : { sequence: latest, hash: latestHash }
    },

    askForGaps(author, most) {
      const key = keyOf(author)
      if (recordOf(key).gaps.length === 0) return Promise.resolve([])
      return writer.submit(() => {
        const record = recordOf(key)
        const asked = takeAsks(record, most)
        if (asked.length > 0) records.putSync(key, record)
        return asked
      })
    },

    subscribe(author, listener) {
      const set = listeners.get(author) ?? new Set()
      const call = (): void => {
        if (!turns.take()) return turns.wait(author, call)
        try {
          listener()
        } catch (err) {
          onFault(err)
        }
      }
      listeners.set(author, set.add(call))
      return () => {
        set.delete(call)
        turns.drop(author, call)
        if (set.size === 0 && listeners.get(author) === set) listeners.delete(author)
      }
    },

    removeNow,
    remove: (author) => writer.submit((afterFlush) => removeNow(author, afterFlush)),

    setLimits(next) {
      limits = next
    },

    reset: (author, before) =>
      writer.submit((afterFlush) => {
        const { count } = recordOf(keyOf(author))
        removeNow(author, afterFlush)
        afterFlush(() => {
          for (const listener of resetListeners) listener(author)
        })
        return { messages: count }
      }, before),
    onReset(listener) {
      resetListeners.add(listener)
      return () => resetListeners.delete(listener)
    },

    deleting() {
      const { feeds, messages: left } = deletions.progress()
      return { feeds, messages: left }
    },
    resumeDeleting: deletions.resume,
    fork: (author) => recordOf(keyOf(author)).fork,
    async forks() {
      const found: Array<{ feed: FeedId } & ForkRecord> = []
      for await (const { author, record } of eachFeed(records))
        if (record.fork) found.push({ feed: feedIdOf(author), ...record.fork })
      return found
    },

    totals: () => ({
      feeds: (records.getStats() as { entryCount: number }).entryCount,
      messages: total.messages,
      bytes: total.bytes,
    }),

    async close() {
      listeners.clear()
      turns.close()
      await deletions.close()
    },
  }
}
