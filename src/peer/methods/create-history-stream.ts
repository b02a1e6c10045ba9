// SPDX-License-Identifier: AGPL-3.0-or-later
// createHistoryStream: sends one feed in ascending order, stored messages first, then live ones, with back-pressure.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { createFairScheduler, type FairScheduler } from '../../lib/fair-scheduler.js'
import { GAP_SETTLE_MS, HISTORY_CHUNK, HISTORY_LIVE_STREAMS, HISTORY_TURN } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { RpcStream, StreamHandler } from '../../muxrpc/stream.js'
import type { FeedId } from '../../ssb/feed-id.js'
import { storedHash, storedReceived, storedValue } from '../../ssb/message.js'
import type { StoredMessage } from '../../store/feeds.js'
import type { Store } from '../../store/store.js'
import { type AccessTable, createFeedAccess } from '../access.js'
import { asObject, booleanField, feedField, integerField } from '../arguments.js'
import type { Connection } from '../connection.js'

export interface HistoryQuery {
  id: FeedId
  /** first sequence, inclusive */
  from: number
  /** number of messages including live ones; Infinity for no limit */
  limit: number
  live: boolean
  old: boolean
  keys: boolean
  values: boolean
}

/** Notified of requests, because replication waits until a client has received its own feed (SPIP-02). */
export interface BacklogListener {
  asked(caller: Connection, id: FeedId): void
  sent(caller: Connection, id: FeedId): void
}

/**
 * Parses the argument of `createHistoryStream`. Absent, null, zero and negative numbers mean "from the start" and
 * "no limit", as in ssb-server and go-sbot.
 * @throws RelayError `bad_feed_id`, `bad_argument`
 */
export function parseHistoryQuery(argument: unknown): HistoryQuery {
  const query = asObject(typeof argument === 'string' ? { id: argument } : argument)
  const id = feedField(query, 'id')
  const from = Math.max(1, integerField(query, 'sequence') ?? integerField(query, 'seq') ?? 1)
  const limit = integerField(query, 'limit') ?? 0
  const keys = booleanField(query, 'keys', true)
  const values = booleanField(query, 'values', true)
  if (!keys && !values) throw new RelayError('bad_argument', 'keys and values must not both be false')
  return {
    id,
    from,
    limit: limit > 0 ? limit : Number.POSITIVE_INFINITY,
    live: booleanField(query, 'live', false),
    old: booleanField(query, 'old', true),
    keys,
    values,
  }
}

export interface HistoryComponents {
  store: Store
  clock: Clock
  log: Log
  own: FeedId
  backlog: BacklogListener
}

/** The method. A feed that the relay does not follow reads as empty, so that private and absent look the same. */
export function historyMethods({ readers }: AccessTable, components: HistoryComponents): Methods<Connection> {
  const { store, clock, log, own, backlog } = components
  const shared: Shared = {
    feeds: store.feeds,
    clock,
    backlog,
    isReadable: createFeedAccess(own, store),
    // shared by all connections, so that many readers do not block the event loop
    turns: createFairScheduler(HISTORY_TURN, (err) => log.error({ err }, 'history stream failed')),
  }
  const countLive = countLiveStreams()

  function open(caller: Connection, stream: RpcStream, argument: unknown): void {
    const query = parseHistoryQuery(argument)
    const release = query.live ? countLive(caller, query.id) : null
    const history = new HistoryStream(shared, caller, stream, query, release)
    stream.handler = history
    backlog.asked(caller, query.id)
    history.advance()
  }

  return { createHistoryStream: { type: 'source', access: readers, open } }
}

/** Counts live streams per connection and feed. The returned function throws `busy` at the limit. */
function countLiveStreams(): (caller: Connection, id: FeedId) => () => void {
  const open = new WeakMap<Connection, Map<FeedId, number>>()
  return (caller, id) => {
    const feeds = open.get(caller) ?? new Map<FeedId, number>()
    const now = feeds.get(id) ?? 0
    if (now >= HISTORY_LIVE_STREAMS)
      throw new RelayError('busy', 'too many live streams of this feed', { limit: 'live_streams' })
    open.set(caller, feeds.set(id, now + 1))
    return () => {
      const left = (feeds.get(id) ?? 1) - 1
      if (left > 0) feeds.set(id, left)
      else feeds.delete(id)
    }
  }
}

/** Shared by all history streams. */
interface Shared {
  feeds: Store['feeds']
  clock: Clock
  backlog: BacklogListener
  isReadable(caller: Connection, id: FeedId): boolean
  turns: FairScheduler<Connection>
}

class HistoryStream implements StreamHandler {
  private next: number
  private left: number
  private caughtUp = false
  private cancelSettle: (() => void) | null = null
  private unsubscribe: (() => void) | null = null
  /** one function object, by which the scheduler identifies this stream */
  private readonly wake = (): void => this.advance()

  constructor(
    private readonly shared: Shared,
    private readonly caller: Connection,
    private readonly stream: RpcStream,
    private readonly query: HistoryQuery,
    private readonly releaseLive: (() => void) | null,
  ) {
    const { id, from, old, limit } = query
    this.next = old ? from : Math.max(from, shared.feeds.info(id).latest + 1)
    this.left = limit
  }

  /** Sends messages until the stream is full or the backlog is sent; then arranges the next call. */
  advance(): void {
    const { shared, stream, query, caller } = this
    // unsent messages are read again later: a page per stalled stream would take too much memory
    while (!stream.isEnded && !this.cancelSettle) {
      if (this.left <= 0) return this.finish()
      if (stream.isFull) return stream.waitForRoom()
      const most = Math.min(HISTORY_CHUNK, this.left)
      const page = shared.isReadable(caller, query.id) ? shared.feeds.read(query.id, this.next, most) : []
      if (page.length === 0) {
        this.reportSent()
        if (!query.live) return this.finish()
        return this.follow()
      }
      if (!this.sendPage(page)) return
    }
  }

  room(): void {
    this.advance()
  }

  ended(): void {
    this.release()
  }

  /** Returns whether the whole page was sent; if not, the next call is arranged. */
  private sendPage(page: StoredMessage[]): boolean {
    const { shared, stream, query, caller } = this
    for (const message of page) {
      if (query.live && message.sequence > this.next && this.waitAtGap(message)) return false
      if (!shared.turns.take()) {
        shared.turns.wait(caller, this.wake)
        return false
      }
      this.next = message.sequence + 1
      this.left -= 1
      if (!stream.writeJson(this.encode(message.bytes)) && this.left > 0) {
        stream.waitForRoom()
        return false
      }
    }
    return true
  }

  /**
   * Waits a moment at a gap before a new message: clients send messages with equal timestamps out of order, so the missing
   * one may arrive soon, and the order of sent messages cannot be changed. Returns whether to wait.
   */
  private waitAtGap({ bytes }: StoredMessage): boolean {
    const { clock } = this.shared
    // bounded, because a clock that was set back makes received times lie in the future
    const settled = Math.min(GAP_SETTLE_MS, storedReceived(bytes) + GAP_SETTLE_MS - clock.now())
    if (settled <= 0) return false
    this.follow()
    this.cancelSettle = clock.after(settled, () => {
      this.cancelSettle = null
      this.advance()
    })
    return true
  }

  private encode(bytes: Buffer): Buffer {
    const { keys, values } = this.query
    if (!values) return Buffer.from(`"%${storedHash(bytes)}.sha256"`)
    return keys ? bytes : storedValue(bytes)
  }

  /** Continues at each flush that adds to the feed; this also ends a wait at a gap. */
  private follow(): void {
    this.unsubscribe ??= this.shared.feeds.subscribe(this.query.id, () => {
      this.cancelSettle?.()
      this.cancelSettle = null
      this.advance()
    })
  }

  private reportSent(): void {
    if (!this.caughtUp) this.shared.backlog.sent(this.caller, this.query.id)
    this.caughtUp = true
  }

  private finish(): void {
    this.stream.end()
    this.release()
  }

  private release(): void {
    this.releaseLive?.()
    this.shared.turns.drop(this.caller, this.wake)
    this.unsubscribe?.()
    this.cancelSettle?.()
    this.cancelSettle = null
    this.reportSent()
  }
}
