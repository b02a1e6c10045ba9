// SPDX-License-Identifier: AGPL-3.0-or-later
// Settings and roles: stored, reported after the flush, and not lost in one batch.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { openTestStore } from '../helpers/store.js'

t.test('settings start open and without name, and keep changes', async (t) => {
  const { store, reopen } = await openTestStore(t)
  const unset = { ebt: false, setUp: false, questions: {}, picture: false }
  t.same(store.settings.get(), { name: '', description: '', mode: 'open', ...unset })
  const told: string[] = []
  const stop = store.settings.onChange((now, before) => told.push(`${before.mode} to ${now.mode}`))
  await Promise.all([
    store.settings.change({ mode: 'community' }),
    store.settings.change({ name: 'Rock pool' }),
  ])
  stop()
  await store.settings.change({ description: 'by the sea' })
  t.same(told, ['open to community', 'community to community'])
  const wanted = { name: 'Rock pool', description: 'by the sea', mode: 'community', ...unset }
  t.same(store.settings.get(), wanted)
  t.same((await reopen()).settings.get(), wanted)
})

t.test('roles are set, changed and removed', async (t) => {
  const { store, reopen } = await openTestStore(t)
  const [a, b] = [ssbKeys.generate().id, ssbKeys.generate().id]
  for (const id of [a, b]) {
    await t.rejects(store.roles.set(id, 'admin'), { code: 'not_following' })
    await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  }
  const told: string[] = []
  const stop = store.roles.onChange((feed) => told.push(feed))
  t.equal(store.roles.of(a), 'member')
  await store.roles.set(a, 'admin')
  await store.roles.set(b, 'moderator')
  await store.roles.set(b, 'member')
  stop()
  await store.roles.set(b, 'member')
  t.same(told, [a, b, b])
  t.same((await reopen()).roles.list(), [{ feed: a, role: 'admin' }])
})

t.test('the store answers the watchdog until it is closed', async (t) => {
  const { store } = await openTestStore(t)
  await store.pulse(false)
  await store.pulse(true)
  t.same(await store.verify(), [], "what the pulse wrote is in nobody's way")
  await store.close()
  await t.rejects(store.pulse(true))
})
