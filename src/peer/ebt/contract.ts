// What the sessions of `ebt.replicate` share, so that a session does not import the hub that makes it.

import type { Counters } from '../../lib/counters.js'
import type { FairScheduler } from '../../lib/fair-scheduler.js'
import type { ThrottledLog } from '../../lib/log.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'

export interface GrowthListener {
  /** A feed has messages that it had not before. */
  grown(feed: FeedId): void
}

/** What a session needs of the hub. */
export interface EbtShared {
  store: Store
  own: FeedId
  tell: ThrottledLog
  counters: Counters
  turns: FairScheduler<GrowthListener>
  /** The feed can be read by members. */
  isServed(feed: FeedId): boolean
  /** Sequence of the last message that has no hole or fork before it. */
  contiguous(feed: FeedId): number
  /** Calls the listener when the feed grows. */
  track(feed: FeedId, listener: GrowthListener): void
  untrack(feed: FeedId, listener: GrowthListener): void
}
