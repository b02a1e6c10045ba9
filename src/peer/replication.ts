// Replication in (SPIP-02): once a client has been served its own feed, we ask it for what we lack.

import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import { CLIENT_FIRST_MS } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import type { Connections } from '../room/connections.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { Connection } from './connection.js'
import { ingestFeed } from './feed-ingest.js'
import type { BacklogListener } from './methods/create-history-stream.js'

export interface Replication extends BacklogListener {
  /** A member has connected. */
  start(connection: Connection): void
  /** A member vouched for a feed while connected: it is asked for at once. */
  vouched(voucher: FeedId, feed: FeedId): void
  close(): void
}

/** Holes of one feed asked for on one connection: each is a call at the client's end. */
const GAPS_PER_CONNECTION = 16

interface Waiting {
  cancelTimer: () => void
  /** set once the client asks for its own feed: then its backlog is waited for, however long it takes */
  asked: boolean
}

export function createReplication({
  store,
  clock,
  log,
  connections,
  usesEbt = () => false,
  counters,
}: {
  store: Store
  clock: Clock
  log: Log
  connections: Connections<Connection>
  /** whether a connection replicates by EBT: it is asked for nothing else */
  usesEbt?: (connection: Connection) => boolean
  counters: Counters
}): Replication {
  // one for all members: a member that connects over and over must not fill a board's card
  const tell = store.refusals.noting(createThrottledLog(log, clock.uptime))
  /** members connected and not yet asked */
  const waiting = new Map<Connection, Waiting>()
  const started = new Set<Connection>()

  function begin(connection: Connection): void {
    const entry = waiting.get(connection)
    if (!entry) return
    waiting.delete(connection)
    entry.cancelTimer()
    if (connection.isClosed || usesEbt(connection)) return
    started.add(connection)
    for (const feed of [connection.id, ...store.members.vouchedBy(connection.id)]) void ask(connection, feed)
  }

  async function ask(connection: Connection, feed: FeedId): Promise<void> {
    const sequence = store.feeds.info(feed).latest + 1
    ingestFeed({ store, tell, counters }, connection, feed, { id: feed, sequence, seq: sequence, live: true })
    try {
      const gaps = await store.feeds.askForGaps(feed, GAPS_PER_CONNECTION)
      for (const { from, to } of gaps) {
        if (connection.isClosed) return
        const query = { id: feed, sequence: from, seq: from, limit: to - from + 1, live: false }
        ingestFeed({ store, tell, counters }, connection, feed, query)
      }
    } catch (err) {
      tell('error', 'cannot ask for missing messages', { err, feed })
    }
  }

  function askAgain(owner: FeedId, feed: FeedId): void {
    for (const connection of connections.of(owner)) if (started.has(connection)) void ask(connection, feed)
  }
  // the operator has reset the feed: every caller that may send it is asked from the first message on
  const stopListening = store.feeds.onReset((feed) => {
    askAgain(store.members.get(feed)?.voucher ?? feed, feed)
    if (store.members.get(feed)?.voucher) askAgain(feed, feed)
  })

  return {
    start(connection) {
      const cancelTimer = clock.after(CLIENT_FIRST_MS, () => {
        if (!waiting.get(connection)?.asked) begin(connection)
      })
      waiting.set(connection, { cancelTimer, asked: false })
      connection.onClose(() => {
        cancelTimer()
        waiting.delete(connection)
        started.delete(connection)
      })
    },
    asked(connection, id) {
      const entry = waiting.get(connection)
      if (entry && id === connection.id) entry.asked = true
    },
    sent(connection, id) {
      if (id === connection.id) begin(connection)
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
