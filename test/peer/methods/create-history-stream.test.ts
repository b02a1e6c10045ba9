// createHistoryStream: what is asked for, in ascending order, old then live, at the reader's pace.

import type { AddressInfo } from 'node:net'
import { createServer, connect as tcp } from 'node:net'
import t from 'tap'
import { GAP_SETTLE_MS, HISTORY_LIVE_STREAMS, HISTORY_TURN, OUTGOING_BYTES } from '../../../src/lib/limits.js'
import { createHistory, parseHistoryQuery } from '../../../src/peer/methods/create-history-stream.js'
import { createSession, type Session } from '../../../src/peer/session.js'
import { createLink, type Link } from '../../../src/peer/wire/link.js'
import type { End, Source } from '../../../src/peer/wire/pull.js'
import { verifyMessage } from '../../../src/ssb/message.js'
import { collect } from '../../helpers/client.js'
import { createTestFeed } from '../../helpers/feed.js'
import { openTestStore, silentLog } from '../../helpers/store.js'

/** A real link between two sockets of this process. */
async function openLink(t: { teardown(fn: () => unknown): void }): Promise<Link> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Link>((resolve) =>
    server.once('connection', (socket) => resolve(createLink(socket, 'test', Date.now, () => {}))),
  )
  const client = tcp((server.address() as AddressInfo).port, '127.0.0.1')
  const link = await accepted
  t.teardown(() => {
    client.destroy()
    link.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return link
}

async function setUp(t: { teardown(fn: () => unknown): void }, messages = 10) {
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
  const history = createHistory(
    { store, clock, log: silentLog, own: keys.id },
    { asked: (_, id) => told.push(`asked ${id}`), sent: (_, id) => told.push(`sent ${id}`) },
  )
  const session = createSession(feed.id, 'member', await openLink(t), silentLog)
  const open = (query: object): Source<Buffer> => history(session, { id: feed.id, ...query })
  return { ...opened, feed, add, history, session, open, told }
}

/** Reads and says at once that it has left the queue, as the wire does. */
async function sequencesOf(session: Session, read: Source<Buffer>, count?: number): Promise<number[]> {
  const items = await collect(read, count)
  return items.map((item) => {
    session.outflow.left(item.length)
    const parsed = JSON.parse(item.toString())
    return (parsed.value ?? parsed).sequence
  })
}

/** Drains a source as muxrpc does, as fast as it answers; what comes leaves at once by the session, if there is one. */
function drained(read: Source<Buffer>, session?: Session): { taken: Buffer[]; ended: () => End } {
  const taken: Buffer[] = []
  let ended: End = null
  const next = (): void =>
    read(null, (end, data) => {
      if (end) ended = end
      else {
        taken.push(data as Buffer)
        session?.outflow.left((data as Buffer).length)
        next()
      }
    })
  next()
  return { taken, ended: () => ended }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Enough turns of the event loop for whatever these tests have waiting. */
async function turnsGone(): Promise<void> {
  for (let i = 0; i < 50; i++) await tick()
}

t.test('sequence is inclusive, seq is the same, limit limits', async (t) => {
  const { add, open, session } = await setUp(t)
  await add(1, 2, 3, 4, 5)
  const ask = (query: object): Promise<number[]> => sequencesOf(session, open(query))
  t.same(await ask({}), [1, 2, 3, 4, 5])
  t.same(await ask({ sequence: 3 }), [3, 4, 5])
  t.same(await ask({ seq: 4 }), [4, 5])
  t.same(await ask({ sequence: 2, limit: 2 }), [2, 3])
  t.same(await ask({ sequence: 0, limit: -1 }), [1, 2, 3, 4, 5])
  t.same(await ask({ seq: -1, limit: 0, live: null }), [1, 2, 3, 4, 5])
  t.same(await ask({ sequence: 6 }), [])
  t.same(await ask({ sequence: 1e15 }), [])
  t.same(await ask({ old: false }), [])
  t.same(await ask({ live: true, limit: 2 }), [1, 2], 'a limit ends a live stream too')
  t.equal(session.calls, 0, 'every stream was counted out again')
})

t.test('keys and values choose the form', async (t) => {
  const { add, open, feed } = await setUp(t)
  await add(1)
  const first = async (query: object): Promise<unknown> => (await collect(open(query)))[0]
  const keyed = JSON.parse(String(await first({})))
  t.same(keyed.value, feed.messages[0])
  t.match(keyed.key, /^%.{44}\.sha256$/)
  t.type(keyed.timestamp, 'number')
  t.same(JSON.parse(String(await first({ keys: false }))), feed.messages[0])
  t.equal(JSON.parse(String(await first({ values: false }))), keyed.key, 'JSON as the rest is')
})

t.test('arguments that are not what they should be are refused', async (t) => {
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
  const { add, open, session, store, feed } = await setUp(t)
  await add(1, 2)
  const read = open({ live: true })
  t.same(await sequencesOf(session, (a, cb) => read(a, cb), 0), [])
  const reading = sequencesOf(session, read, 4)
  await add(3)
  await add(4)
  t.same(await reading, [1, 2, 3, 4])
  t.equal(session.calls, 0)
  const waiting = open({ live: true, old: false })
  const ended = new Promise<End>((resolve) => waiting(null, resolve))
  waiting(true, () => {})
  t.equal(await ended, true, 'a waiting read is let go')
  await add(5)
  t.equal(session.calls, 0)
  t.equal(store.feeds.info(feed.id).latest, 5)
})

t.test('a live stream waits a moment at a hole behind a fresh message', async (t) => {
  const { add, open, session, clock } = await setUp(t)
  const read = open({ live: true })
  const reading = sequencesOf(session, read, 4)
  await add(1, 2, 4)
  await tick()
  await add(3)
  t.same(await reading, [1, 2, 3, 4], 'its filler came in time')

  const next = sequencesOf(session, open({ live: true, sequence: 5 }), 1)
  await add(7)
  await tick()
  t.equal(clock.pending(), 1, 'waiting')
  clock.advance(GAP_SETTLE_MS)
  t.same(await next, [7], 'and if it does not come, the feed is served as it is stored')
  t.equal(clock.pending(), 0)
  t.same(await sequencesOf(session, open({ sequence: 5 })), [7], 'a stream of old messages never waits')
})

t.test('a feed we do not follow reads as an empty one', async (t) => {
  const { add, history, session, store, feed, keys } = await setUp(t)
  await add(1, 2)
  const ask = (id: string): Promise<number[]> => sequencesOf(session, history(session, { id }))
  t.same(await ask(createTestFeed().id), [])
  t.same(await ask(keys.id), [1], 'our own is served')
  await store.members.unfollow(feed.id)
  t.same(await ask(feed.id), [], 'kept, and no longer served')
  await store.members.block(feed.id, '')
  t.same(await ask(feed.id), [])
})

t.test('a reader that does not read is handed no more than fits', async (t) => {
  const { store, feed, add, session, open } = await setUp(t, 1200)
  await add(...Array.from({ length: 1200 }, (_, i) => i + 1))
  t.ok(store.feeds.info(feed.id).bytes > 3 * OUTGOING_BYTES)
  const read = open({})
  const taken: Buffer[] = []
  let ended: End = null
  // muxrpc drains a source as fast as it answers, whatever the socket does
  const drain = (): void =>
    read(null, (end, data) => {
      if (end) ended = end
      else {
        taken.push(data as Buffer)
        drain()
      }
    })
  drain()
  await turnsGone()
  const size = (): number => taken.reduce((sum, { length }) => sum + length, 0)
  t.ok(size() >= OUTGOING_BYTES && size() < OUTGOING_BYTES + 8192, `${size()} bytes are on their way`)
  for (let left = 0; left < taken.length; left++) {
    session.outflow.left((taken[left] as Buffer).length)
    await tick()
  }
  t.equal(ended, true, 'and all of it comes as room is made')
  t.equal(taken.length, 1200)
})

t.test(
  'however many streams are opened at once, and whatever they send, no more is handed over than fits',
  async (t) => {
    for (const query of [{ values: false }, { keys: false }, {}]) {
      const { feed, add, session, open } = await setUp(t, 300)
      await add(...feed.messages.map(({ sequence }) => sequence))
      const streams = Array.from({ length: 150 }, () => drained(open(query)))
      const bytes = (): number =>
        streams.flatMap(({ taken }) => taken).reduce((sum, { length }) => sum + length, 0)
      await turnsGone()
      const what = JSON.stringify(query)
      t.ok(bytes() >= OUTGOING_BYTES && bytes() < OUTGOING_BYTES + 8192, `${bytes()} bytes for ${what}`)
      for (const { taken } of streams.slice(100)) t.equal(taken.length, 0)
      session.outflow.left(bytes())
      t.ok(bytes() > OUTGOING_BYTES, 'and more comes as room is made')
    }
  },
)

t.test(
  'a turn of the event loop sends so many messages, to all readers together, and the next goes on',
  async (t) => {
    const { feed, add, session, history } = await setUp(t, 2 * HISTORY_TURN)
    const all = feed.messages.map(({ sequence }) => sequence)
    await add(...all)
    const other = createSession(feed.id, 'member', session.link, silentLog)
    // readers that keep up: what they are handed has left at once
    const ask = { id: feed.id, keys: false }
    const streams = [session, session, session, other].map((s) => drained(history(s, ask), s))
    const sent = (): number => streams.reduce((sum, { taken }) => sum + taken.length, 0)
    let before = 0
    for (const [, , c, fair] of Array.from({ length: 40 }, () => streams)) {
      t.ok(sent() - before <= HISTORY_TURN, `${sent() - before} in a turn`)
      before = sent()
      if (c?.ended())
        t.equal(fair?.ended(), true, 'who asks for one has not waited for all that others ask for')
      if (streams.every(({ ended }) => ended())) break
      await tick()
    }
    for (const { taken, ended } of streams) {
      t.same(
        taken.map((json) => JSON.parse(json.toString()).sequence),
        all,
      )
      t.equal(ended(), true)
    }
    t.equal(session.calls, 0)
  },
)

t.test('who leaves while waiting for a turn is not served', async (t) => {
  const { feed, add, session, open } = await setUp(t, HISTORY_TURN)
  await add(...feed.messages.map(({ sequence }) => sequence))
  const first = drained(open({ values: false }), session)
  const read = open({})
  const gone = drained(read, session)
  read(true, () => {})
  await turnsGone()
  t.equal(first.taken.length, HISTORY_TURN)
  t.same(gone.taken, [])
  t.equal(session.calls, 0)
})

t.test('so many live streams of one feed on a connection, and no more until one of them ends', async (t) => {
  const { add, open, session, history, feed, keys } = await setUp(t)
  const streams = Array.from({ length: HISTORY_LIVE_STREAMS }, () => open({ live: true }))
  const reads = streams.map((read) => drained(read))
  const { calls } = session
  t.throws(() => open({ live: true }), { code: 'busy' })
  t.equal(session.calls, calls, 'what is refused is not counted')
  await add(1)
  for (const { taken } of reads) t.equal(taken.length, 1)
  t.same((await collect(open({}))).length, 1, 'one that is not live comes in all the same')
  t.doesNotThrow(() => history(session, { id: keys.id, live: true })(true, () => {}), 'and another feed')
  const other = createSession(feed.id, 'member', session.link, silentLog)
  t.doesNotThrow(() => history(other, { id: feed.id, live: true }), 'and another connection')
  streams[0]?.(true, () => {})
  streams[0]?.(true, () => {})
  open({ live: true })
  t.throws(() => open({ live: true }), { code: 'busy' }, 'leaving twice frees one place')
})

t.test('replication hears when a client’s own backlog was asked for and sent', async (t) => {
  const { add, open, session, told, feed } = await setUp(t)
  await add(1)
  const reading = sequencesOf(session, open({ live: true }), 2)
  await tick()
  t.same(told, [`asked ${feed.id}`, `sent ${feed.id}`])
  await add(2)
  await reading
  t.equal(told.length, 2, 'once')
})
