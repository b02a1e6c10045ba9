// SPDX-License-Identifier: AGPL-3.0-or-later
// Forks: contradicting neighbours prove one, in any order of arrival; one branch is kept complete.

import t from 'tap'
import { keyOf } from '../../src/ssb/feed-id.js'
import { encodeStored, parseStored, storedHash, verifyMessage } from '../../src/ssb/message.js'
import { messageKey, openTables } from '../../src/store/layout.js'
import type { Store } from '../../src/store/store.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import { openTestStore } from '../helpers/store.js'

/** Two branches of one feed, equal up to a sequence. */
function branches(common: number, length: number): [TestFeed, TestFeed] {
  const one = createTestFeed()
  const two = createTestFeed(one.keys)
  one.post(common)
  two.post(common)
  one.post(length - common)
  two.post(length - common, 'from an old copy')
  return [one, two]
}

const verified = ({ messages }: TestFeed, from: number, to: number) =>
  messages.slice(from - 1, to).map((value) => verifyMessage(value))
const held = (store: Store, { id }: TestFeed): number[] =>
  store.feeds.read(id, 1, 1000).map(({ sequence }) => sequence)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

t.test('an app restored from an old copy: the branch stored first stays complete', async (t) => {
  const { store, reopen } = await openTestStore(t)
  const [one, two] = branches(15, 25)
  await store.feeds.append(one.id, verified(one, 1, 20))
  t.match(await store.feeds.append(one.id, verified(two, 21, 25)), { added: 0, forked: [21, 22, 23, 24, 25] })
  t.ok(store.feeds.info(one.id).forked)
  t.match(store.feeds.fork(one.id), { sequence: 21 })
  t.match(await store.feeds.forks(), [{ feed: one.id, sequence: 21 }])
  t.same(held(store, one), upTo(20))
  t.match(
    await store.feeds.append(one.id, verified(two, 24, 25)),
    { added: 0, forked: [24, 25] },
    'nor later',
  )
  t.match(await store.feeds.append(one.id, verified(one, 21, 25)), { added: 5, forked: [] }, 'it may go on')
  const again = await reopen()
  t.same(held(again, one), upTo(25))
  t.ok(again.feeds.info(one.id).forked)
  t.same(await again.verify(), [], 'no damage')
  // after a reset by the operator the owner's branch is stored
  await again.feeds.remove(one.id)
  t.notOk(again.feeds.info(one.id).forked)
  t.match(await again.feeds.append(one.id, verified(two, 1, 25)), { added: 25, forked: [] })
})

t.test('the later neighbour may be stored first, in the same batch or before', async (t) => {
  const { store } = await openTestStore(t)
  const [one, two] = branches(3, 10)
  await store.feeds.append(one.id, verified(two, 8, 10))
  t.notOk(store.feeds.info(one.id).forked, 'a hole is no fork')
  t.match(await store.feeds.append(one.id, verified(one, 1, 6)), { added: 6, forked: [] })
  t.match(await store.feeds.append(one.id, verified(one, 7, 7)), { added: 0, forked: [7] })
  t.match(await store.feeds.append(one.id, verified(two, 7, 7)), { added: 0, forked: [7] }, 'contradicts 6')
  t.same(held(store, one), [1, 2, 3, 4, 5, 6, 8, 9, 10])

  const [left, right] = branches(2, 6)
  const batch = [...verified(left, 1, 4), ...verified(right, 5, 6)]
  t.match(await store.feeds.append(left.id, batch.reverse()), { added: 4, forked: [5, 6] })
  t.same(held(store, left), upTo(4))
})

t.test('gaps without contradiction are legal, and are filled in a forked feed, too', async (t) => {
  const { store } = await openTestStore(t)
  const [one, two] = branches(5, 60)
  await store.feeds.append(one.id, [...verified(one, 1, 10), ...verified(one, 20, 60)])
  t.notOk(store.feeds.info(one.id).forked)
  t.match(await store.feeds.append(one.id, verified(two, 30, 30)), { forked: [30] })
  t.match(
    await store.feeds.append(one.id, verified(two, 14, 15)),
    { added: 0, forked: [14, 15] },
    'of nothing held',
  )
  t.match(await store.feeds.append(one.id, verified(one, 11, 19)), { added: 9, forked: [] })
  t.same(held(store, one), upTo(60))
})

t.test('a fork stored by an older version is found by verify and not served', async (t) => {
  const opened = await openTestStore(t)
  const [one, two] = branches(15, 25)
  await opened.store.feeds.append(one.id, verified(one, 1, 20))
  await opened.store.close()
  const tables = openTables(opened.path)
  await tables.root.transaction(() => {
    const author = keyOf(one.id)
    const record = tables.feeds.get(author)
    if (!record) throw new Error('no record')
    for (const message of verified(two, 21, 25)) {
      const stored = encodeStored(message, 0)
      tables.messages.putSync(messageKey(author, 0, message.sequence), stored)
      Object.assign(record, { latest: message.sequence, latestHash: message.hash })
      record.count += 1
      record.bytes += stored.length
    }
    tables.feeds.putSync(author, record)
  })
  await tables.root.close()
  const store = await opened.reopen()
  t.notOk(store.feeds.info(one.id).forked)
  t.same(await store.verify(), [])
  t.ok(store.feeds.info(one.id).forked)
  t.match(await store.feeds.forks(), [{ feed: one.id, sequence: 21, cut: 21 }])
  t.same(held(store, one), upTo(20), 'what readers can follow')
  two.post(1)
  t.match(await store.feeds.append(one.id, verified(two, 26, 26)), { added: 0, forked: [26] })
  t.same(await (await opened.reopen()).verify(), [], 'and it is said once')
  const [first] = opened.store.feeds.read(one.id, 20, 1)
  t.equal(storedHash(first?.bytes as Buffer), verified(one, 20, 20)[0]?.hash)
  t.equal(parseStored(first?.bytes as Buffer).value.sequence, 20)
})
