// SPDX-License-Identifier: AGPL-3.0-or-later
// Members: an index over the relay's contact messages, which can be rebuilt from them.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { VOUCHED_PER_MEMBER } from '../../src/lib/limits.js'
import { feedIdOf, keyOf } from '../../src/ssb/feed-id.js'
import { parseStored } from '../../src/ssb/message.js'
import { openTables } from '../../src/store/layout.js'
import type { MemberChange } from '../../src/store/members.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): string => ssbKeys.generate().id
const operator = { by: 'operator', voucher: null, note: '' } as const

t.test('a follow is a contact message of the relay and an index row', async (t) => {
  const { store, keys, clock } = await openTestStore(t)
  const feed = someone()
  const changes: MemberChange[] = []
  store.members.onChange((change) => changes.push(change))
  const message = await store.members.follow(feed, { by: 'invite', voucher: null, note: 'met at the pier' })
  t.match(message.value, {
    author: keys.id,
    sequence: 1,
    content: { type: 'contact', contact: feed, following: true, pub: true, note: 'met at the pier' },
  })
  t.same(
    parseStored(store.feeds.read(keys.id, 1, 1)[0]?.bytes as Buffer),
    message,
    'it is in our feed as answered',
  )
  t.same(store.members.get(feed), {
    since: clock.now(),
    by: 'invite',
    voucher: null,
    note: 'met at the pier',
    contact: 1,
  })
  t.ok(store.members.has(feed))
  t.equal(store.members.count(), 1)
  t.same(changes, [{ feed, now: 'followed' }])
  await t.rejects(store.members.follow(feed, operator), { code: 'already_following' })
  await t.rejects(store.members.follow(keys.id, operator), { code: 'not_allowed' }, 'not ourselves')
})

t.test('unfollowing publishes a message; a voucher removes only own vouches', async (t) => {
  const { store, keys } = await openTestStore(t)
  const [voucher, other, feed] = [someone(), someone(), someone()]
  for (const member of [voucher, other]) await store.members.follow(member, operator)
  await store.members.follow(feed, { by: 'voucher', voucher, note: '' })
  t.same(store.members.vouchedBy(voucher), [feed])
  await t.rejects(store.members.unfollow(feed, other), { code: 'not_following' })
  await t.rejects(store.members.unfollow(someone(), other), { code: 'not_following' }, 'the same words')
  await store.members.unfollow(feed, voucher)
  t.notOk(store.members.has(feed))
  t.same(store.members.vouchedBy(voucher), [])
  t.match(parseStored(store.feeds.read(keys.id, 4, 1)[0]?.bytes as Buffer).value.content, {
    contact: feed,
    following: false,
  })
})

t.test('vouching has a quota per member', async (t) => {
  const { store } = await openTestStore(t)
  const voucher = someone()
  await store.members.follow(voucher, operator)
  const reason = { by: 'voucher', voucher, note: '' } as const
  for (let i = 0; i < VOUCHED_PER_MEMBER; i++) await store.members.follow(someone(), reason)
  await t.rejects(store.members.follow(someone(), reason), { code: 'quota_reached' })
  await store.members.unfollow(store.members.vouchedBy(voucher)[0] as string, voucher)
  await store.members.follow(someone(), reason)
})

t.test('a voucher removed while its follow waits in the queue is rejected', async (t) => {
  const { store } = await openTestStore(t)
  const [feed, before] = [someone(), someone()]
  for (const shutOut of [
    (id: string) => store.members.unfollow(id),
    (id: string) => store.members.block(id, ''),
  ]) {
    const voucher = someone()
    await store.members.follow(voucher, operator)
    await store.members.follow(before, { by: 'voucher', voucher, note: '' })
    const gone = shutOut(voucher)
    const follow = store.members.follow(feed, { by: 'voucher', voucher, note: '' })
    const unfollow = store.members.unfollow(before, voucher)
    await t.rejects(follow, { code: 'not_allowed' })
    await t.rejects(unfollow, { code: 'not_allowed' })
    await gone
    t.notOk(store.members.has(feed))
    await store.members.unfollow(before)
  }
})

t.test('blocking unfollows, keeps its reason private, and can be undone', async (t) => {
  const { store, keys } = await openTestStore(t)
  const feed = someone()
  const changes: string[] = []
  await store.members.follow(feed, operator)
  store.members.onChange(({ now }) => changes.push(now))
  t.equal(await store.members.block(feed, 'spam'), true)
  t.equal(await store.members.block(feed, 'spam and worse'), false, 'it was blocked before')
  t.equal(await store.members.block(feed, ''), false)
  t.notOk(store.members.has(feed))
  t.ok(store.members.isBlocked(feed))
  t.match(store.members.blocked(), [{ feed, reason: 'spam and worse' }], 'no reason takes none away')
  t.notMatch(JSON.stringify(store.feeds.read(keys.id, 1, 9).map(({ bytes }) => bytes.toString())), /spam/)
  await t.rejects(store.members.follow(feed, operator), { code: 'not_allowed' })
  await store.members.unblock(feed)
  await t.rejects(store.members.unblock(feed), { code: 'not_found' })
  t.notOk(store.members.has(feed), 'unblocked is not followed')
  await store.members.follow(feed, operator)
  t.same(changes, ['blocked', 'unblocked', 'followed'], 'a change of reason is no change')
  await t.rejects(store.members.block(keys.id, ''), { code: 'not_allowed' })
})

t.test("the index is rebuilt from the relay's feed", async (t) => {
  const opened = await openTestStore(t)
  const { store } = opened
  const [kept, gone, blocked, vouched] = [someone(), someone(), someone(), someone()]
  await store.members.follow(kept, { by: 'invite', voucher: null, note: 'n' })
  await store.members.follow(gone, operator)
  await store.members.unfollow(gone)
  await store.members.follow(vouched, { by: 'voucher', voucher: kept, note: '' })
  await store.members.block(blocked, 'why')
  const truth = { members: store.members.list(), blocked: store.members.blocked() }
  t.same(
    await store.members.rebuild(),
    { differences: [], members: 2, blocks: 1, marks: 0 },
    'nothing to mend',
  )

  await store.close()
  const tables = openTables(opened.path)
  await tables.members.remove(keyOf(kept))
  await tables.members.put(keyOf(gone), { since: 1, by: 'operator', voucher: null, note: '', contact: 1 })
  await tables.vouches.clearAsync()
  await tables.root.close()

  const mended = await opened.reopen()
  t.notOk(mended.members.has(kept), 'the damage is there')
  t.same((await mended.members.rebuild()).differences.sort(), [kept, gone].sort())
  t.same({ members: mended.members.list(), blocked: mended.members.blocked() }, truth)
  t.same(mended.members.vouchedBy(kept), [vouched])
})

t.test('role and aliases end with the membership', async (t) => {
  const { store } = await openTestStore(t)
  const [feed, other] = [someone(), someone()]
  await store.members.follow(other, operator)
  for (const leave of [() => store.members.unfollow(feed), () => store.members.block(feed, '')]) {
    await store.members.follow(feed, operator)
    await store.roles.set(feed, 'admin')
    await store.aliases.register('bob', feed, 's')
    await store.aliases.register('rob', other, 's')
    await leave()
    t.equal(store.roles.of(feed), 'member')
    t.equal(store.aliases.get('bob'), null)
    t.ok(store.aliases.get('rob'), 'another’s stays')
  }
})

t.test('ids are never object keys', async (t) => {
  const { store } = await openTestStore(t)
  const odd = feedIdOf(Buffer.alloc(32))
  t.equal(store.members.get(odd), null)
  t.notOk(store.members.has(odd))
})
