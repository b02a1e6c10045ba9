// SPDX-License-Identifier: AGPL-3.0-or-later
// Feeds: messages stored in any order and read in ascending order; duplicates, forks and quotas.

import t from 'tap'
import { FEED_LISTENERS_TURN, KIB } from '../../src/lib/limits.js'
import { parseStored, storedReceived, verifyMessage } from '../../src/ssb/message.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import { openTestStore } from '../helpers/store.js'

const verified = (feed: TestFeed, ...sequences: number[]) =>
  sequences.map((s) => verifyMessage(feed.messages[s - 1]))
const sequences = (list: Array<{ sequence: number }>): number[] => list.map(({ sequence }) => sequence)

t.test('appended messages are read in ascending order from any sequence on', async (t) => {
  const { store, clock } = await openTestStore(t)
  const feed = createTestFeed()
  feed.post(20)
  t.same(await store.feeds.append(feed.id, verified(feed, 3, 1, 2, 5, 4)), {
    added: 5,
    duplicates: 0,
    forked: [],
    full: null,
  })
  t.same(sequences(store.feeds.read(feed.id, 1, 100)), [1, 2, 3, 4, 5])
  t.same(sequences(store.feeds.read(feed.id, 3, 2)), [3, 4])
  t.same(store.feeds.read(feed.id, 6, 100), [])
  t.same(store.feeds.read(feed.id, Number.MAX_SAFE_INTEGER, 1), [], 'however high the sequence asked for')
  const [stored] = store.feeds.read(feed.id, 1, 1)
  t.same(parseStored(stored?.bytes as Buffer).value, feed.messages[0])
  t.equal(storedReceived(stored?.bytes as Buffer), clock.now())
  t.same(store.feeds.info(createTestFeed().id), { latest: 0, messages: 0, bytes: 0, gaps: [], forked: false })
})

t.test('gaps are recorded and filled; duplicates change nothing', async (t) => {
  const { store, reopen } = await openTestStore(t)
  const feed = createTestFeed()
  feed.post(10)
  await store.feeds.append(feed.id, verified(feed, 4, 8))
  t.match(store.feeds.info(feed.id), {
    latest: 8,
    messages: 2,
    gaps: [
      { from: 1, to: 3 },
      { from: 5, to: 7 },
    ],
  })
  t.same(sequences(store.feeds.read(feed.id, 1, 10)), [4, 8], 'a gapped feed is served as it is stored')
  t.match(await store.feeds.append(feed.id, verified(feed, 4, 6)), { added: 1, duplicates: 1 })
  const again = await reopen()
  t.match(again.feeds.info(feed.id), {
    messages: 3,
    gaps: [
      { from: 1, to: 3 },
      { from: 5, to: 5 },
      { from: 7, to: 7 },
    ],
  })
  await again.feeds.append(feed.id, verified(feed, 1, 2, 3, 5, 7))
  t.match(again.feeds.info(feed.id), { latest: 8, messages: 8, gaps: [] })
  t.same(await again.verify(), [])
})

t.test('a second message of one sequence is rejected, and the feed stays marked as forked', async (t) => {
  const { store, reopen } = await openTestStore(t)
  const feed = createTestFeed()
  feed.post(3)
  const other = createTestFeed(feed.keys)
  other.post(3, 'another tide')
  await store.feeds.append(feed.id, verified(feed, 1, 2))
  t.same(await store.feeds.append(feed.id, verified(other, 2)), {
    added: 0,
    duplicates: 0,
    forked: [2],
    full: null,
  })
  t.ok(store.feeds.info(feed.id).forked)
  t.same(
    parseStored(store.feeds.read(feed.id, 2, 1)[0]?.bytes as Buffer).value,
    feed.messages[1],
    'the first stays',
  )
  t.ok((await reopen()).feeds.info(feed.id).forked)
})

t.test('two messages of one sequence in one batch are a fork', async (t) => {
  const { store } = await openTestStore(t)
  const feed = createTestFeed()
  const other = createTestFeed(feed.keys)
  feed.post(1)
  other.post(1, 'another tide')
  const outcome = await store.feeds.append(feed.id, [...verified(feed, 1), ...verified(other, 1)])
  t.match(outcome, { added: 1, forked: [1] })
})

t.test('a batch has messages of one author', async (t) => {
  const { store } = await openTestStore(t)
  const [a, b] = [createTestFeed(), createTestFeed()]
  a.post(1)
  b.post(1)
  await t.rejects(store.feeds.append(a.id, [...verified(a, 1), ...verified(b, 1)]), {
    code: 'message_unwanted',
  })
  t.equal(store.feeds.info(a.id).messages, 0, 'and nothing of a mixed one is kept')
})

t.test('a full feed and a full store are reported, and keep their messages', async (t) => {
  const feed = createTestFeed()
  feed.post(40)
  const all = verified(feed, ...Array.from({ length: 40 }, (_, i) => i + 1))
  const small = await openTestStore(t, { maxFeedBytes: 8 * KIB })
  const outcome = await small.store.feeds.append(feed.id, all)
  t.equal(outcome.full, 'feed_full')
  t.equal(small.store.feeds.info(feed.id).messages, outcome.added)
  t.ok(outcome.added > 5 && small.store.feeds.info(feed.id).bytes <= 9 * KIB)

  const full = await openTestStore(t, { maxBytes: 1 })
  t.match(await full.store.feeds.append(feed.id, all), { added: 0, full: 'store_full' })
  full.store.feeds.setLimits({ maxBytes: 1e12, maxFeedBytes: 1e12 })
  t.match(await full.store.feeds.append(feed.id, all), { added: 40, full: null })
})

t.test('a feed can be deleted, and its space is reused', async (t) => {
  const { store, reopen } = await openTestStore(t, { maxBytes: 12 * KIB })
  const [a, b] = [createTestFeed(), createTestFeed()]
  a.post(40)
  b.post(10)
  const all = (feed: TestFeed) => verified(feed, ...feed.messages.map(({ sequence }) => sequence))
  t.match(await store.feeds.append(a.id, all(a)), { full: 'store_full' })
  t.match(await store.feeds.append(b.id, all(b)), { added: 0, full: 'store_full' })
  await store.feeds.remove(a.id)
  t.same(store.feeds.info(a.id), { latest: 0, messages: 0, bytes: 0, gaps: [], forked: false })
  t.same(store.feeds.read(a.id, 1, 10), [])
  t.match(await store.feeds.append(b.id, all(b)), { added: 10, full: null })
  const again = await reopen()
  t.same(again.feeds.totals(), { feeds: 1, messages: 10, bytes: again.feeds.info(b.id).bytes })
  t.match(await again.feeds.append(a.id, all(a)), { full: 'store_full' }, 'what is kept still counts')
  t.same(await again.verify(), [])
})

t.test(
  'blocked feeds and those without voucher are deleted; those of removed members are kept',
  async (t) => {
    const { store } = await openTestStore(t)
    const voucher = createTestFeed().id
    await store.members.follow(voucher, { by: 'operator', voucher: null, note: '' })
    const held = async (change: (id: string) => Promise<unknown>): Promise<number> => {
      const feed = createTestFeed()
      feed.post(2)
      const by = change === letGo ? 'operator' : 'voucher'
      await store.members.follow(feed.id, { by, voucher: by === 'voucher' ? voucher : null, note: '' })
      await store.feeds.append(feed.id, verified(feed, 1, 2))
      await change(feed.id)
      // resolves after one more write
      await store.settings.change({})
      return store.feeds.info(feed.id).messages
    }
    const letGo = (id: string) => store.members.unfollow(id)
    t.equal(await held((id) => store.members.block(id, '')), 0)
    t.equal(await held((id) => store.members.unfollow(id, voucher)), 0)
    t.equal(await held(letGo), 2)
  },
)

t.test('subscribers are called after the flush, once per batch, until they unsubscribe', async (t) => {
  const { store } = await openTestStore(t)
  const feed = createTestFeed()
  feed.post(4)
  const seen: number[] = []
  const stop = store.feeds.subscribe(feed.id, () => seen.push(store.feeds.info(feed.id).latest))
  store.feeds.subscribe(createTestFeed().id, () => t.fail('of another feed'))
  await store.feeds.append(feed.id, verified(feed, 1, 2))
  await store.feeds.append(feed.id, verified(feed, 2))
  t.same(seen, [2], 'a duplicate is no news')
  stop()
  await store.feeds.append(feed.id, verified(feed, 3))
  t.same(seen, [2])
})

t.test(
  'many subscribers are called in turns: all of them, except those that unsubscribed, and none after close',
  async (t) => {
    const { store } = await openTestStore(t)
    const [feed, other] = [createTestFeed(), createTestFeed()]
    feed.post(4)
    other.post(1)
    const many = 3 * FEED_LISTENERS_TURN
    const seen: number[][] = []
    const stops = Array.from({ length: many }, (_, i) => {
      const told: number[] = []
      seen.push(told)
      return store.feeds.subscribe(feed.id, () => {
        told.push(store.feeds.info(feed.id).latest)
        if (i === 0) stops[1]?.()
        // the first of the second turn, as one of the first turn had unsubscribed
        if (i === FEED_LISTENERS_TURN + 1) stops[many - 1]?.()
      })
    })
    const others: number[] = []
    store.feeds.subscribe(other.id, () => others.push(1))
    const told = (): number => seen.filter(({ length }) => length > 0).length
    let written = false
    const writing = store.feeds.append(feed.id, verified(feed, 1)).then(() => {
      written = true
    })
    let before = 0
    let most = 0
    for (let left = 20; left > 0; left -= written ? 1 : 0) {
      await new Promise(setImmediate)
      most = Math.max(most, told() - before)
      before = told()
    }
    await writing
    t.equal(most, FEED_LISTENERS_TURN, 'so many in a turn')
    t.same(seen[1], [], 'gone in the same turn')
    t.same(seen[many - 1], [], 'gone before its turn')
    for (const [i, told] of seen.entries()) if (i !== 1 && i !== many - 1) t.same(told, [1])

    // two writes and a new subscriber while the first is being reported
    await store.feeds.append(feed.id, verified(feed, 2))
    const late: number[] = []
    store.feeds.subscribe(feed.id, () => late.push(store.feeds.info(feed.id).latest))
    await Promise.all([
      store.feeds.append(feed.id, verified(feed, 3)),
      store.feeds.append(other.id, verified(other, 1)),
    ])
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    t.same(late, [3])
    t.same(others, [1], 'and whoever listens to another feed')
    for (const [i, told] of seen.entries()) if (i !== 1 && i !== many - 1) t.equal(told.at(-1), 3)

    const first = JSON.stringify(seen)
    const last = store.feeds.append(feed.id, verified(feed, 4)).then(() => store.feeds.close())
    await last
    const atEnd = JSON.stringify(seen)
    t.not(atEnd, first)
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    t.equal(JSON.stringify(seen), atEnd, 'nobody is told any more')
  },
)

t.test('a subscriber that throws does not affect the others', async (t) => {
  const { store } = await openTestStore(t)
  const feed = createTestFeed()
  feed.post(1)
  const many = 2 * FEED_LISTENERS_TURN
  let told = 0
  for (let i = 0; i < many; i++) {
    store.feeds.subscribe(feed.id, () => {
      told += 1
      if (i === 0 || i === many - 1) throw new Error('a listener of this test')
    })
  }
  await store.feeds.append(feed.id, verified(feed, 1))
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  t.equal(told, many)
})

t.test('totals count feeds, messages and bytes', async (t) => {
  const { store } = await openTestStore(t)
  let bytes = 0
  for (let i = 0; i < 3; i++) {
    const feed = createTestFeed()
    feed.post(2)
    await store.feeds.append(feed.id, verified(feed, 1, 2))
    bytes += store.feeds.info(feed.id).bytes
  }
  t.ok(bytes > 0)
  t.same(store.feeds.totals(), { feeds: 3, messages: 6, bytes })
  t.ok(store.bytes() > 0)
})
