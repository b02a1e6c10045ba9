// SPDX-License-Identifier: AGPL-3.0-or-later
// Types shared by the sessions of `ebt.replicate` and the hub, so that a session does not import the hub.

import type { Counters } from '../../lib/counters.js'
import type { FairScheduler } from '../../lib/fair-scheduler.js'
import type { ThrottledLog } from '../../lib/log.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'

export interface GrowthListener {
  /** Called when a feed has new messages. */
  grown(feed: FeedId): void
}

/** What a session needs from the hub. */
export interface EbtShared {
  store: Store
  own: FeedId
  tell: ThrottledLog
  counters: Counters
  turns: FairScheduler<GrowthListener>
  /** Whether members may read the feed. */
  isServed(feed: FeedId): boolean
  /** Sequence of the last message without a gap or fork before it. */
  contiguous(feed: FeedId): number
  /** Calls the listener when the feed grows. */
  track(feed: FeedId, listener: GrowthListener): void
  untrack(feed: FeedId, listener: GrowthListener): void
}
