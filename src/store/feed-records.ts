// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads the records of all feeds in bounded turns of the event loop: to count them and to iterate.

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

/** Updated after the flush, so that an undone write does not change them. */
export interface FeedTotals {
  messages: number
  /** all stored bytes, including messages left to delete */
  bytes: number
}

/** Counts all feeds, in turns. */
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

/** Iterates over all records, some per turn of the event loop. */
export async function* eachFeed(
  records: Tables['feeds'],
): AsyncGenerator<{ author: Buffer; record: FeedRecord }> {
  let start = Buffer.alloc(0)
  for (;;) {
    const page = [...records.getRange({ start, limit: VERIFY_TURN_MESSAGES })]
    for (const { key, value } of page) yield { author: key, record: value }
    const last = page.at(-1)
    if (!last || page.length < VERIFY_TURN_MESSAGES) return
    // one byte longer than a key: the first position after it
    start = Buffer.concat([last.key, Buffer.alloc(1)])
    await setImmediate()
  }
}
