// Feeds: messages taken in, in any order, and read back in ascending order; latest, holes and forks of each.

import { RelayError } from '../lib/errors.js'
import { createFairScheduler } from '../lib/fair-scheduler.js'
import { FEED_LISTENERS_TURN, SEQUENCE_MAX } from '../lib/limits.js'
import { type FeedId, keyOf } from '../ssb/feed-id.js'
import { encodeStored, storedHash, type VerifiedMessage } from '../ssb/message.js'
import { noteHeld, takeAsks } from './gaps.js'
import { type FeedRecord, messageKey, sequenceOf, type Tables } from './layout.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

/** What became of one batch of messages. */
export interface AppendOutcome {
  added: number
  duplicates: number
  /** sequences for which another message is already held: refused, and the feed is flagged */
  forked: number[]
  /** why the rest of the batch was not stored, when space ran out */
  full: 'feed_full' | 'store_full' | null
}

export interface StoredMessage {
  sequence: number
  /** the keyed message's JSON */
  bytes: Buffer
}

export interface FeedInfo {
  latest: number
  messages: number
  bytes: number
  gaps: Array<{ from: number; to: number }>
  forked: boolean
}

export interface FeedLimits {
  /** bytes of all messages together beyond which foreign ones are refused */
  maxBytes: number
  /** bytes of one feed's messages, likewise */
  maxFeedBytes: number
}

export interface Feeds {
  /**
   * Stores verified messages of one author; resolves once they are on disk. Rejects only when the write failed, or with
   * what `before` throws inside it.
   */
  append(author: FeedId, messages: VerifiedMessage[], before?: Precondition): Promise<AppendOutcome>
  /** Inside a write: stores the next message of our own feed, which no quota holds back. */
  appendOwn(message: VerifiedMessage, afterFlush: AfterFlush): Buffer
  /** Up to `count` messages of an author from a sequence on, ascending; holes are skipped. */
  read(author: FeedId, from: number, count: number): StoredMessage[]
  info(author: FeedId): FeedInfo
  /** Highest sequence held and the hash of that message, or null for an empty feed. */
  tip(author: FeedId): { sequence: number; hash: string } | null
  /** The holes still worth asking for; counts the asking, so that each is asked for a bounded number of times. */
  askForGaps(author: FeedId, most: number): Promise<Array<{ from: number; to: number }>>
  /**
   * Calls the listener after each flushed batch that added to this feed, until the answer is called. Where many listen,
   * some are called a little later, and one that has not been called yet is called once for all that was added.
   */
  subscribe(author: FeedId, listener: () => void): () => void
  setLimits(limits: FeedLimits): void
  /** Deletes every message of a feed and what is known of it, in one write; the room it took is used again. */
  remove(author: FeedId): Promise<void>
  /** The same inside a write. */
  removeNow(author: FeedId, afterFlush: AfterFlush): void
  /** What is kept of everybody, ourselves and those whom we follow no more included; `bytes` is what `maxBytes` bounds. */
  totals(): { feeds: number; messages: number; bytes: number }
  /** Tells nobody any more. */
  close(): void
}

const EMPTY: Readonly<FeedRecord> = { latest: 0, latestHash: '', count: 0, bytes: 0, gaps: [], fork: null }

/**
 * Opens the feeds over the store's tables.
 * @param now       Unix ms
 * @param onFault   told of a listener that threw: what was written stands
 */
export function createFeeds(
  tables: Tables,
  writer: Writer,
  initialLimits: FeedLimits,
  now: () => number,
  onFault: (err: unknown) => void,
): Feeds {
  const { messages: table, feeds: records } = tables
  const listeners = new Map<FeedId, Set<() => void>>()
  const turns = createFairScheduler<FeedId>(FEED_LISTENERS_TURN, onFault)
  let limits = initialLimits

  /** bytes of all messages on disk: counted when a write is flushed, so that one undone leaves no trace here */
  let total = 0
  for (const { value } of records.getRange({})) total += value.bytes

  const recordOf = (key: Buffer): FeedRecord => records.get(key) ?? { ...EMPTY, gaps: [] }

  function put(key: Buffer, record: FeedRecord, message: VerifiedMessage): Buffer {
    const stored = encodeStored(message, now())
    table.putSync(messageKey(key, message.sequence), stored)
    if (message.sequence > record.latest) record.latestHash = message.hash
    noteHeld(record, message.sequence)
    record.count += 1
    record.bytes += stored.length
    return stored
  }

  function tell(author: FeedId): void {
    const told = listeners.get(author)
    // whoever is told may make another leave
    for (const call of [...(told ?? [])]) if (told?.has(call)) call()
  }

  function write(author: FeedId, batch: VerifiedMessage[], afterFlush: AfterFlush): AppendOutcome {
    const key = keyOf(author)
    const record = recordOf(key)
    const outcome: AppendOutcome = { added: 0, duplicates: 0, forked: [], full: null }
    const before = record.fork
    const bytesBefore = record.bytes
    // Ascending, so that a client's out-of-order burst opens no hole that the same burst closes.
    for (const message of batch.sort((a, b) => a.sequence - b.sequence)) {
      if (message.author !== author) throw new RelayError('message_unwanted')
      const held =
        message.sequence <= record.latest ? table.get(messageKey(key, message.sequence)) : undefined
      if (held) {
        if (storedHash(held) === message.hash) outcome.duplicates += 1
        else {
          outcome.forked.push(message.sequence)
          record.fork ??= { sequence: message.sequence, hash: message.hash, at: now() }
        }
      } else if (record.bytes + message.json.length > limits.maxFeedBytes) outcome.full = 'feed_full'
      else if (total + record.bytes - bytesBefore + message.json.length > limits.maxBytes)
        outcome.full = 'store_full'
      else {
        put(key, record, message)
        outcome.added += 1
      }
    }
    if (outcome.added > 0 || record.fork !== before) records.putSync(key, record)
    const grown = record.bytes - bytesBefore
    if (grown > 0) {
      afterFlush(() => {
        total += grown
        tell(author)
      })
    }
    return outcome
  }

  function removeNow(author: FeedId, afterFlush: AfterFlush): void {
    const key = keyOf(author)
    const range = { start: messageKey(key, 0), end: endOf(key) }
    for (const at of [...table.getKeys(range)]) table.removeSync(at)
    const { bytes } = recordOf(key)
    records.removeSync(key)
    afterFlush(() => {
      total -= bytes
    })
  }

  return {
    append: (author, batch, before) =>
      writer.submit((afterFlush) => write(author, batch, afterFlush), before),

    appendOwn(message, afterFlush) {
      const key = keyOf(message.author)
      const record = recordOf(key)
      // Our own feed must never fork: whoever signs has read the tip inside this same write.
      if (message.sequence !== record.latest + 1) throw new RelayError('feed_forked')
      const stored = put(key, record, message)
      records.putSync(key, record)
      afterFlush(() => {
        total += stored.length
        tell(message.author)
      })
      return stored
    },

    read(author, from, count) {
      if (from > SEQUENCE_MAX) return []
      const key = keyOf(author)
      const found: StoredMessage[] = []
      const range = { start: messageKey(key, from), end: endOf(key), limit: count }
      for (const { key: at, value } of table.getRange(range))
        found.push({ sequence: sequenceOf(at), bytes: value })
      return found
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

    totals: () => ({
      feeds: (records.getStats() as { entryCount: number }).entryCount,
      messages: (table.getStats() as { entryCount: number }).entryCount,
      bytes: total,
    }),

    close() {
      listeners.clear()
      turns.close()
    },
  }
}

/** A key above every message of an author: ranges end before it. */
function endOf(author: Buffer): Buffer {
  return Buffer.concat([author, Buffer.alloc(7, 0xff)])
}
