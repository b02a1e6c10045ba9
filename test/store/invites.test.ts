// SPDX-License-Identifier: AGPL-3.0-or-later
// Invites: each use counted once, in the transaction of its follow, and a stable error for each rejection.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  DAY,
  DEAD_INVITE_DAYS,
  DEAD_INVITES_PER_MEMBER,
  INVITE_USES,
  INVITES_PER_MEMBER,
  NOTE_CHARS,
} from '../../src/lib/limits.js'
import { guestIdOf } from '../../src/ssb/invite-code.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): string => ssbKeys.generate().id

t.test('an invite is stored under its guest key, without its seed', async (t) => {
  const { store, clock } = await openTestStore(t)
  const { invite, seed } = await store.invites.create({
    expires: clock.now() + DAY,
    by: 'operator',
    note: 'pier',
  })
  t.equal(invite.id, guestIdOf(seed))
  t.match(store.invites.get(invite.id), { uses: 1, used: 0, note: 'pier', by: 'operator', state: 'live' })
  t.equal(store.invites.get(someone()), null)
  t.same(
    store.invites.list().map(({ id }) => id),
    [invite.id],
  )
})

t.test('a use follows the feed and counts once', async (t) => {
  const { store, clock, keys, reopen } = await openTestStore(t)
  const { invite } = await store.invites.create({
    uses: 2,
    expires: clock.now() + DAY,
    by: 'operator',
    note: 'pier',
  })
  const [a, b, c] = [someone(), someone(), someone()]
  const message = await store.invites.use(invite.id, a)
  t.match(message.value, { author: keys.id, content: { contact: a, following: true, note: 'pier' } })
  await t.rejects(store.invites.use(invite.id, a), {
    code: 'already_following',
    message: 'already following',
  })
  t.match(store.invites.get(invite.id), { used: 1, state: 'live' }, 'being in already costs nothing')
  await store.invites.use(invite.id, b)
  await t.rejects(store.invites.use(invite.id, c), { code: 'invite_used_up', message: 'invite used up' })
  await t.rejects(
    store.invites.use(invite.id, b),
    { code: 'already_following' },
    'a retry learns that it is in',
  )
  const again = await reopen()
  t.match(again.invites.get(invite.id), { used: 2, state: 'used up' })
  t.notOk(again.members.has(c))
})

t.test('fifty simultaneous uses of a single-use invite: one succeeds', async (t) => {
  const { store, clock } = await openTestStore(t)
  const { invite } = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, () => store.invites.use(invite.id, someone())),
  )
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const result of results) {
    if (result.status === 'rejected') t.equal(result.reason.message, 'invite used up')
  }
  t.equal(store.members.count(), 1)
})

t.test(
  'by its link, an invite lets a member in again without counting a use; otherwise it works like its code',
  async (t) => {
    const { store, clock, keys } = await openTestStore(t)
    const { invite } = await store.invites.create({ expires: clock.now() + DAY, uses: 2, by: 'operator' })
    const [ana, ben, cem] = [someone(), someone(), someone()]
    t.equal(await store.invites.claim(invite.id, ana), 'joined')
    t.ok(store.members.has(ana))
    t.equal(await store.invites.claim(invite.id, ana), 'member')
    await store.invites.use(invite.id, ben)
    t.match(store.invites.get(invite.id), { used: 2, state: 'used up' }, 'one count for both ways')
    await t.rejects(store.invites.claim(invite.id, cem), { code: 'invite_used_up' })
    t.equal(await store.invites.claim(invite.id, ben), 'member', 'also once it is used up')
    const directed = await store.invites.create({ expires: clock.now() + DAY, by: 'operator', for: cem })
    const blocked = someone()
    await store.members.block(blocked, '')
    for (const feed of [blocked, keys.id, directed.invite.id, someone()])
      await t.rejects(store.invites.claim(directed.invite.id, feed), { code: 'invite_unknown' })
    await t.rejects(
      store.invites.claim(someone(), ana),
      { code: 'invite_unknown' },
      'a member learns nothing',
    )
    t.equal(await store.invites.claim(directed.invite.id, cem), 'joined')
    const late = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
    const revoked = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
    await store.invites.revoke(revoked.invite.id)
    await t.rejects(store.invites.claim(revoked.invite.id, someone()), { code: 'invite_unknown' })
    clock.advance(DAY)
    await t.rejects(store.invites.claim(late.invite.id, someone()), { code: 'invite_expired' })
  },
)

t.test('fifty simultaneous uses by link and by code of a single-use invite: one succeeds', async (t) => {
  const { store, clock } = await openTestStore(t)
  const { invite } = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => store.invites[n % 2 ? 'use' : 'claim'](invite.id, someone())),
  )
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal(store.members.count(), 1)
})

t.test('expired, revoked and unknown invites have their own errors', async (t) => {
  const { store, clock } = await openTestStore(t)
  const expiring = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
  const revoked = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
  t.match(await store.invites.revoke(revoked.invite.id), { state: 'revoked' })
  await t.rejects(store.invites.use(revoked.invite.id, someone()), { message: 'invite unknown' })
  await t.rejects(store.invites.use(someone(), someone()), { message: 'invite unknown' })
  await t.rejects(store.invites.revoke(someone()), { message: 'invite unknown' })
  clock.advance(DAY - 1)
  t.equal(store.invites.get(expiring.invite.id)?.state, 'live', 'good to the last millisecond')
  clock.advance(1)
  await t.rejects(store.invites.use(expiring.invite.id, someone()), { message: 'invite expired' })
  t.equal(store.members.count(), 0)
})

t.test(
  'a blocked feed, the relay and the guest key itself are rejected, and no use is counted',
  async (t) => {
    const { store, clock, keys } = await openTestStore(t)
    const { invite } = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
    const blocked = someone()
    await store.members.block(blocked, '')
    for (const feed of [blocked, keys.id, invite.id]) {
      await t.rejects(store.invites.use(invite.id, feed), { message: 'invite unknown' })
    }
    t.match(store.invites.get(invite.id), { used: 0, state: 'live' })
  },
)

t.test('dead invites are removed after a while, live ones never', async (t) => {
  const { store, clock } = await openTestStore(t)
  const short = await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })
  const long = await store.invites.create({ expires: clock.now() + 100 * DAY, by: 'operator' })
  const revoked = await store.invites.create({ expires: clock.now() + 100 * DAY, by: 'operator' })
  const used = await store.invites.create({ expires: clock.now() + 100 * DAY, uses: 2, by: 'operator' })
  await store.invites.revoke(revoked.invite.id)
  await store.invites.use(used.invite.id, someone())
  clock.advance(DAY)
  await store.invites.use(used.invite.id, someone())
  clock.advance((DEAD_INVITE_DAYS - 1) * DAY)
  t.equal(await store.invites.sweep(), 0)
  clock.advance(1)
  t.equal(await store.invites.sweep(), 1)
  t.equal(store.invites.get(revoked.invite.id), null)
  clock.advance(DAY)
  t.equal(await store.invites.sweep(), 2)
  t.equal(store.invites.get(short.invite.id), null)
  t.equal(store.invites.get(used.invite.id), null, 'counted from its last use')
  t.ok(store.invites.get(long.invite.id))
})

t.test('invalid invites are rejected', async (t) => {
  const { store, clock } = await openTestStore(t)
  const base = { expires: clock.now() + DAY, by: 'operator' }
  for (const wrong of [
    { ...base, uses: 0 },
    { ...base, uses: -1 },
    { ...base, uses: 1.5 },
    { ...base, uses: Number.NaN },
    { ...base, uses: INVITE_USES + 1 },
    { ...base, note: 'x'.repeat(NOTE_CHARS + 1) },
    { ...base, expires: clock.now() },
    { ...base, expires: Number.POSITIVE_INFINITY },
  ]) {
    await t.rejects(store.invites.create(wrong), { code: 'bad_argument' }, JSON.stringify(wrong).slice(0, 80))
  }
  t.equal(store.invites.list().length, 0)
})

t.test('the open invites of a member end with the membership, and those of others stay', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [ana, ben] = [someone(), someone()]
  for (const id of [ana, ben]) await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  const expires = clock.now() + DAY
  const made = async (by: string) => (await store.invites.create({ uses: 2, expires, by })).invite.id
  const [hers, his] = [await made(ana), await made(ben)]
  await store.invites.use(hers, someone())
  await store.members.block(ana, '')
  t.match(store.invites.get(hers), { state: 'revoked' })
  await t.rejects(store.invites.use(hers, someone()), { code: 'invite_unknown' })
  await store.invites.use(his, someone())
  await store.members.unfollow(ben)
  await t.rejects(store.invites.use(his, someone()), { code: 'invite_unknown' })
})

t.test('dead invites of one member are limited, and evict none of others', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [ana, bob] = [someone(), someone()]
  for (const id of [ana, bob]) await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  const expires = clock.now() + DAY
  const cycle = async (by: string): Promise<string> => {
    const { invite } = await store.invites.create({ expires, by })
    await store.invites.revoke(invite.id)
    clock.advance(1)
    return invite.id
  }
  const bobs = await cycle(bob)
  const captchaInvite = await cycle('captcha')
  const first = await cycle(ana)
  let last = first
  for (let i = 0; i < DEAD_INVITES_PER_MEMBER + 20; i++) last = await cycle(ana)
  const left = store.invites.list()
  t.ok(left.length <= DEAD_INVITES_PER_MEMBER + 3, `${left.length} are left`)
  t.equal(store.invites.get(first), null, 'the oldest of them went')
  for (const id of [bobs, captchaInvite, last]) t.equal(store.invites.get(id)?.state, 'revoked')
  for (let i = 0; i < DEAD_INVITES_PER_MEMBER + 2; i++) await cycle('captcha')
  t.equal(store.invites.get(captchaInvite)?.state, 'revoked', 'the captcha’s are everybody’s, and the many')
})

t.test('a member removed while an invite waits in the queue creates none', async (t) => {
  const { store, clock } = await openTestStore(t)
  const expires = clock.now() + DAY
  for (const shutOut of [
    (id: string) => store.members.unfollow(id),
    (id: string) => store.members.block(id, ''),
  ]) {
    const [ana, puppet] = [someone(), someone()]
    await store.members.follow(ana, { by: 'operator', voucher: null, note: '' })
    const make = () => store.invites.create({ expires, by: ana, for: puppet })
    await Promise.all(
      Array.from({ length: INVITES_PER_MEMBER }, () => store.invites.create({ expires, by: ana })),
    )
    await t.rejects(make(), { code: 'quota_reached' })
    const gone = shutOut(ana)
    await t.rejects(make(), { code: 'not_allowed' })
    await gone
    t.notOk(store.invites.awaits(puppet))
  }
  t.same(
    store.invites.list().filter(({ state }) => state === 'live'),
    [],
  )
})

t.test('a directed invite ends with the membership, and is not created for a member', async (t) => {
  const { store, clock } = await openTestStore(t)
  const expires = clock.now() + DAY
  const forFeed = (feed: string) => store.invites.create({ expires, by: 'operator', for: feed })
  for (const goes of [
    (id: string) => store.members.unfollow(id),
    (id: string) => store.moderation.as(id).leave(true),
    async (id: string) => {
      await store.members.block(id, '')
      await store.members.unblock(id)
    },
  ]) {
    const ben = someone()
    const [first, second] = [await forFeed(ben), await forFeed(ben)]
    await store.members.follow(ben, { by: 'operator', voucher: null, note: '' })
    await t.rejects(forFeed(ben), { code: 'already_following' })
    await goes(ben)
    t.notOk(store.invites.awaits(ben))
    t.equal(await store.invites.useDirected(ben), null)
    for (const { invite } of [first, second])
      await t.rejects(store.invites.use(invite.id, ben), { code: 'invite_used_up' })
    t.notOk(store.members.has(ben))
    const { invite } = await forFeed(ben)
    await store.invites.use(invite.id, ben)
    await store.members.unfollow(ben)
    t.match(store.invites.get(invite.id), { state: 'used up' }, 'what was used stays told as used')
    await forFeed(ben)
    t.ok(await store.invites.useDirected(ben), 'a new one lets them in again')
  }
})

t.test('a directed invite queued behind a follow is rejected as one for a member', async (t) => {
  const { store, clock } = await openTestStore(t)
  const ben = someone()
  const followed = store.members.follow(ben, { by: 'operator', voucher: null, note: '' })
  await t.rejects(store.invites.create({ expires: clock.now() + DAY, by: 'operator', for: ben }), {
    code: 'already_following',
  })
  await followed
  t.same(store.invites.list(), [])
})

t.test('only a live invite is revoked; a dead one gives the error of its state', async (t) => {
  const { store, clock } = await openTestStore(t)
  const make = async () =>
    (await store.invites.create({ expires: clock.now() + DAY, by: 'operator' })).invite.id
  const [revoked, used, late] = [await make(), await make(), await make()]
  await store.invites.revoke(revoked)
  const at = store.invites.get(revoked)?.revoked
  await store.invites.use(used, someone())
  clock.advance(DAY)
  await t.rejects(store.invites.revoke(revoked), { code: 'invite_unknown' })
  await t.rejects(store.invites.revoke(used), { code: 'invite_used_up' })
  await t.rejects(store.invites.revoke(late), { code: 'invite_expired' })
  t.match(store.invites.get(revoked), { revoked: at }, 'nor is it remembered longer for that')
})
