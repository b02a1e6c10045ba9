// SPDX-License-Identifier: AGPL-3.0-or-later
// Incoming replication (SPIP-02): asks a client for missing messages after it has received its own feed.

import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import { CLIENT_FIRST_MS, EBT_FIRST_MS } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import type { Connections } from '../room/connections.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { Connection } from './connection.js'
import type { Ebt } from './ebt/hub.js'
import { ingestFeed } from './feed-ingest.js'
import type { BacklogListener } from './methods/create-history-stream.js'
import type { OfferListener } from './methods/follow.js'

export interface Replication extends BacklogListener, OfferListener {
  /** Called when a member has connected. */
  start(connection: Connection): void
  /** Called when a connection no longer replicates by EBT: it is asked as one that has just connected. */
  resume(connection: Connection): void
  /** Requests a feed at once, after a connected member has vouched for it. */
  vouched(voucher: FeedId, feed: FeedId): void
  close(): void
}

/** Gaps of one feed requested on one connection: each is a call for the client. */
const GAPS_PER_CONNECTION = 16

interface Waiting {
  cancelTimer: () => void
  /** whether the client has requested its own feed: then wait until its backlog is sent */
  asked: boolean
}

export function createReplication({
  store,
  clock,
  log,
  connections,
  ebt = () => null,
  counters,
}: {
  store: Store
  clock: Clock
  log: Log
  connections: Connections<Connection>
  /** the sessions of EBT while it is on: a connection that has one is asked for nothing else */
  ebt?: () => Pick<Ebt, 'has'> | null
  counters: Counters
}): Replication {
  // shared by all members, so that a member that reconnects often cannot fill the log
  const tell = store.refusals.noting(createThrottledLog(log, clock.uptime))
  /** connected members that are not asked yet */
  const waiting = new Map<Connection, Waiting>()
  /** connected members that were asked; for other relays also which feeds, as these grow while they are connected */
  const started = new Map<Connection, Set<FeedId> | null>()

  function waitForClient(connection: Connection): void {
    const cancelTimer = clock.after(ebt() ? EBT_FIRST_MS : CLIENT_FIRST_MS, () => {
      if (!waiting.get(connection)?.asked) begin(connection)
    })
    waiting.set(connection, { cancelTimer, asked: false })
  }

  function stopWaiting(connection: Connection): void {
    waiting.get(connection)?.cancelTimer()
    waiting.delete(connection)
  }

  function begin(connection: Connection): void {
    if (!waiting.has(connection)) return
    stopWaiting(connection)
    askFirst(connection)
  }

  function askFirst(connection: Connection): void {
    if (connection.isClosed || ebt()?.has(connection)) return
    started.set(connection, connection.callerClass === 'peer' ? new Set() : null)
    askOnce(connection, connection.id)
    // another relay offers the feeds of its members at each connection, and lets us read them from then on
    if (connection.callerClass === 'peer') return
    for (const feed of store.members.vouchedBy(connection.id)) void ask(connection, feed)
  }

  function askOnce(connection: Connection, feed: FeedId): void {
    const asked = started.get(connection)
    if (asked?.has(feed)) return
    asked?.add(feed)
    void ask(connection, feed)
  }

  async function ask(connection: Connection, feed: FeedId): Promise<void> {
    const sequence = store.feeds.info(feed).latest + 1
    ingestFeed({ store, tell, counters }, connection, feed, { id: feed, sequence, seq: sequence, live: true })
    try {
      const gaps = await store.feeds.askForGaps(feed, GAPS_PER_CONNECTION)
      for (const { from, limit } of gaps) {
        if (connection.isClosed) return
        const query = { id: feed, sequence: from, seq: from, limit, live: false }
        ingestFeed({ store, tell, counters }, connection, feed, query)
      }
    } catch (err) {
      tell('error', 'cannot ask for missing messages', { err, feed })
    }
  }

  function askAgain(owner: FeedId, feed: FeedId): void {
    for (const connection of connections.of(owner)) {
      if (!started.has(connection)) continue
      started.get(connection)?.add(feed)
      void ask(connection, feed)
    }
  }
  // a reset feed is requested again from its owner and its voucher
  const stopListening = store.feeds.onReset((feed) => {
    askAgain(store.members.get(feed)?.voucher ?? feed, feed)
    if (store.members.get(feed)?.voucher) askAgain(feed, feed)
  })

  return {
    start(connection) {
      connection.onClose(() => {
        started.delete(connection)
        stopWaiting(connection)
      })
      // another relay has its feed already: there is nothing to wait for
      if (connection.callerClass === 'peer') return askFirst(connection)
      waitForClient(connection)
    },
    resume(connection) {
      if (!connection.isClosed && !started.has(connection) && !waiting.has(connection))
        waitForClient(connection)
    },
    asked(connection, id) {
      const entry = waiting.get(connection)
      if (entry && id === connection.id) entry.asked = true
    },
    sent(connection, id) {
      if (id === connection.id) begin(connection)
    },
    offered(connection, feed) {
      if (started.has(connection)) askOnce(connection, feed)
    },
    vouched: askAgain,
    close() {
      stopListening()
      for (const { cancelTimer } of waiting.values()) cancelTimer()
      waiting.clear()
      started.clear()
    },
  }
}
