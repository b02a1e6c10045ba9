// SPDX-License-Identifier: AGPL-3.0-or-later
// Directed invites: a feed may have several, independent of each other, until it joins by any of them.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DAY, DIRECTED_PER_FEED, INVITES_PER_MEMBER } from '../../src/lib/limits.js'
import type { FeedId } from '../../src/ssb/feed-id.js'
import type { Store } from '../../src/store/store.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): FeedId => ssbKeys.generate().id

async function join({ members }: Store): Promise<FeedId> {
  const id = someone()
  await members.follow(id, { by: 'operator', voucher: null, note: '' })
  return id
}

async function openWithMakers(t: Parameters<typeof openTestStore>[0]) {
  const opened = await openTestStore(t)
  const { store, clock } = opened
  const [ana, mallory] = [await join(store), await join(store)]
  const make = async (by: FeedId, feed: FeedId, days: number): Promise<FeedId> =>
    (await store.invites.create({ expires: clock.now() + days * DAY, by, for: feed })).invite.id
  return { ...opened, ana, mallory, make }
}

t.test('a directed invite is not affected by another one for the same feed', async (t) => {
  const { store, clock, ana, mallory, make } = await openWithMakers(t)
  const ends: Array<(id: FeedId) => unknown> = [
    (id) => store.invites.revoke(id),
    () => clock.advance(2 * DAY),
    async () => {
      clock.advance(40 * DAY)
      t.equal(await store.invites.sweep(), 3, 'Mallory’s three, forgotten')
    },
  ]
  const [guest, knocking] = [someone(), someone()]
  for (const feed of [guest, knocking]) await make(ana, feed, 100)
  for (const end of ends) {
    const theirs = await make(mallory, guest, 1)
    t.ok(store.invites.awaits(guest))
    await end(theirs)
    t.ok(store.invites.awaits(guest), 'connecting is still all it takes')
  }
  t.ok(await store.invites.useDirected(guest))
  await store.invites.revoke(await make(mallory, knocking, 1))
  t.equal(await store.knocks.leave(knocking, '', clock.now() + DAY), 'joined', 'or knocking')
})

t.test('once a feed has joined, in any way, all its directed invites are used up', async (t) => {
  const { store, ana, mallory, make } = await openWithMakers(t)
  const doors: Array<(feed: FeedId, code: FeedId) => Promise<unknown>> = [
    (feed) => store.invites.useDirected(feed),
    (feed, code) => store.invites.use(code, feed),
    (feed) => store.moderation.as('operator').addMember(feed, ''),
  ]
  for (const door of doors) {
    const [feed, other] = [someone(), someone()]
    const [hers, theirs, another] = [
      await make(ana, feed, 2),
      await make(mallory, feed, 1),
      await make(ana, other, 1),
    ]
    await door(feed, hers)
    t.notOk(store.invites.awaits(feed))
    for (const id of [hers, theirs]) {
      t.match(store.invites.get(id), { state: 'used up' })
      await t.rejects(store.invites.use(id, feed), { code: 'already_following' }, 'its holder is in')
      t.equal(await store.invites.claim(id, feed), 'member')
    }
    t.match(store.invites.get(another), { used: 0, state: 'live' })
    await store.members.unfollow(feed)
    t.notOk(store.invites.awaits(feed), 'they do not stand up again')
    await make(mallory, feed, 1)
    t.ok(store.invites.awaits(feed), 'a new one does')
  }
})

t.test('a directed invite with several uses is used up by its feed', async (t) => {
  const { store, clock, ana } = await openWithMakers(t)
  const feed = someone()
  const { invite } = await store.invites.create({ uses: 5, expires: clock.now() + DAY, by: ana, for: feed })
  await store.invites.use(invite.id, feed)
  t.match(store.invites.get(invite.id), { used: 1, state: 'used up' })
})

t.test('the directed invites of a feed are limited, and one member cannot create them all', async (t) => {
  const { store, ana, make } = await openWithMakers(t)
  const feed = someone()
  t.ok(DIRECTED_PER_FEED > INVITES_PER_MEMBER)
  const all = await Promise.allSettled(
    Array.from({ length: DIRECTED_PER_FEED + 5 }, () => make('operator', feed, 1)),
  )
  t.equal(all.filter(({ status }) => status === 'fulfilled').length, DIRECTED_PER_FEED)
  await t.rejects(make(ana, feed, 1), { code: 'quota_reached', message: /that feed has too many/ })
  await make(ana, someone(), 1)
  await store.invites.useDirected(feed)
  await store.members.unfollow(feed)
  await make(ana, feed, 1)
  t.ok(store.invites.awaits(feed), 'what is dead is not counted')
})
