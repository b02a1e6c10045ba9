// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks the whole store in bounded steps while the relay runs.

import { setImmediate } from 'node:timers/promises'
import { VERIFY_PROBLEMS, VERIFY_TURN_MESSAGES } from '../lib/limits.js'
import { type FeedId, feedIdOf, KEY_BYTES } from '../ssb/feed-id.js'
import { storedHash } from '../ssb/message.js'
import type { FeedMessages, StoredMessage } from './feed-messages.js'
import { eachFeed } from './feed-records.js'
import { deletionKey, type FeedRecord, type Tables } from './layout.js'
import type { Writer } from './writer.js'

export interface VerifyParts {
  tables: Pick<Tables, 'messages' | 'chunks' | 'feeds' | 'deletions'>
  messages: FeedMessages
  writer: Writer
  /** Unix ms */
  now: () => number
  /** called after each step with the number of messages checked so far; throws to stop */
  onProgress(done: number): void
  /** called for a fork that was not known */
  onFork(feed: FeedId, sequence: number): void
}

/**
 * Recounts every feed from its messages, compares with its record, and checks that each message continues the one before.
 * A fork found here is stored in the feed's record.
 * @returns problems; forks are no damage and are returned by `Feeds.forks`
 */
export async function verifyTables(parts: VerifyParts): Promise<string[]> {
  const problems: string[] = []
  let more = 0
  const tell = (problem: string): void => {
    if (problems.length < VERIFY_PROBLEMS) problems.push(problem)
    else more += 1
  }
  const count = createCounter(parts)
  for await (const { author, record } of eachFeed(parts.tables.feeds))
    await verifyFeed(parts, author, record, tell, count)
  await findOrphans(parts, tell)
  return more > 0 ? [...problems, `and ${more} problems more`] : problems
}

/** Reports progress and yields to the event loop. */
function createCounter({ onProgress }: VerifyParts): (messages: number) => Promise<void> {
  let done = 0
  let inTurn = 0
  return async (messages) => {
    done += messages
    inTurn += messages + 1
    if (inTurn >= VERIFY_TURN_MESSAGES) {
      inTurn = 0
      onProgress(done)
      await setImmediate()
    }
  }
}

/** @param before the record before the check: messages stored during it are counted by the record afterwards */
async function verifyFeed(
  parts: VerifyParts,
  author: Buffer,
  before: FeedRecord,
  tell: (problem: string) => void,
  count: (messages: number) => Promise<void>,
): Promise<void> {
  const { messages, tables } = parts
  const id = feedIdOf(author)
  const place = { author, generation: before.generation ?? 0 }
  const isSame = (record: FeedRecord | undefined): record is FeedRecord =>
    (record?.generation ?? 0) === place.generation && record !== undefined
  const found = { count: 0, bytes: 0, latest: 0 }
  let last: StoredMessage | null = null
  for (let from = 1; ; ) {
    const page = messages.read(place, from, VERIFY_TURN_MESSAGES, before.latest + 1)
    for (const message of page) {
      const { sequence, bytes } = message
      const value = parseValue(bytes)
      found.count += 1
      found.bytes += bytes.length
      found.latest = sequence
      if (!value) tell(`message ${sequence} of ${id} is damaged`)
      else if (value.author !== id || value.sequence !== sequence)
        tell(`message ${sequence} of ${id} is filed under the wrong key`)
      else if (last?.sequence === sequence - 1 && value.previous !== `%${storedHash(last.bytes)}.sha256`)
        await noteFork(parts, author, place.generation, message)
      last = message
    }
    await count(page.length)
    if (!isSame(tables.feeds.get(author))) return
    if (!last || page.length === 0) break
    from = last.sequence + 1
  }
  const after = tables.feeds.get(author)
  if (!isSame(after)) return
  const within = (low: number, number: number, high: number): boolean => low <= number && number <= high
  // Messages stored during the check are counted if they fill a gap, and not counted if they follow the latest.
  const sound =
    found.latest === before.latest &&
    within(before.count, found.count, after.count) &&
    within(before.bytes, found.bytes, after.bytes)
  if (!sound) tell(`the record of ${id} does not match its messages`)
}

/** Stores a fork that an older version did not notice. Messages after it are kept but not served. */
async function noteFork(
  { writer, tables, now, onFork }: VerifyParts,
  author: Buffer,
  generation: number,
  { sequence, bytes }: StoredMessage,
): Promise<void> {
  await writer.submit((afterFlush) => {
    const record = tables.feeds.get(author)
    if (!record || (record.generation ?? 0) !== generation) return
    const known = record.fork?.cut ?? Number.POSITIVE_INFINITY
    if (known <= sequence) return
    const at = { sequence, hash: storedHash(bytes), at: now() }
    tables.feeds.putSync(author, { ...record, fork: { ...(record.fork ?? at), cut: sequence } })
    afterFlush(() => onFork(feedIdOf(author), sequence))
  })
}

/** Finds messages of feeds that have no record and are not being deleted: they are unreachable. */
async function findOrphans({ tables }: VerifyParts, tell: (problem: string) => void): Promise<void> {
  const { feeds, deletions } = tables
  for (const table of [tables.chunks, tables.messages]) {
    let looked = 0
    for (let start: Buffer | null = Buffer.alloc(0); start; ) {
      let next: Buffer | null = null
      for (const key of table.getKeys({ start, limit: 1 })) {
        const author = Buffer.from(key.subarray(0, KEY_BYTES))
        const generation = key[KEY_BYTES] as number
        const record = feeds.get(author)
        const isHeld = record && (record.generation ?? 0) === generation
        if (!isHeld && !deletions.doesExist(deletionKey(author, generation)))
          tell(`${feedIdOf(author)} has messages and no record`)
        next = Buffer.concat([deletionKey(author, generation), Buffer.alloc(8, 0xff)])
      }
      start = next
      looked += 1
      if (looked % VERIFY_TURN_MESSAGES === 0) await setImmediate()
    }
  }
}

function parseValue(bytes: Buffer): { author: unknown; sequence: unknown; previous: unknown } | null {
  try {
    return JSON.parse(bytes.toString()).value
  } catch {
    return null
  }
}
