// SPDX-License-Identifier: AGPL-3.0-or-later
// Epidemic broadcast trees: the state that all sessions of `ebt.replicate` share. Loaded only if `feeds.ebt` is on.

import type { Counters } from '../../lib/counters.js'
import { RelayError } from '../../lib/errors.js'
import { createFairScheduler } from '../../lib/fair-scheduler.js'
import { HISTORY_TURN } from '../../lib/limits.js'
import { createThrottledLog, type Log } from '../../lib/log.js'
import type { RpcStream } from '../../muxrpc/stream.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { Connection } from '../connection.js'
import type { EbtShared, GrowthListener } from './contract.js'
import { EbtSession } from './session.js'

export interface EbtComponents {
  store: Store
  log: Log
  uptime(): number
  own: FeedId
  counters: Counters
}

export interface Ebt {
  /**
   * Opens a session on the stream of a call. @throws RelayError `busy` if the connection has one already
   */
  open(caller: Connection, stream: RpcStream): void
  /** Whether the connection replicates by EBT; it is then not asked for histories. */
  has(connection: Connection): boolean
  /** Ends all sessions. */
  close(): void
}

export function createEbt({ store, log, uptime, own, counters }: EbtComponents): Ebt {
  const sessions = new Map<Connection, EbtSession>()
  // one subscription per feed, not per session and feed: most members follow the same feeds. Arrays take a third of the
  // memory of sets, and a session is looked for only when it ends or is not interested any more.
  const tracked = new Map<FeedId, { sessions: GrowthListener[]; stop: () => void }>()
  const turns = createFairScheduler<GrowthListener>(HISTORY_TURN, (err) =>
    log.error({ err }, 'ebt session failed'),
  )

  const shared: EbtShared = {
    store,
    own,
    turns,
    counters,
    tell: store.refusals.noting(createThrottledLog(log, uptime)),
    // members are the only callers, and all may read the same feeds
    isServed: (feed) => feed === own || store.members.has(feed),
    contiguous(feed) {
      const { latest, gaps } = store.feeds.info(feed)
      const whole = gaps[0] ? gaps[0].from - 1 : latest
      const cut = store.feeds.fork(feed)?.cut
      return cut === undefined ? whole : Math.min(whole, cut - 1)
    },
    track(feed, session) {
      const entry = tracked.get(feed)
      if (entry) entry.sessions.push(session)
      else {
        const listeners = [session]
        const stop = store.feeds.subscribe(feed, () => {
          // a copy: a session that ends meanwhile leaves the array
          for (const each of [...listeners]) each.grown(feed)
        })
        tracked.set(feed, { sessions: listeners, stop })
      }
    },
    untrack(feed, session) {
      const entry = tracked.get(feed)
      const at = entry?.sessions.indexOf(session) ?? -1
      if (!entry || at < 0) return
      entry.sessions.splice(at, 1)
      if (entry.sessions.length > 0) return
      entry.stop()
      tracked.delete(feed)
    },
  }

  function tellAll(feed: FeedId): void {
    for (const session of sessions.values()) session.changed(feed)
  }
  const stopMembers = store.members.onChange(({ feed }) => tellAll(feed))
  const stopResets = store.feeds.onReset(tellAll)

  return {
    open(caller, stream) {
      if (sessions.has(caller)) throw new RelayError('busy', 'this connection replicates already')
      const session = new EbtSession(shared, caller, stream, () => sessions.delete(caller))
      sessions.set(caller, session)
      session.start()
    },
    has: (connection) => sessions.has(connection),
    close() {
      stopMembers()
      stopResets()
      for (const session of [...sessions.values()]) session.end()
      turns.close()
      for (const { stop } of tracked.values()) stop()
      tracked.clear()
    },
  }
}
