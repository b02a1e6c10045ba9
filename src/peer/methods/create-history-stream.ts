// createHistoryStream: one feed out, in ascending order, old then live, no faster than its reader reads.

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
import type { AccessTable } from '../access.js'
import { asObject, booleanField, feedField, integerField } from '../arguments.js'
import type { Connection } from '../connection.js'

export interface HistoryQuery {
  id: FeedId
  /** first sequence, included */
  from: number
  /** messages in all, live ones too; Infinity for no limit */
  limit: number
  live: boolean
  old: boolean
  keys: boolean
  values: boolean
}

/** What replication waits for: a client is served its own feed before we ask it for more (SPIP-02). */
export interface BacklogListener {
  asked(caller: Connection, id: FeedId): void
  sent(caller: Connection, id: FeedId): void
}

/**
 * Reads the argument of `createHistoryStream`. Absent, null, zero and negative numbers mean "from the start" and
 * "no limit", as they do in the field's other servers.
 * @throws RelayError `bad_feed_id`, `bad_argument`
 */
export function parseHistoryQuery(argument: unknown): HistoryQuery {
  const query = asObject(typeof argument === 'string' ? { id: argument } : argument)
  const id = feedField(query, 'id')
  const from = Math.max(1, integerField(query, 'sequence') ?? integerField(query, 'seq') ?? 1)
  const limit = integerField(query, 'limit') ?? 0
  const keys = booleanField(query, 'keys', true)
  const values = booleanField(query, 'values', true)
  if (!keys && !values) throw new RelayError('bad_argument', 'neither keys nor values are wanted')
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

/** The method. A feed we do not follow reads as one without messages: private and absent look the same. */
export function historyMethods({ members }: AccessTable, components: HistoryComponents): Methods<Connection> {
  const { store, clock, log, own, backlog } = components
  const shared: Shared = {
    feeds: store.feeds,
    clock,
    backlog,
    isReadable: (id) => id === own || store.members.has(id),
    // all connections together: a crowd of readers takes no more of a turn than one
    turns: createFairScheduler(HISTORY_TURN, (err) => log.error({ err }, 'history stream failed')),
  }
  const place = liveStreams()

  function open(caller: Connection, stream: RpcStream, argument: unknown): void {
    const query = parseHistoryQuery(argument)
    const leave = query.live ? place(caller, query.id) : null
    const history = new HistoryStream(shared, caller, stream, query, leave)
    stream.handler = history
    backlog.asked(caller, query.id)
    history.advance()
  }

  return { createHistoryStream: { type: 'source', access: members, open } }
}

/** Counts a connection's live streams by feed. @throws RelayError `busy` from the answer, when there are too many */
function liveStreams(): (caller: Connection, id: FeedId) => () => void {
  const open = new WeakMap<Connection, Map<FeedId, number>>()
  return (caller, id) => {
    const feeds = open.get(caller) ?? new Map<FeedId, number>()
    const now = feeds.get(id) ?? 0
    if (now >= HISTORY_LIVE_STREAMS)
      throw new RelayError('busy', 'this connection has this feed live already', { limit: 'live_streams' })
    open.set(caller, feeds.set(id, now + 1))
    return () => {
      const left = (feeds.get(id) ?? 1) - 1
      if (left > 0) feeds.set(id, left)
      else feeds.delete(id)
    }
  }
}

/** What all history streams share. */
interface Shared {
  feeds: Store['feeds']
  clock: Clock
  backlog: BacklogListener
  isReadable(id: FeedId): boolean
  turns: FairScheduler<Connection>
}

class HistoryStream implements StreamHandler {
  private next: number
  private left: number
  private caughtUp = false
  private cancelSettle: (() => void) | null = null
  private unsubscribe: (() => void) | null = null
  /** one function for the scheduler and the feed to know this stream by */
  private readonly wake = (): void => this.advance()

  constructor(
    private readonly shared: Shared,
    private readonly caller: Connection,
    private readonly stream: RpcStream,
    private readonly query: HistoryQuery,
    private readonly leave: (() => void) | null,
  ) {
    const { id, from, old, limit } = query
    this.next = old ? from : Math.max(from, shared.feeds.info(id).latest + 1)
    this.left = limit
  }

  /** Sends what can be sent now; else arranges to be called again. */
  advance(): void {
    const { shared, stream, query } = this
    // What was read and not sent is read again later: a thousand stalled streams would each hold a page.
    while (!stream.isEnded && !this.cancelSettle) {
      if (this.left <= 0) return this.finish()
      if (stream.isFull) return stream.waitForRoom()
      const most = Math.min(HISTORY_CHUNK, this.left)
      const page = shared.isReadable(query.id) ? shared.feeds.read(query.id, this.next, most) : []
      if (page.length === 0) {
        this.tellCaughtUp()
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

  /** @returns whether all of it was sent; if not, what has to come first is arranged for */
  private sendPage(page: StoredMessage[]): boolean {
    const { shared, stream, query, caller } = this
    for (const message of page) {
      if (query.live && message.sequence > this.next && this.waitAtHole(message)) return false
      if (!shared.turns.take()) {
        shared.turns.wait(caller, this.wake)
        return false
      }
      this.next = message.sequence + 1
      this.left -= 1
      if (!stream.writeJson(this.wanted(message.bytes)) && this.left > 0) {
        stream.waitForRoom()
        return false
      }
    }
    return true
  }

  /**
   * Behind a hole lies a message that has only just come in: clients send ties out of order, so the one that fills the hole
   * may be on its way. What is sent cannot be taken back, so wait a moment. @returns whether to wait
   */
  private waitAtHole({ bytes }: StoredMessage): boolean {
    const { clock } = this.shared
    // a clock set back makes messages of the future: no wait is longer than the wait itself
    const settled = Math.min(GAP_SETTLE_MS, storedReceived(bytes) + GAP_SETTLE_MS - clock.now())
    if (settled <= 0) return false
    this.follow()
    this.cancelSettle = clock.after(settled, () => {
      this.cancelSettle = null
      this.advance()
    })
    return true
  }

  private wanted(bytes: Buffer): Buffer {
    const { keys, values } = this.query
    if (!values) return Buffer.from(`"%${storedHash(bytes)}.sha256"`)
    return keys ? bytes : storedValue(bytes)
  }

  /** Wakes the stream at each flush that adds to the feed, cutting short a wait at a hole. */
  private follow(): void {
    this.unsubscribe ??= this.shared.feeds.subscribe(this.query.id, () => {
      this.cancelSettle?.()
      this.cancelSettle = null
      this.advance()
    })
  }

  private tellCaughtUp(): void {
    if (!this.caughtUp) this.shared.backlog.sent(this.caller, this.query.id)
    this.caughtUp = true
  }

  private finish(): void {
    this.stream.end()
    this.release()
  }

  private release(): void {
    this.leave?.()
    this.shared.turns.drop(this.caller, this.wake)
    this.unsubscribe?.()
    this.cancelSettle?.()
    this.cancelSettle = null
    this.tellCaughtUp()
  }
}
