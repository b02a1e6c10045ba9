// SPDX-License-Identifier: AGPL-3.0-or-later
// Aliases in the store: one owner per alias, a few per owner, and one error for free and foreign ones.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { ALIASES_PER_MEMBER } from '../../src/lib/limits.js'
import type { Store } from '../../src/store/store.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): string => ssbKeys.generate().id

async function member(store: Store): Promise<string> {
  const id = someone()
  await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  return id
}

t.test('an alias belongs to its first owner until it is revoked', async (t) => {
  const { store, clock, reopen } = await openTestStore(t)
  const [bob, eve] = [await member(store), await member(store)]
  await store.aliases.register('bob', bob, 'signed')
  const since = clock.now()
  clock.advance(1000)
  await t.rejects(store.aliases.register('bob', eve, 'signed'), { code: 'alias_taken' })
  await store.aliases.register('bob', bob, 'signed again')
  const again = await reopen()
  t.same(again.aliases.get('bob'), { owner: bob, signature: 'signed again', since })
  await t.rejects(again.aliases.revoke('bob', eve), { code: 'not_found' })
  await t.rejects(again.aliases.revoke('nobody', eve), { code: 'not_found' })
  await again.aliases.revoke('bob', bob)
  await again.aliases.register('bob', eve, 'signed')
  await again.aliases.revoke('bob')
  t.same(again.aliases.list(), [], 'the operator frees any')
})

t.test('a feed removed while its registration waits in the queue gets no alias', async (t) => {
  const { store } = await openTestStore(t)
  for (const shutOut of [
    (id: string) => store.members.unfollow(id),
    (id: string) => store.members.block(id, ''),
  ]) {
    const bob = await member(store)
    const gone = shutOut(bob)
    await t.rejects(store.aliases.register('bob', bob, 's'), { code: 'not_allowed' })
    await gone
  }
  await t.rejects(store.aliases.register('bob', someone(), 's'), { code: 'not_allowed' })
  t.same(store.aliases.list(), [])
})

t.test('an invalid alias, long or empty, is never found', async (t) => {
  const { store } = await openTestStore(t)
  const bob = await member(store)
  for (const text of ['', 'a'.repeat(64), 'a'.repeat(5000), 'a'.repeat(1_000_000), 'no name', '\0', 'Bob']) {
    t.equal(store.aliases.get(text), null)
    await t.rejects(store.aliases.revoke(text, bob), { code: 'not_found' })
    await t.rejects(store.aliases.revoke(text), { code: 'not_found' })
  }
  // registered before the name was reserved
  await store.aliases.register('admin', bob, 's')
  await store.aliases.revoke('admin', bob)
})

t.test('a member has a limited number of aliases', async (t) => {
  const { store } = await openTestStore(t)
  const bob = await member(store)
  for (let i = 0; i < ALIASES_PER_MEMBER; i++) await store.aliases.register(`bob${i}`, bob, 's')
  await t.rejects(store.aliases.register('one-more', bob, 's'), { code: 'quota_reached' })
  await store.aliases.register('bob0', bob, 's')
  t.equal(store.aliases.of(bob).length, ALIASES_PER_MEMBER)
  t.same(store.aliases.of(someone()), [])
})
