// SPDX-License-Identifier: AGPL-3.0-or-later
// Profiles: kept with the messages that set them, in any order of arrival, and rebuilt from the feeds.

import t from 'tap'
import { REBUILD_TURN } from '../../src/lib/limits.js'
import { keyOf } from '../../src/ssb/feed-id.js'
import { verifyMessage } from '../../src/ssb/message.js'
import { openTables, type Tables } from '../../src/store/layout.js'
import type { Store } from '../../src/store/store.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import { openTestStore, someone, type TestStore } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const BLOB = '&AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=.sha256'
const NOBODY = { name: null, description: null, image: null }
const about = (feed: TestFeed, fields: object): unknown =>
  feed.publish({ type: 'about', about: feed.id, ...fields })
const store = (to: Store, feed: TestFeed, from = 1, until = feed.messages.length) =>
  to.feeds.append(
    feed.id,
    feed.messages.slice(from - 1, until).map((value) => verifyMessage(value)),
  )

/** Changes the tables while the store is closed. */
async function change(opened: TestStore, action: (tables: Tables) => void): Promise<Store> {
  await opened.store.close()
  const tables = openTables(opened.path)
  await tables.root.transaction(() => action(tables))
  await tables.root.close()
  return opened.reopen()
}

t.test('the last message counts, field by field', async (t) => {
  const { store: held, reopen } = await openTestStore(t)
  const ana = createTestFeed()
  t.same(held.profiles.get(ana.id), NOBODY)
  about(ana, { name: 'Ana', description: 'Swims.' })
  ana.post(2)
  about(ana, { name: 'Ana M.', image: { link: BLOB } })
  about(ana, { about: someone(), name: 'somebody else' })
  await store(held, ana)
  const known = { name: 'Ana M.', description: 'Swims.', image: BLOB }
  t.same(held.profiles.get(ana.id), known)
  about(ana, { description: '' })
  await store(held, ana)
  t.same(held.profiles.get(ana.id), { ...known, description: null }, 'an empty text deletes')
  const again = await reopen()
  t.same(again.profiles.get(ana.id), { ...known, description: null })
  t.same(await again.profiles.rebuild(), [])
})

t.test('messages in any order of arrival', async (t) => {
  const { store: held } = await openTestStore(t)
  const ana = createTestFeed()
  for (const name of ['one', 'two', 'three']) about(ana, { name })
  await store(held, ana, 3)
  t.equal(held.profiles.get(ana.id).name, 'three')
  await store(held, ana, 1, 1)
  await store(held, ana, 2, 2)
  t.equal(held.profiles.get(ana.id).name, 'three', 'a gap that is filled changes nothing')
  t.same(await held.profiles.rebuild(), [])
})

t.test('ten thousand changes are one row', async (t) => {
  const opened = await openTestStore(t)
  const ana = createTestFeed()
  for (let i = 1; i <= 3 * REBUILD_TURN; i++) about(ana, { name: `Ana ${i}`, description: 'x'.repeat(5000) })
  for (let from = 1; from <= ana.messages.length; from += 100)
    await store(opened.store, ana, from, Math.min(ana.messages.length, from + 99))
  t.equal(opened.store.profiles.get(ana.id).name, `Ana ${3 * REBUILD_TURN}`)
  await change(opened, ({ profiles }) => {
    t.equal([...profiles.getKeys()].length, 1)
    t.ok(JSON.stringify(profiles.get(keyOf(ana.id))).length < 1000)
  })
})

t.test('a profile goes with its feed', async (t) => {
  const { store: held } = await openTestStore(t)
  const [ana, ben] = [createTestFeed(), createTestFeed()]
  for (const feed of [ana, ben]) {
    about(feed, { name: 'somebody' })
    await held.members.follow(feed.id, { by: 'operator', voucher: null, note: '' })
    await store(held, feed)
  }
  await held.members.block(ana.id, '')
  t.same(held.profiles.get(ana.id), NOBODY, 'blocked')
  await held.feeds.reset(ben.id)
  t.same(held.profiles.get(ben.id), NOBODY, 'reset')
  await store(held, ben)
  t.equal(held.profiles.get(ben.id).name, 'somebody', 'and fetched again')
  t.same(await held.profiles.rebuild(), [])
})

t.test('a store of an older version is read at its first start', async (t) => {
  const opened = await openTestStore(t)
  const ana = createTestFeed()
  about(ana, { name: 'Ana' })
  ana.post(2 * REBUILD_TURN)
  await store(opened.store, ana)
  const again = await change(opened, ({ profiles, meta }) => {
    profiles.removeSync(keyOf(ana.id))
    meta.removeSync(Buffer.from('profiles'))
  })
  await until('the profile', () => again.profiles.get(ana.id).name === 'Ana')
})

t.test('a rebuild names every wrong row, and corrects it', async (t) => {
  const opened = await openTestStore(t)
  const feeds = Array.from({ length: 3 }, () => createTestFeed())
  const [ana, ben, eve] = feeds as [TestFeed, TestFeed, TestFeed]
  for (const feed of feeds) {
    about(feed, { name: 'right' })
    await store(opened.store, feed)
  }
  const stray = someone()
  const again = await change(opened, ({ profiles }) => {
    profiles.putSync(keyOf(ana.id), { name: [9, 'wrong'] })
    profiles.removeSync(keyOf(ben.id))
    profiles.putSync(keyOf(stray), { name: [1, 'stray'] })
  })
  t.same((await again.profiles.rebuild()).sort(), [ana.id, ben.id, stray].sort())
  for (const { id } of [ana, ben, eve]) t.equal(again.profiles.get(id).name, 'right')
  t.same(again.profiles.get(stray), NOBODY)
  t.same(await again.profiles.rebuild(), [])
})

t.test('messages that arrive during a rebuild are not lost', async (t) => {
  const { store: held } = await openTestStore(t)
  const ana = createTestFeed()
  about(ana, { name: 'one' })
  about(ana, { name: 'two', description: 'fills a gap' })
  ana.post(3 * REBUILD_TURN)
  await store(held, ana, 1, 1)
  await store(held, ana, 3)
  about(ana, { name: 'last' })
  let steps = 0
  const arrived: Array<Promise<unknown>> = []
  const wrong = await held.profiles.rebuild(() => {
    steps += 1
    if (steps !== 2) return
    arrived.push(store(held, ana, 2, 2), store(held, ana, ana.messages.length))
  })
  t.ok(steps > 2)
  await Promise.all(arrived)
  t.same(wrong, [])
  t.same(held.profiles.get(ana.id), { name: 'last', description: 'fills a gap', image: null })
})
