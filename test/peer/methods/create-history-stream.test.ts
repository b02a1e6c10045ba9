// SPDX-License-Identifier: AGPL-3.0-or-later
// createHistoryStream: ascending order, stored then live messages, back-pressure.

import t, { type Test } from 'tap'
import { GAP_SETTLE_MS, HISTORY_LIVE_STREAMS, HISTORY_TURN, OUTGOING_BYTES } from '../../../src/lib/limits.js'
import { createAccess } from '../../../src/peer/access.js'
import { historyMethods, parseHistoryQuery } from '../../../src/peer/methods/create-history-stream.js'
import { verifyMessage } from '../../../src/ssb/message.js'
import { openCaller, type TestCaller } from '../../helpers/caller.js'
import { createTestFeed } from '../../helpers/feed.js'
import { END, JSON_BODY, STREAM } from '../../helpers/session.js'
import { openTestStore, silentLog } from '../../helpers/store.js'
import { until } from '../../helpers/wait.js'

async function setUp(t: Test, messages = 10, isRead = true) {
  const opened = await openTestStore(t)
  const { store, clock, keys } = opened
  const feed = createTestFeed()
  feed.post(messages)
  await store.members.follow(feed.id, { by: 'operator', voucher: null, note: '' })
  const add = (...sequences: number[]) =>
    store.feeds.append(
      feed.id,
      sequences.map((s) => verifyMessage(feed.messages[s - 1])),
    )
  const told: string[] = []
  const methods = historyMethods(
    createAccess(() => store.settings.get().mode),
    {
      ...{ store, clock, log: silentLog, own: keys.id },
      backlog: { asked: (_, id) => told.push(`asked ${id}`), sent: (_, id) => told.push(`sent ${id}`) },
    },
  )
  const connect = (): TestCaller => openCaller({ id: feed.id, methods, isRead })
  const caller = connect()
  const open = (query: object, from = caller): number =>
    from.open('createHistoryStream', 'source', { id: feed.id, ...query })
  /** The answer to a query, up to a number of messages; then the stream is ended. */
  const ask = async (query: object, count = Number.POSITIVE_INFINITY): Promise<unknown[]> => {
    const request = open(query)
    await until('the answers', () => caller.end(request) !== undefined || taken(caller, request) >= count)
    if (caller.end(request) === undefined) leave(caller, request)
    t.equal(caller.end(request), true, 'it ended well')
    return caller.data(request)
  }
  const sequences = async (query: object, count?: number): Promise<number[]> =>
    (await ask(query, count)).map(sequenceOf)
  return { ...opened, feed, add, caller, connect, open, ask, sequences, told }
}

const sequenceOf = (item: unknown): number => {
  const message = item as { sequence: number; value?: { sequence: number } }
  return (message.value ?? message).sequence
}

/** Messages that have come on a request. */
const taken = (caller: TestCaller, request: number): number =>
  caller.on(request).filter(({ flags }) => !(flags & END)).length

/** Ends a stream from the reader's side. */
const leave = (caller: TestCaller, request: number): void =>
  caller.send(STREAM | END | JSON_BODY, request, true)

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Enough turns of the event loop for all waiting work of these tests. */
async function turnsGone(): Promise<void> {
  for (let i = 0; i < 50; i++) await tick()
}

t.test('sequence is inclusive, seq is the same, limit limits', async (t) => {
  const { add, caller, sequences } = await setUp(t)
  await add(1, 2, 3, 4, 5)
  t.same(await sequences({}), [1, 2, 3, 4, 5])
  t.same(await sequences({ sequence: 3 }), [3, 4, 5])
  t.same(await sequences({ seq: 4 }), [4, 5])
  t.same(await sequences({ sequence: 2, limit: 2 }), [2, 3])
  t.same(await sequences({ sequence: 0, limit: -1 }), [1, 2, 3, 4, 5])
  t.same(await sequences({ seq: -1, limit: 0, live: null }), [1, 2, 3, 4, 5])
  t.same(await sequences({ sequence: 6 }), [])
  t.same(await sequences({ sequence: 1e15 }), [])
  t.same(await sequences({ old: false }), [])
  t.same(await sequences({ live: true, limit: 2 }), [1, 2], 'a limit ends a live stream too')
  t.equal(caller.session.streams, 0, 'every stream was counted out again')
})

t.test('keys and values choose the form', async (t) => {
  const { add, ask, feed } = await setUp(t)
  await add(1)
  // biome-ignore lint/suspicious/noExplicitAny: any value from the wire
  const first = async (query: object): Promise<any> => (await ask(query))[0]
  const keyed = await first({})
  t.same(keyed.value, feed.messages[0])
  t.match(keyed.key, /^%.{44}\.sha256$/)
  t.type(keyed.timestamp, 'number')
  t.same(await first({ keys: false }), feed.messages[0])
  t.equal(await first({ values: false }), keyed.key, 'JSON as the rest is')
})

t.test('invalid arguments are rejected', async (t) => {
  const id = createTestFeed().id
  const wrong: Array<[unknown, string]> = [
    [undefined, 'bad_argument'],
    [null, 'bad_argument'],
    [7, 'bad_argument'],
    [[], 'bad_argument'],
    [{}, 'bad_feed_id'],
    ['@nobody', 'bad_feed_id'],
    [{ id: { toString: () => id } }, 'bad_feed_id'],
    [JSON.parse(`{"__proto__":{"id":"${id}"}}`), 'bad_feed_id'],
    [{ id, sequence: '3' }, 'bad_argument'],
    [{ id, sequence: 1.5 }, 'bad_argument'],
    [{ id, seq: Number.NaN }, 'bad_argument'],
    [{ id, limit: [] }, 'bad_argument'],
    [{ id, limit: Number.POSITIVE_INFINITY }, 'bad_argument'],
    [{ id, live: 'yes' }, 'bad_argument'],
    [{ id, live: 1 }, 'bad_argument'],
    [{ id, keys: {} }, 'bad_argument'],
    [{ id, keys: false, values: false }, 'bad_argument'],
  ]
  for (const [argument, code] of wrong)
    t.throws(() => parseHistoryQuery(argument), { code }, JSON.stringify(argument))
  t.match(parseHistoryQuery(id), { id, from: 1, live: false }, 'a bare feed id is an old form')
})

t.test('live goes on from old, ends when the reader leaves, and asks nothing meanwhile', async (t) => {
  const { add, open, caller, sequences, store, feed } = await setUp(t)
  await add(1, 2)
  const reading = sequences({ live: true }, 4)
  await add(3)
  await add(4)
  t.same(await reading, [1, 2, 3, 4])
  t.equal(caller.session.streams, 0)
  const waiting = open({ live: true, old: false })
  await turnsGone()
  t.equal(caller.end(waiting), undefined)
  leave(caller, waiting)
  t.equal(caller.end(waiting), true, 'a stream that waits is let go')
  await add(5)
  await turnsGone()
  t.equal(taken(caller, waiting), 0)
  t.equal(caller.session.streams, 0)
  t.equal(store.feeds.info(feed.id).latest, 5)
})

t.test('a live stream waits a moment at a hole behind a fresh message', async (t) => {
  const { add, sequences, clock } = await setUp(t)
  const reading = sequences({ live: true }, 4)
  await add(1, 2, 4)
  await tick()
  await add(3)
  t.same(await reading, [1, 2, 3, 4], 'its filler came in time')

  const next = sequences({ live: true, sequence: 5 }, 1)
  await add(7)
  await tick()
  t.equal(clock.pending(), 1, 'waiting')
  clock.advance(GAP_SETTLE_MS)
  t.same(await next, [7], 'and if it does not come, the feed is served as it is stored')
  t.equal(clock.pending(), 0)
  t.same(await sequences({ sequence: 5 }), [7], 'a stream of old messages never waits')
})

t.test('a feed we do not follow reads as an empty one', async (t) => {
  const { add, sequences, store, feed, keys } = await setUp(t)
  await add(1, 2)
  const ask = (id: string): Promise<number[]> => sequences({ id })
  t.same(await ask(createTestFeed().id), [])
  t.same(await ask(keys.id), [1], 'our own is served')
  await store.members.unfollow(feed.id)
  t.same(await ask(feed.id), [], 'kept, and no longer served')
  await store.members.block(feed.id, '')
  t.same(await ask(feed.id), [])
})

t.test('a reader that does not read is handed no more than fits', async (t) => {
  const { store, feed, add, caller, open } = await setUp(t, 1200, false)
  await add(...Array.from({ length: 1200 }, (_, i) => i + 1))
  t.ok(store.feeds.info(feed.id).bytes > 3 * OUTGOING_BYTES)
  const request = open({})
  await turnsGone()
  const size = caller.waiting()
  t.ok(size >= OUTGOING_BYTES && size < OUTGOING_BYTES + 8192, `${size} bytes are on their way`)
  t.equal(caller.session.queued, size)
  let most = 0
  for (let left = 0; left < caller.frames.length; left++) {
    caller.flush(9 + (caller.frames[left]?.body.length as number))
    most = Math.max(most, caller.waiting())
    await tick()
  }
  t.ok(most < OUTGOING_BYTES + 8192, `${most} bytes at most`)
  t.equal(caller.end(request), true, 'and all of it comes as room is made')
  t.equal(taken(caller, request), 1200)
})

t.test(
  'however many streams are opened at once, and whatever they send, no more is handed over than fits',
  async (t) => {
    for (const query of [{ values: false }, { keys: false }, {}]) {
      const { feed, add, caller, open } = await setUp(t, 300, false)
      await add(...feed.messages.map(({ sequence }) => sequence))
      const streams = Array.from({ length: 150 }, () => open(query))
      await turnsGone()
      const bytes = caller.waiting()
      const what = JSON.stringify(query)
      t.ok(bytes >= OUTGOING_BYTES && bytes < OUTGOING_BYTES + 8192, `${bytes} bytes for ${what}`)
      for (const request of streams.slice(100)) t.equal(taken(caller, request), 0)
      const { length } = caller.frames
      caller.flush()
      t.ok(caller.frames.length > length, 'and more comes as room is made')
    }
  },
)

t.test(
  'a turn of the event loop sends so many messages, to all readers together, and the next goes on',
  async (t) => {
    const { feed, add, caller, connect, open } = await setUp(t, 2 * HISTORY_TURN)
    const all = feed.messages.map(({ sequence }) => sequence)
    await add(...all)
    const other = connect()
    // fast readers: their bytes are sent at the end of the turn
    const streams = [caller, caller, caller, other].map((from) => ({
      from,
      request: open({ keys: false }, from),
    }))
    const ended = (at: number): unknown => streams[at]?.from.end(streams[at]?.request as number)
    const sent = (): number => streams.reduce((sum, { from, request }) => sum + taken(from, request), 0)
    let before = 0
    for (let turn = 0; turn < 40; turn++) {
      t.ok(sent() - before <= HISTORY_TURN, `${sent() - before} in a turn`)
      before = sent()
      if (ended(2))
        t.equal(ended(3), true, 'a caller that asks for one has not waited for all that others ask for')
      if (streams.every((_, at) => ended(at))) break
      await tick()
    }
    for (const [at, { from, request }] of streams.entries()) {
      t.same(from.data(request).map(sequenceOf), all)
      t.equal(ended(at), true)
    }
    t.equal(caller.session.streams, 0)
  },
)

t.test('a reader that leaves while it waits for a turn is not served', async (t) => {
  const { feed, add, caller, open } = await setUp(t, HISTORY_TURN)
  await add(...feed.messages.map(({ sequence }) => sequence))
  const first = open({ values: false })
  const gone = open({})
  leave(caller, gone)
  await turnsGone()
  t.equal(taken(caller, first), HISTORY_TURN)
  t.equal(taken(caller, gone), 0)
  t.equal(caller.session.streams, 0)
})

t.test('so many live streams of one feed on a connection, and no more until one of them ends', async (t) => {
  const { add, open, ask, caller, connect, keys } = await setUp(t)
  const streams = Array.from({ length: HISTORY_LIVE_STREAMS }, () => open({ live: true }))
  const { session } = caller
  t.match(caller.end(open({ live: true })), { code: 'busy' })
  t.equal(session.streams, HISTORY_LIVE_STREAMS, 'what is refused is not counted')
  await add(1)
  await turnsGone()
  for (const request of streams) t.equal(taken(caller, request), 1)
  t.same((await ask({})).length, 1, 'one that is not live comes in all the same')
  const elsewhere = open({ id: keys.id, live: true })
  t.equal(caller.end(elsewhere), undefined, 'and another feed')
  leave(caller, elsewhere)
  const other = connect()
  t.equal(other.end(open({ live: true }, other)), undefined, 'and another connection')
  leave(caller, streams[0] as number)
  leave(caller, streams[0] as number)
  t.equal(caller.end(open({ live: true })), undefined)
  t.match(caller.end(open({ live: true })), { code: 'busy' }, 'leaving twice frees one place')
})

t.test('replication is notified when a client’s own feed is requested and sent', async (t) => {
  const { add, sequences, told, feed } = await setUp(t)
  await add(1)
  const reading = sequences({ live: true }, 2)
  await tick()
  t.same(told, [`asked ${feed.id}`, `sent ${feed.id}`])
  await add(2)
  await reading
  t.equal(told.length, 2, 'once')
})
