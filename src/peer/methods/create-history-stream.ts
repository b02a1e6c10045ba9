// createHistoryStream: one feed out, in ascending order, old then live, no faster than its reader reads.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { createFairScheduler } from '../../lib/fair-scheduler.js'
import { GAP_SETTLE_MS, HISTORY_CHUNK, HISTORY_LIVE_STREAMS, HISTORY_TURN } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { FeedId } from '../../ssb/feed-id.js'
import { storedHash, storedReceived, storedValue } from '../../ssb/message.js'
import type { StoredMessage } from '../../store/feeds.js'
import type { Store } from '../../store/store.js'
import { asObject, booleanField, feedField, integerField } from '../arguments.js'
import type { Session } from '../session.js'
import { jsonBytes } from '../wire/frames.js'
import type { Callback, End, Source } from '../wire/pull.js'

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
  asked(session: Session, id: FeedId): void
  sent(session: Session, id: FeedId): void
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

/** Counts a connection's live streams by feed. @throws RelayError `busy` from the answer, when there are too many */
function liveStreams(): (session: Session, id: FeedId) => () => void {
  const open = new WeakMap<Session, Map<FeedId, number>>()
  return (session, id) => {
    const feeds = open.get(session) ?? new Map<FeedId, number>()
    const now = feeds.get(id) ?? 0
    if (now >= HISTORY_LIVE_STREAMS)
      throw new RelayError('busy', 'this connection has this feed live already')
    open.set(session, feeds.set(id, now + 1))
    return () => {
      const left = (feeds.get(id) ?? 1) - 1
      if (left > 0) feeds.set(id, left)
      else feeds.delete(id)
    }
  }
}

/** The method. A feed we do not follow reads as one without messages: private and absent look the same. */
export function createHistory(
  { store, clock, log, own }: { store: Store; clock: Clock; log: Log; own: FeedId },
  backlog: BacklogListener,
): (session: Session, argument: unknown) => Source<Buffer> {
  const { feeds, members } = store
  const place = liveStreams()
  // all connections together: a crowd of readers takes no more of a turn than one
  const turns = createFairScheduler<Session>(HISTORY_TURN, (err) =>
    log.error({ err }, 'a history stream failed'),
  )
  const readable = (id: FeedId): boolean => id === own || members.has(id)

  return (session, argument) => {
    const query = parseHistoryQuery(argument)
    const { id, live } = query
    let next = query.old ? query.from : Math.max(query.from, feeds.info(id).latest + 1)
    let left = query.limit
    let page: StoredMessage[] = []
    let waiting: Callback<Buffer> | null = null
    let ended: End = null
    let caughtUp = false
    let roomAsked = false
    let cancelSettle: (() => void) | null = null
    let unsubscribe: (() => void) | null = null
    const leave = live ? place(session, id) : null

    // muxrpc aborts this source when the connection goes, so nothing here outlives it.
    session.calls += 1
    backlog.asked(session, id)

    function finish(end: End): void {
      if (ended) return
      ended = end
      session.calls -= 1
      page = []
      leave?.()
      turns.drop(session, advance)
      unsubscribe?.()
      cancelSettle?.()
      tellCaughtUp()
      const cb = waiting
      waiting = null
      cb?.(end)
    }

    function tellCaughtUp(): void {
      if (!caughtUp) backlog.sent(session, id)
      caughtUp = true
    }

    /** Wakes the stream at each flush that adds to the feed, cutting short a wait at a hole. */
    function follow(): void {
      unsubscribe ??= feeds.subscribe(id, () => {
        cancelSettle?.()
        cancelSettle = null
        advance()
      })
    }

    // A page is read again rather than kept, here and below: a thousand stalled streams would each hold one.
    function waitForTurn(): void {
      page = []
      turns.wait(session, advance)
    }

    function waitForRoom(): void {
      page = []
      if (roomAsked) return
      roomAsked = true
      session.outflow.whenRoom(() => {
        roomAsked = false
        advance()
      })
    }

    /** Answers the waiting read if it can be answered now; else arranges to be called again. */
    function advance(): void {
      if (!waiting || ended || cancelSettle) return
      if (left <= 0) return finish(true)
      if (session.outflow.full()) return waitForRoom()
      if (!turns.take()) return waitForTurn()
      if (page.length === 0 && readable(id)) page = feeds.read(id, next, Math.min(HISTORY_CHUNK, left))
      const message = page.shift()
      if (!message) {
        tellCaughtUp()
        if (!live) return finish(true)
        return follow()
      }
      if (live && message.sequence > next) {
        // Behind this hole lies a message that has only just come in: clients send ties out of order, so the one
        // that fills it may be on its way. What is sent can not be taken back, so wait a moment.
        // a clock set back makes messages of the future: no wait is longer than the wait itself
        const settled = Math.min(GAP_SETTLE_MS, storedReceived(message.bytes) + GAP_SETTLE_MS - clock.now())
        if (settled > 0) {
          page = []
          follow()
          cancelSettle = clock.after(settled, () => {
            cancelSettle = null
            advance()
          })
          return
        }
      }
      next = message.sequence + 1
      left -= 1
      emit(message)
    }

    function emit({ bytes }: StoredMessage): void {
      const cb = waiting as Callback<Buffer>
      waiting = null
      const json = jsonBytes(wanted(bytes))
      // Counted whatever its form: what muxrpc is handed uncounted it queues without end.
      session.outflow.entered(json.length)
      cb(null, json)
    }

    function wanted(bytes: Buffer): Buffer {
      if (!query.values) return Buffer.from(`"%${storedHash(bytes)}.sha256"`)
      return query.keys ? bytes : storedValue(bytes)
    }

    return (abort, cb) => {
      if (abort) {
        finish(abort)
        cb(abort)
      } else if (ended) cb(ended)
      else {
        waiting = cb
        advance()
      }
    }
  }
}
