// Every feed's record, read in turns of the event loop: counting them all, and walking through them.

import { setImmediate } from 'node:timers/promises'
import { VERIFY_TURN_MESSAGES } from '../lib/limits.js'
import type { FeedRecord, Tables } from './layout.js'

export interface FeedInfo {
  latest: number
  messages: number
  bytes: number
  gaps: Array<{ from: number; to: number }>
  forked: boolean
}

/** The record of a feed without messages. */
export const EMPTY: Readonly<FeedRecord> = {
  latest: 0,
  latestHash: '',
  count: 0,
  bytes: 0,
  gaps: [],
  fork: null,
}

/** Counted when a write is flushed, so that one undone leaves no trace here. */
export interface FeedTotals {
  messages: number
  /** of everything on the disk */
  bytes: number
}

/** Counts all feeds, in steps. */
export async function countFeeds({
  feeds: records,
  deletions,
}: Pick<Tables, 'feeds' | 'deletions'>): Promise<FeedTotals> {
  const total = { messages: 0, bytes: 0 }
  for (const { value } of deletions.getRange({})) total.bytes += value.bytes
  for await (const { record } of eachFeed(records)) {
    total.messages += record.count
    total.bytes += record.bytes
  }
  return total
}

/** Every feed's record, some in a turn of the event loop. */
export async function* eachFeed(
  records: Tables['feeds'],
): AsyncGenerator<{ author: Buffer; record: FeedRecord }> {
  let start = Buffer.alloc(0)
  for (;;) {
    const page = [...records.getRange({ start, limit: VERIFY_TURN_MESSAGES })]
    for (const { key, value } of page) yield { author: key, record: value }
    const last = page.at(-1)
    if (!last || page.length < VERIFY_TURN_MESSAGES) return
    // a byte more than a key has: the first that comes after it
    start = Buffer.concat([last.key, Buffer.alloc(1)])
    await setImmediate()
  }
}
