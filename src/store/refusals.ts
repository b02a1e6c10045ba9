// SPDX-License-Identifier: AGPL-3.0-or-later
// Rejected messages per feed since the relay started, in memory: they explain why messages are missing.

import { REFUSALS_KEPT } from '../lib/limits.js'
import type { ThrottledLog } from '../lib/log.js'
import type { FeedId } from '../ssb/feed-id.js'

export interface Refusal {
  /** streams of this feed in which messages were rejected */
  times: number
  /** code of the last rejection */
  code: string
  /** Unix ms of the last rejection */
  at: number
}

export interface Refusals {
  note(feed: FeedId, code: string): void
  /** A log that also records entries with a feed and a code. */
  noting(tell: ThrottledLog): ThrottledLog
  of(feed: FeedId): Refusal | null
}

/** Records rejections of the last `REFUSALS_KEPT` feeds. @param now Unix ms */
export function createRefusals(now: () => number): Refusals {
  const feeds = new Map<FeedId, Refusal>()
  function note(feed: FeedId, code: string): void {
    const times = (feeds.get(feed)?.times ?? 0) + 1
    feeds.delete(feed)
    feeds.set(feed, { times, code, at: now() })
    const [oldest] = feeds.keys()
    if (feeds.size > REFUSALS_KEPT && oldest !== undefined) feeds.delete(oldest)
  }
  return {
    note,
    noting: (tell) => (level, message, about) => {
      const { feed, code } = (about ?? {}) as Record<string, unknown>
      if (typeof feed === 'string' && typeof code === 'string') note(feed, code)
      tell(level, message, about)
    },
    of: (feed) => feeds.get(feed) ?? null,
  }
}
