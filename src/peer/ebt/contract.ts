// SPDX-License-Identifier: AGPL-3.0-or-later
// Types shared by the sessions of `ebt.replicate` and the hub, so that a session does not import the hub.

import type { Counters } from '../../lib/counters.js'
import type { FairScheduler } from '../../lib/fair-scheduler.js'
import type { ThrottledLog } from '../../lib/log.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { Connection } from '../connection.js'
import type { Positions } from './positions.js'

/** What a session needs from the hub. */
export interface EbtShared<Session> {
  store: Store
  own: FeedId
  tell: ThrottledLog
  counters: Counters
  turns: FairScheduler<Session>
  positions: Positions<Session>
  /** Whether members may read the feed. */
  isServed(feed: FeedId): boolean
  /** Sequence of the last message without a gap or fork before it. */
  contiguous(feed: FeedId): number
  /** Called once when the session of a connection has ended. */
  ended(caller: Connection): void
}
