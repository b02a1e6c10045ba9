// Replication in (SPIP-02): once a client has been served its own feed, we ask it for what we lack.

import type { Clock } from '../lib/clock.js'
import { CLIENT_FIRST_MS } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import type { Connections } from '../room/connections.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import { ingestFeed } from './feed-ingest.js'
import type { BacklogListener } from './methods/create-history-stream.js'
import type { Rpc, Session } from './session.js'

export interface Replication extends BacklogListener {
  /** A member has connected. */
  start(rpc: Rpc): void
  /** A member vouched for a feed while connected: it is asked for at once. */
  vouched(voucher: FeedId, feed: FeedId): void
  close(): void
}

/** Holes of one feed asked for on one connection: each is a call at the client's end. */
const GAPS_PER_CONNECTION = 16

interface Waiting {
  rpc: Rpc
  cancelTimer: () => void
  /** set once the client asks for its own feed: then its backlog is waited for, however long it takes */
  asked: boolean
}

export function createReplication({
  store,
  clock,
  log,
  connections,
}: {
  store: Store
  clock: Clock
  log: Log
  connections: Connections<Session>
}): Replication {
  // one for all members: who connects over and over must not fill a board's card
  const tell = createThrottledLog(log, clock.uptime)
  /** Members connected and not yet asked, by their session. */
  const waiting = new Map<Session, Waiting>()
  const started = new Map<Session, Rpc>()

  function begin(session: Session): void {
    const entry = waiting.get(session)
    if (!entry) return
    waiting.delete(session)
    entry.cancelTimer()
    if (session.closed) return
    started.set(session, entry.rpc)
    for (const feed of [session.id, ...store.members.vouchedBy(session.id)]) void ask(entry.rpc, feed)
  }

  async function ask(rpc: Rpc, feed: FeedId): Promise<void> {
    const session = rpc.meta
    const sequence = store.feeds.info(feed).latest + 1
    ingestFeed(
      { store, tell },
      session,
      feed,
      rpc.createHistoryStream({ id: feed, sequence, seq: sequence, live: true }),
    )
    try {
      const gaps = await store.feeds.askForGaps(feed, GAPS_PER_CONNECTION)
      for (const { from, to } of gaps) {
        if (session.closed) return
        const query = { id: feed, sequence: from, seq: from, limit: to - from + 1, live: false }
        ingestFeed({ store, tell }, session, feed, rpc.createHistoryStream(query))
      }
    } catch (err) {
      tell('error', 'missing messages could not be asked for', { err, feed })
    }
  }

  return {
    start(rpc) {
      const session = rpc.meta
      const cancelTimer = clock.after(CLIENT_FIRST_MS, () => {
        if (!waiting.get(session)?.asked) begin(session)
      })
      waiting.set(session, { rpc, cancelTimer, asked: false })
      session.onClose(() => {
        cancelTimer()
        waiting.delete(session)
        started.delete(session)
      })
    },
    asked(session, id) {
      const entry = waiting.get(session)
      if (entry && id === session.id) entry.asked = true
    },
    sent(session, id) {
      if (id === session.id) begin(session)
    },
    vouched(voucher, feed) {
      for (const session of connections.of(voucher)) {
        const rpc = started.get(session)
        if (rpc) void ask(rpc, feed)
      }
    },
    close() {
      for (const { cancelTimer } of waiting.values()) cancelTimer()
      waiting.clear()
      started.clear()
    },
  }
}
