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
import type { EbtShared } from './contract.js'
import { Positions } from './positions.js'
import { EbtSession } from './session.js'

export interface EbtComponents {
  store: Store
  log: Log
  uptime(): number
  own: FeedId
  counters: Counters
  /** Called when a session begins, as its clocks leave garbage. */
  used?: (() => void) | undefined
  /** Called when a session has ended; its connection may go on. */
  onEnd(connection: Connection): void
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

export function createEbt({ store, log, uptime, own, counters, used, onEnd }: EbtComponents): Ebt {
  const sessions = new Map<Connection, EbtSession>()
  const turns = createFairScheduler<EbtSession>(HISTORY_TURN, (err) =>
    log.error({ err }, 'ebt session failed'),
  )

  const shared: EbtShared<EbtSession> = {
    store,
    own,
    turns,
    positions: new Positions({
      subscribe: (feed, listener) => store.feeds.subscribe(feed, listener),
      grown: (session, feed, number) => session.grown(feed, number),
    }),
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
    ended(caller) {
      sessions.delete(caller)
      onEnd(caller)
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
      const session = new EbtSession(shared, caller, stream)
      sessions.set(caller, session)
      used?.()
      session.start()
    },
    has: (connection) => sessions.has(connection),
    close() {
      stopMembers()
      stopResets()
      // before the sessions: each would look for its own positions
      shared.positions.close()
      for (const session of [...sessions.values()]) session.end()
      turns.close()
    },
  }
}
