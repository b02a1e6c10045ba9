// Aliases in the store: one owner a name, a few names an owner, and the same words for what is free and what is another's.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { ALIASES_PER_MEMBER } from '../../src/limits.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): string => ssbKeys.generate().id

t.test('a name is its first owner’s until it is given back', async (t) => {
  const { store, clock, reopen } = await openTestStore(t)
  const [bob, eve] = [someone(), someone()]
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

t.test('a member holds a few', async (t) => {
  const { store } = await openTestStore(t)
  const bob = someone()
  for (let i = 0; i < ALIASES_PER_MEMBER; i++) await store.aliases.register(`bob${i}`, bob, 's')
  await t.rejects(store.aliases.register('one-more', bob, 's'), { code: 'quota_reached' })
  await store.aliases.register('bob0', bob, 's')
  t.equal(store.aliases.of(bob).length, ALIASES_PER_MEMBER)
  t.same(store.aliases.of(someone()), [])
})
