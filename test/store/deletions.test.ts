// SPDX-License-Identifier: AGPL-3.0-or-later
// Deletions: any feed is deleted in bounded steps that survive a kill, and may be filled meanwhile.

import t from 'tap'
import { DELETE_STEP_CHUNKS } from '../../src/lib/limits.js'
import { encodeStored, signMessage, type VerifiedMessage } from '../../src/ssb/message.js'
import type { Store } from '../../src/store/store.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import { openTestStore } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

/** More than one step of chunks, and some single messages. */
const MANY = 20_000
const BATCH = 1000

/** Messages with the feed as author; signatures are not checked here. */
function messagesOf({ keys, id }: TestFeed, count: number): VerifiedMessage[] {
  const like = signMessage(keys, null, { type: 'post', text: 'small' }, 1_600_000_000_000)
  const hashOf = (sequence: number): string => Buffer.alloc(32, `${sequence} `).toString('base64')
  return Array.from({ length: count }, (_, i) => ({
    author: id,
    sequence: i + 1,
    previous: i === 0 ? null : hashOf(i),
    hash: hashOf(i + 1),
    json: JSON.stringify({
      ...JSON.parse(like.json),
      previous: i === 0 ? null : `%${hashOf(i)}.sha256`,
      sequence: i + 1,
    }),
  }))
}

async function fill(store: Store, feed: TestFeed, messages: VerifiedMessage[]): Promise<void> {
  for (let at = 0; at < messages.length; at += BATCH)
    await store.feeds.append(feed.id, messages.slice(at, at + BATCH))
}

const empty = { latest: 0, messages: 0, bytes: 0, gaps: [], forked: false }
const deleted = (store: Store) => until('deleted', () => store.feeds.deleting().messages === 0, 60_000)

t.test('a large feed is deleted in steps, and new messages are kept', async (t) => {
  const opened = await openTestStore(t)
  const { store } = opened
  const feed = createTestFeed()
  const many = messagesOf(feed, MANY)
  await fill(store, feed, many)
  t.same(await store.verify(), [])
  const bytes = store.feeds.totals().bytes
  await store.members.follow(feed.id, { by: 'operator', voucher: null, note: '' })

  await store.members.block(feed.id, '')
  t.same(store.feeds.info(feed.id), empty, 'at once')
  t.same(store.feeds.read(feed.id, 1, 10), [])
  t.same(store.feeds.tip(feed.id), null)
  const { feeds, messages } = store.feeds.deleting()
  t.equal(feeds, 1)
  t.ok(messages > 0 && messages < MANY, `${messages} are left after the first step`)
  t.ok(store.feeds.totals().bytes > 0 && store.feeds.totals().bytes < bytes, 'what is not yet gone counts')

  // followed again during the deletion, with other messages
  const again = createTestFeed(feed.keys)
  const fresh = messagesOf(again, 30)
  await store.feeds.append(feed.id, fresh.slice(0, 10))
  t.ok(store.feeds.deleting().messages > 0, 'while the others are being deleted')
  await store.feeds.append(feed.id, fresh.slice(10))
  t.match(store.feeds.info(feed.id), { latest: 30, messages: 30, gaps: [] })
  await deleted(store)
  t.match(store.feeds.info(feed.id), { latest: 30, messages: 30 })
  t.equal(store.feeds.read(feed.id, 1, 100).length, 30)
  const own = store.feeds.info(opened.keys.id).bytes
  t.equal(store.feeds.totals().bytes, store.feeds.info(feed.id).bytes + own)
  t.same(await store.verify(), [])
  // and these are deleted, too
  await store.feeds.remove(feed.id)
  t.same(store.feeds.info(feed.id), empty)
  t.equal(store.feeds.totals().bytes, own)
})

t.test('a start continues the deletion of the last run', async (t) => {
  const opened = await openTestStore(t)
  const feed = createTestFeed()
  await fill(opened.store, feed, messagesOf(feed, MANY))
  const removed = opened.store.feeds.remove(feed.id)
  await removed
  const before = opened.store.feeds.deleting().messages
  t.ok(before > DELETE_STEP_CHUNKS)
  const store = await opened.reopen()
  t.ok(store.feeds.deleting().messages > 0, 'not done yet')
  t.ok(store.feeds.deleting().messages <= before, 'and not begun from the start')
  t.same(store.feeds.info(feed.id), empty)
  await deleted(store)
  t.same(store.feeds.deleting(), { feeds: 0, messages: 0 })
  t.same(store.feeds.totals(), { feeds: 0, messages: 0, bytes: 0 })
  t.same(await store.verify(), [])
  const size = store.bytes()
  await fill(store, feed, messagesOf(feed, MANY))
  t.ok(store.bytes() < 1.3 * size, 'its room is used again')
})

t.test('other writes are served between the steps', async (t) => {
  const { store } = await openTestStore(t)
  const feed = createTestFeed()
  await fill(store, feed, messagesOf(feed, MANY))
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  await store.feeds.remove(feed.id)
  let writes = 0
  while (store.feeds.deleting().messages > 0) {
    await store.settings.change({})
    writes += 1
  }
  clearInterval(timer)
  t.ok(writes > 3, `${writes} other writes were done meanwhile`)
  t.ok(longest < 1000, `${Math.round(longest)} ms was the longest wait`)
})

t.test('messages of all sizes are packed and read back unchanged', async (t) => {
  const opened = await openTestStore(t)
  const feed = createTestFeed()
  const all = messagesOf(feed, 400).map((message, i) => {
    const text = '🦀'.repeat((i * 37) % 5 === 0 ? (i * 97) % 4000 : i % 50)
    return {
      ...message,
      json: JSON.stringify({ ...JSON.parse(message.json), content: { type: 'post', text } }),
    }
  })
  // single, a few, many, and in parts with gaps that are filled later
  let at = 0
  const holes: VerifiedMessage[] = []
  for (const count of [1, 1, 2, 60, 1, 100, 3, 1, 31, 200]) {
    const piece = all.slice(at, at + count)
    if (count > 30) holes.push(...piece.splice(7, 5))
    await opened.store.feeds.append(feed.id, piece)
    at += count
  }
  const check = (store: Store, held: VerifiedMessage[]): void => {
    for (const from of [1, 2, 65, 200, 399]) {
      const found: Array<{ sequence: number; bytes: Buffer }> = []
      for (let next = from; ; ) {
        const page = store.feeds.read(feed.id, next, 7)
        t.ok(page.length <= 7)
        if (page.length === 0) break
        found.push(...page)
        next = (page.at(-1)?.sequence as number) + 1
      }
      const wanted = held.filter(({ sequence }) => sequence >= from)
      t.same(
        found.map(({ sequence }) => sequence),
        wanted.map(({ sequence }) => sequence),
      )
      t.ok(
        found.every(({ bytes }, i) =>
          bytes.equals(encodeStored(wanted[i] as VerifiedMessage, opened.clock.now())),
        ),
      )
    }
  }
  check(
    opened.store,
    all.filter((message) => !holes.includes(message)),
  )
  await opened.store.feeds.append(feed.id, holes)
  check(opened.store, all)
  t.match(await opened.store.feeds.append(feed.id, [...all]), { added: 0, duplicates: 400, forked: [] })
  const store = await opened.reopen()
  check(store, all)
  t.same(await store.verify(), [])
})
