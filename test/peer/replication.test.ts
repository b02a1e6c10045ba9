// SPDX-License-Identifier: AGPL-3.0-or-later
// Replication: after a client has received its own feed, the relay requests missing messages and stores valid ones.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { BAD_MESSAGES_PER_STREAM, CLIENT_FIRST_MS, GAP_ASKS, GAP_EXTRA } from '../../src/lib/limits.js'
import { verifyMessage } from '../../src/ssb/message.js'
import { collect } from '../helpers/client.js'
import { createTestFeed } from '../helpers/feed.js'
import { startTestPeer } from '../helpers/peer.js'
import { until } from '../helpers/wait.js'

interface Asked {
  id: string
  sequence: number
  seq: number
  live: boolean
  limit?: number
}

/** A client's createHistoryStream that records requests and sends what the test pushes. */
function pushing() {
  const asked: Asked[] = []
  const sinks: Array<(value: unknown) => void> = []
  const aborted: unknown[] = []
  return {
    asked,
    aborted,
    push: (value: unknown, stream = 0) => sinks[stream]?.(value),
    createHistoryStream(options: Asked) {
      const index = asked.push(options) - 1
      const buffer: unknown[] = []
      let waiting: ((end: unknown, data?: unknown) => void) | null = null
      sinks[index] = (value) => {
        buffer.push(value)
        const cb = waiting
        waiting = null
        cb?.(null, buffer.shift())
      }
      return (abort: unknown, cb: (end: unknown, data?: unknown) => void) => {
        if (abort) {
          aborted.push(options.id)
          waiting?.(abort)
          return cb(abort)
        }
        if (buffer.length > 0) cb(null, buffer.shift())
        else waiting = cb
      }
    },
  }
}

t.test('the client requests its own feed first, then the relay requests it', async (t) => {
  const { connect, follow, store, clock } = await startTestPeer(t)
  const feed = createTestFeed()
  feed.post(3)
  await follow(feed.id)
  const client = pushing()
  const { rpc } = await connect(feed.keys, client)
  await rpc.whoami()
  t.same(client.asked, [], 'not before')
  t.same(await collect(rpc.createHistoryStream({ id: feed.id })), [])
  await until('the relay asks', () => client.asked.length > 0)
  t.same(client.asked, [{ id: feed.id, sequence: 1, seq: 1, live: true }])
  for (const value of feed.messages) client.push({ key: 'whatever', value, timestamp: 1 })
  await until('all are kept', () => store.feeds.info(feed.id).latest === 3)
  clock.advance(CLIENT_FIRST_MS)
  await rpc.whoami()
  t.equal(client.asked.length, 1, 'and it is asked once')
})

t.test('a client that requests nothing is asked after a moment; a late request delays that', async (t) => {
  const { connect, follow, clock } = await startTestPeer(t)
  const [silent, slow] = [createTestFeed(), createTestFeed()]
  await follow(silent.id)
  await follow(slow.id)
  const [a, b] = [pushing(), pushing()]
  const first = await connect(silent.keys, a)
  await first.rpc.whoami()
  clock.advance(CLIENT_FIRST_MS - 1)
  t.equal(a.asked.length, 0)
  clock.advance(1)
  await until('after the grace', () => a.asked.length === 1)

  const second = await connect(slow.keys, b)
  // a history of another feed is not the client's own
  t.equal((await collect(second.rpc.createHistoryStream({ id: silent.id }))).length, 0)
  t.equal(b.asked.length, 0)
  t.same(await collect(second.rpc.createHistoryStream({ id: slow.id })), [])
  await until('once its own was served', () => b.asked.length === 1)
})

t.test('bare values and sync marks are accepted; stored messages are not requested again', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const feed = createTestFeed()
  feed.post(4)
  await follow(feed.id)
  const before = pushing()
  const one = await connect(feed.keys, before)
  await collect(one.rpc.createHistoryStream({ id: feed.id }))
  await until('asked', () => before.asked.length === 1)
  before.push(feed.messages[0])
  before.push({ sync: true })
  before.push(feed.messages[1])
  await until('kept', () => store.feeds.info(feed.id).latest === 2)
  await one.close()

  const after = pushing()
  const two = await connect(feed.keys, after)
  await collect(two.rpc.createHistoryStream({ id: feed.id }))
  await until('asked again', () => after.asked.length === 1)
  t.match(after.asked[0], { sequence: 3, seq: 3 })
})

t.test('gaps are requested on later connections, a limited number of times', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const feed = createTestFeed()
  feed.post(9)
  await follow(feed.id)
  /** Connects once; `count` calls are waited for. */
  const round = async (count: number): Promise<ReturnType<typeof pushing>> => {
    const client = pushing()
    const { rpc, close } = await connect(feed.keys, client)
    await collect(rpc.createHistoryStream({ id: feed.id }))
    await until('asked', () => client.asked.length >= count)
    if (store.feeds.info(feed.id).latest === 0) {
      for (const s of [1, 2, 5, 9]) client.push(feed.messages[s - 1])
      await until('kept', () => store.feeds.info(feed.id).messages === 4)
    }
    await rpc.whoami()
    await close()
    return client
  }
  t.equal((await round(1)).asked.length, 1, 'nothing was known to be missing')
  for (let i = 0; i < GAP_ASKS; i++) {
    const { asked } = await round(3)
    t.match(asked, [
      { sequence: 10, live: true },
      { sequence: 3, seq: 3, limit: 2 + (i === 0 ? 0 : 5) + GAP_EXTRA[0], live: false },
      { sequence: 6, seq: 6, limit: 3 + (i === 0 ? 0 : 1) + GAP_EXTRA[0], live: false },
    ])
  }
  t.equal((await round(1)).asked.length, 1, 'after that they are taken as lost')
})

t.test('invalid messages are rejected, valid ones beside them are stored', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const [feed, other, stranger] = [createTestFeed(), createTestFeed(), createTestFeed()]
  feed.post(3)
  other.post(1)
  stranger.post(1)
  const fork = createTestFeed(feed.keys)
  fork.post(1, 'a second first')
  await follow(feed.id)
  await follow(other.id)
  const client = pushing()
  const { rpc } = await connect(feed.keys, client)
  await collect(rpc.createHistoryStream({ id: feed.id }))
  await until('asked', () => client.asked.length === 1)
  client.push(feed.messages[0])
  await until('the first', () => store.feeds.info(feed.id).latest === 1)
  for (const bad of [
    null,
    7,
    'text',
    [],
    {},
    { value: null },
    { value: { ...feed.messages[1], sequence: 9 } },
  ]) {
    client.push(bad)
  }
  client.push(stranger.messages[0])
  client.push(other.messages[0])
  client.push(fork.messages[0])
  client.push(feed.messages[1])
  await until('the second', () => store.feeds.info(feed.id).latest === 2)
  t.equal(store.feeds.info(stranger.id).messages, 0, 'of a feed we do not follow')
  t.equal(store.feeds.info(other.id).messages, 0, 'of a feed that was not asked for here')
  t.ok(store.feeds.info(feed.id).forked)
  t.match(await rpc.whoami(), { id: /^@/ }, 'the connection stays')
})

t.test('a stream of invalid messages is ended', async (t) => {
  const { connect, follow } = await startTestPeer(t)
  const feed = createTestFeed()
  await follow(feed.id)
  const client = pushing()
  const { rpc } = await connect(feed.keys, client)
  await collect(rpc.createHistoryStream({ id: feed.id }))
  await until('asked', () => client.asked.length === 1)
  for (let i = 0; i <= BAD_MESSAGES_PER_STREAM; i++) client.push({ value: { rubbish: i } })
  await until('the relay hangs up on the stream', () => client.aborted.length === 1)
  t.match(await rpc.whoami(), { id: /^@/ })
})

t.test('a vouched feed is requested from its voucher', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const [voucher, friend] = [createTestFeed(), createTestFeed()]
  friend.post(2)
  await follow(voucher.id)
  const client = pushing()
  const { rpc } = await connect(voucher.keys, client)
  await collect(rpc.createHistoryStream({ id: voucher.id }))
  await until('asked for its own', () => client.asked.length === 1)
  const message = await rpc.follow({ feed: friend.id })
  t.match(message.value.content, { contact: friend.id, following: true, voucher: voucher.id })
  await until('asked for the friend’s', () => client.asked.length === 2)
  t.match(client.asked[1], { id: friend.id, sequence: 1, live: true })
  for (const value of friend.messages) client.push(value, 1)
  await until('kept', () => store.feeds.info(friend.id).latest === 2)
  await rpc.follow({ feed: friend.id, following: false })
  friend.post(1)
  client.push(friend.messages[2], 1)
  await until('no longer listened to', () => client.aborted.includes(friend.id))
  t.equal(store.feeds.info(friend.id).messages, 0, 'and what it left makes room')
})

t.test('a reset feed is requested from its first message', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const feed = createTestFeed()
  feed.post(5)
  const other = createTestFeed(feed.keys)
  other.post(4, 'from an old copy')
  await follow(feed.id)
  await store.feeds.append(feed.id, other.messages.map(verifyMessage))
  const client = pushing()
  const { rpc } = await connect(feed.keys, client)
  await collect(rpc.createHistoryStream({ id: feed.id }))
  await until('asked', () => client.asked.length === 1)
  t.match(client.asked[0], { sequence: 5 })
  client.push(feed.messages[4])
  await until('seen', () => store.feeds.info(feed.id).forked)
  t.equal(store.feeds.info(feed.id).latest, 4)
  t.same(await store.feeds.reset(feed.id), { messages: 4 })
  await until('asked again', () => client.asked.length === 2)
  t.match(client.asked[1], { sequence: 1, seq: 1, live: true })
  for (const value of feed.messages) client.push(value, 1)
  await until('its own branch', () => store.feeds.info(feed.id).messages === 5)
  t.notOk(store.feeds.info(feed.id).forked)
})

t.test('a feed that does not fit ends its stream, and the connection is read on', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const feed = createTestFeed()
  feed.post(2000)
  await follow(feed.id)
  store.feeds.setLimits({ maxBytes: 1e12, maxFeedBytes: 100_000 })
  const client = pushing()
  const { rpc } = await connect(feed.keys, client)
  await collect(rpc.createHistoryStream({ id: feed.id }))
  await until('asked', () => client.asked.length === 1)
  // more than may wait for the disk: the socket is held, and must be let go of exactly once
  for (const value of feed.messages) client.push(value)
  await until('the relay wants no more', () => client.aborted.length === 1)
  for (let i = 0; i < 3; i++) t.match(await rpc.whoami(), { id: /^@/ }, 'still heard')
  const { messages, bytes } = store.feeds.info(feed.id)
  t.ok(messages > 10 && bytes <= 110_000, `${messages} were kept`)
})

t.test('timers go with the connection', async (t) => {
  const { connect, follow, clock } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  await follow(keys.id)
  const idle = clock.pending()
  const client = await connect(keys)
  await client.rpc.whoami()
  t.ok(clock.pending() > idle)
  await client.close()
  await until('none is left', () => clock.pending() === idle)
})
