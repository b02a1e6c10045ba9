// SPDX-License-Identifier: AGPL-3.0-or-later
// Names: own name, alias, note; and the search for members.

import t from 'tap'
import { verifyMessage } from '../../src/ssb/message.js'
import type { Store } from '../../src/store/store.js'
import { createTestFeed } from '../helpers/feed.js'
import { openTestStore, someone } from '../helpers/store.js'

/** A member with any of the three names. */
async function add(store: Store, { own = '', alias = '', note = '' }): Promise<string> {
  const feed = createTestFeed()
  await store.members.follow(feed.id, { by: 'operator', voucher: null, note })
  if (alias) await store.aliases.register(alias, feed.id, 'signature')
  if (own) {
    const message = feed.publish({ type: 'about', about: feed.id, name: own })
    await store.feeds.append(feed.id, [verifyMessage(message)])
  }
  return feed.id
}

t.test('own name, then the oldest alias, then the note', async (t) => {
  const { store, clock } = await openTestStore(t)
  const ana = await add(store, { own: 'Ana', alias: 'ana', note: 'Ana from the choir' })
  const ben = await add(store, { alias: 'zben', note: 'Ben from the choir' })
  clock.advance(1000)
  await store.aliases.register('ben', ben, 'signature')
  const eve = await add(store, { note: ' Eve\u202e from the\nchoir ' })
  const nobody = await add(store, {})
  const nameOf = store.names.reader()
  t.same([ana, ben, eve, nobody, someone()].map(nameOf), ['Ana', 'zben', 'Eve from the choir', null, null])
})

t.test('search by each of them and by id, without case and accents', async (t) => {
  const { store } = await openTestStore(t)
  const zoe = await add(store, { own: 'Zoë Ångström', alias: 'tide', note: 'harbour' })
  const wide = await add(store, { own: 'Ｆｕｌｌ' })
  const many = await Promise.all(Array.from({ length: 450 }, () => add(store, { note: 'one of many' })))
  for (const text of ['zoe ang', 'ÅNGSTROM', 'oë Ång', 'TIDE', 'arbour', zoe, zoe.slice(0, 9).toUpperCase()])
    t.same(await store.names.search(text), [zoe], text)
  t.same(await store.names.search('full'), [wide], 'letters of another width')
  t.same((await store.names.search('of  many')).sort(), many.sort(), 'in several turns')
  t.same(await store.names.search('no such name'), [])
  t.same(await store.names.search(`zoe${'x'.repeat(1_000_000)}`), [], 'a long text')
})
