// SPDX-License-Identifier: AGPL-3.0-or-later
// Knocks: left, listed, answered and expired; with a directed invite a knock joins at once.

import t from 'tap'
import { DAY, NOTE_CHARS } from '../../src/lib/limits.js'
import { openTestStore, someone } from '../helpers/store.js'

t.test('a knock waits until it is answered', async (t) => {
  const { store, clock, reopen } = await openTestStore(t)
  const [a, b] = [someone(), someone()]
  const expires = clock.now() + 7 * DAY
  t.equal(await store.knocks.leave(a, 'Ann’s sister', expires), 'waiting')
  clock.advance(1000)
  t.equal(await store.knocks.leave(b, '', expires), 'waiting')
  t.equal(
    await store.knocks.leave(a, 'Ann’s sister, really', expires + 1000),
    'waiting',
    'knocking again renews',
  )
  const again = await reopen()
  t.match(again.knocks.list(), [
    { feed: a, note: 'Ann’s sister, really', since: clock.now() - 1000 },
    { feed: b, note: '' },
  ])
  const message = await again.knocks.accept(a)
  t.match(message.value.content, { contact: a, following: true, by: 'knock' })
  t.match(again.members.get(a), { by: 'knock', note: 'Ann’s sister, really' })
  await again.knocks.decline(b)
  t.notOk(again.members.has(b))
  t.same(again.knocks.list(), [])
  for (const feed of [a, b, someone()]) {
    await t.rejects(again.knocks.accept(feed), { code: 'not_found' })
    await t.rejects(again.knocks.decline(feed), { code: 'not_found' })
  }
  await t.rejects(again.knocks.leave(a, '', expires), { code: 'already_following' })
  t.equal(await again.knocks.leave(b, '', expires), 'waiting', 'a declined one may knock again')
})

t.test('a knock expires', async (t) => {
  const { store, clock } = await openTestStore(t)
  const feed = someone()
  await store.knocks.leave(feed, '', clock.now() + DAY)
  clock.advance(DAY)
  t.same(store.knocks.list(), [])
  await t.rejects(store.knocks.accept(feed), { code: 'not_found' })
  t.notOk(store.members.has(feed))
  t.equal(await store.knocks.sweep(), 1)
  t.equal(await store.knocks.sweep(), 0)
})

t.test('a blocked feed gets the answer of a waiting one, and no knock is stored', async (t) => {
  const { store, clock } = await openTestStore(t)
  const feed = someone()
  await store.members.block(feed, '')
  t.equal(await store.knocks.leave(feed, 'please', clock.now() + DAY), 'waiting')
  t.same(store.knocks.list(), [])
})

t.test('a note has a maximum length', async (t) => {
  const { store, clock } = await openTestStore(t)
  const leave = (note: string): Promise<string> => store.knocks.leave(someone(), note, clock.now() + DAY)
  await leave('x'.repeat(NOTE_CHARS))
  await t.rejects(leave('x'.repeat(NOTE_CHARS + 1)), { code: 'bad_argument' })
})

t.test('a directed invite works for one feed, by code, by connecting or by knocking, once', async (t) => {
  const { store, clock } = await openTestStore(t)
  const directed = (feed: string) =>
    store.invites.create({ expires: clock.now() + DAY, by: 'operator', note: 'for you', for: feed })
  const [byCode, byComing, byKnock, other] = [someone(), someone(), someone(), someone()]

  const { invite } = await directed(byCode)
  await t.rejects(
    store.invites.use(invite.id, other),
    { message: 'invite unknown' },
    'the code is useless to others',
  )
  t.match((await store.invites.use(invite.id, byCode)).value.content, { contact: byCode, note: 'for you' })
  t.notOk(store.invites.awaits(byCode))

  await directed(byComing)
  t.ok(store.invites.awaits(byComing))
  t.notOk(store.invites.awaits(other))
  t.match(await store.invites.useDirected(byComing), { value: { content: { contact: byComing } } })
  t.equal(await store.invites.useDirected(byComing), null, 'once')
  t.equal(await store.invites.useDirected(other), null)

  await directed(byKnock)
  t.equal(await store.knocks.leave(byKnock, '', clock.now() + DAY), 'joined')
  t.ok(store.members.has(byKnock))
})

t.test('a directed invite can be revoked, and expires', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [a, b] = [someone(), someone()]
  const { invite } = await store.invites.create({ expires: clock.now() + DAY, by: 'operator', for: a })
  await store.invites.create({ expires: clock.now() + DAY, by: 'operator', for: b })
  await store.invites.revoke(invite.id)
  t.notOk(store.invites.awaits(a))
  t.equal(await store.invites.useDirected(a), null)
  clock.advance(DAY)
  t.notOk(store.invites.awaits(b))
  await store.members.block(b, '')
  t.equal(await store.invites.useDirected(b), null)
})
