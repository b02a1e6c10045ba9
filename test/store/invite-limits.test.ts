// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits of invites: per maker, per day and in total; no limit check scans all invites.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  DAY,
  DEAD_INVITES_PER_MEMBER,
  INVITES_KEPT,
  INVITES_PER_DAY,
  INVITES_PER_MEMBER,
  JOINS_PER_DAY,
} from '../../src/lib/limits.js'
import { examine } from '../../src/operator/health-checks.js'
import type { FeedId } from '../../src/ssb/feed-id.js'
import { createFeeds } from '../../src/store/feeds.js'
import { createInvites } from '../../src/store/invites.js'
import { openTables } from '../../src/store/layout.js'
import { createMembers, type Members } from '../../src/store/members.js'
import { createRelayFeed } from '../../src/store/relay-feed.js'
import type { Store } from '../../src/store/store.js'
import { createWriter } from '../../src/store/writer.js'
import { createTestClock } from '../helpers/clock.js'
import { openTestStore, temporaryDir } from '../helpers/store.js'

const someone = (): FeedId => ssbKeys.generate().id

async function join(members: Members): Promise<FeedId> {
  const id = someone()
  await members.follow(id, { by: 'operator', voucher: null, note: '' })
  return id
}

/** Counts the results of simultaneous calls: how often each code, or `ok`. */
async function times(count: number, ask: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const result of await Promise.allSettled(Array.from({ length: count }, ask))) {
    const what = result.status === 'fulfilled' ? 'ok' : result.reason.code
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

const openOf = ({ invites }: Pick<Store, 'invites'>, by: FeedId): FeedId[] =>
  invites
    .list(by)
    .filter(({ state }) => state === 'live')
    .map(({ id }) => id)

t.test('open invites of a maker are counted within a batch, without undone ones', async (t) => {
  const opened = await openTestStore(t)
  const { clock } = opened
  const [ana, ben] = [await join(opened.store.members), await join(opened.store.members)]
  const expires = clock.now() + DAY
  const make = () => opened.store.invites.create({ expires, by: ana })
  t.same(await times(20, () => opened.store.invites.create({ expires, by: ana, for: ben })), {
    already_following: 20,
  })
  t.same(await times(INVITES_PER_MEMBER + 20, make), { ok: INVITES_PER_MEMBER, quota_reached: 20 })
  const store = await opened.reopen()
  t.equal(openOf(store, ana).length, INVITES_PER_MEMBER)
  await store.invites.revoke(openOf(store, ana)[0] as FeedId)
  t.same(await times(2, make), { ok: 1, quota_reached: 1 })
  clock.advance(DAY)
  await store.invites.create({ expires: clock.now() + DAY, by: ana })
  t.equal(openOf(store, ana).length, 1, 'an expired one gives its place back without a write')
  t.same(store.invites.list(ben), [])
})

t.test('a member has a daily limit of requests, and is then rejected before the queue', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [ana, ben] = [await join(store.members), await join(store.members)]
  const { createInvite } = store.moderation.as(ana)
  const expires = clock.now() + 3 * DAY
  t.same(await times(INVITES_PER_DAY - 1, () => createInvite({ expires, for: ben })), {
    already_following: INVITES_PER_DAY - 1,
  })
  await createInvite({ expires })
  let asked = false
  const late = store.invites.create({ expires, by: ana }, () => {
    asked = true
  })
  await t.rejects(late, { code: 'quota_reached', message: /daily limit of 200 reached/ })
  await t.rejects(createInvite({ expires }), { code: 'quota_reached' })
  t.notOk(asked, 'before the queue')
  await store.moderation.as(ben).createInvite({ expires })
  for (const by of ['operator', 'captcha'])
    t.same(await times(INVITES_PER_DAY + 1, () => store.invites.create({ expires, by })), {
      ok: INVITES_PER_DAY + 1,
    })
  clock.advance(DAY)
  await createInvite({ expires })
  t.equal(store.invites.list(ana).length, 2)
})

t.test('joins by the invites of one maker are limited per day, and the operator is informed', async (t) => {
  const { store, clock } = await openTestStore(t)
  const ana = await join(store.members)
  const expires = clock.now() + 3 * DAY
  const make = async (by: string, more = {}) =>
    (await store.invites.create({ expires, by, uses: 10_000, ...more })).invite.id
  const [first, second, other] = [await make(ana), await make(ana), await make('operator')]
  const claim = (guest: FeedId) => () => store.invites.claim(guest, someone())
  t.same(await times(JOINS_PER_DAY - 10, claim(first)), { ok: JOINS_PER_DAY - 10 })
  t.same(store.invites.limited(), [])
  const report = () => examine({ store, now: clock.now }, { dataDir: '/', rebuild: false })
  t.same(await times(20, claim(second)), { ok: 10, quota_reached: 10 }, 'all of them together')
  await t.rejects(store.invites.use(first, someone()), { code: 'quota_reached' }, 'over SSB, too')
  t.equal(store.invites.get(first)?.used, JOINS_PER_DAY - 10, 'what was refused is not used')
  t.same(store.invites.limited(), [{ by: ana, refused: 11 }])
  const found = (await report()).checks.find(({ name }) => name === 'joins')
  t.match(found, { severity: 'warning', detail: /500 feeds .*11 more/, advice: /revoke/ })
  t.same(await times(2, claim(other)), { ok: 2 }, 'nobody else is held up')
  const [ben, cleo] = [someone(), someone()]
  t.equal(await store.invites.claim(await make(ana, { uses: 1, for: ben }), ben), 'joined')
  t.equal(await store.invites.claim(await make('captcha', { uses: 1 }), cleo), 'joined')
  clock.advance(DAY)
  t.same(await times(1, claim(first)), { ok: 1 })
  t.same(store.invites.limited(), [])
})

t.test('a full table evicts a dead invite: a revoked or used up one, else the first to expire', async (t) => {
  const { store, clock } = await openTestStore(t)
  const make = async (days: number): Promise<FeedId> =>
    (await store.invites.create({ expires: clock.now() + days * DAY, by: 'captcha' })).invite.id
  const [second, first, used, revoked] = [await make(3), await make(2), await make(9), await make(9)]
  t.same(await times(INVITES_KEPT - 4, () => make(9)), { ok: INVITES_KEPT - 4 })
  await t.rejects(make(9), { code: 'quota_reached', message: /relay has too many/ })
  await store.invites.use(used, someone())
  t.same(await times(2, () => make(9)), { ok: 1, quota_reached: 1 }, 'one place is given once in a batch')
  t.equal(store.invites.get(used), null)
  clock.advance(4 * DAY)
  await store.invites.revoke(revoked)
  for (const gone of [revoked, first, second]) {
    t.ok(store.invites.get(gone))
    await make(9)
    t.equal(store.invites.get(gone), null)
  }
  await t.rejects(make(9), { code: 'quota_reached' })
  t.equal(store.invites.list().length, INVITES_KEPT)
})

t.test('an invite that ended by a clock that was ahead takes no place of an open one', async (t) => {
  const { store, clock } = await openTestStore(t)
  const ana = await join(store.members)
  clock.jump(400 * DAY)
  for (let i = 0; i < INVITES_PER_MEMBER; i++) {
    const { invite } = await store.invites.create({ expires: clock.now() + DAY, by: ana })
    await store.invites.revoke(invite.id)
  }
  clock.jump(-400 * DAY)
  t.same(await times(2, () => store.invites.create({ expires: clock.now() + DAY, by: ana })), { ok: 2 })
  t.equal(openOf(store, ana).length, 2)
})

t.test('only the list of all invites reads all invites', async (t) => {
  const clock = createTestClock()
  const tables = openTables(temporaryDir(t))
  t.teardown(() => tables.root.close())
  const writer = createWriter(tables.root, (err) => t.fail(String(err)))
  const keys = ssbKeys.generate()
  const feeds = createFeeds(tables, writer, { maxBytes: 1e9, maxFeedBytes: 1e9 }, clock.now, (err) =>
    t.fail(String(err)),
  )
  const members = createMembers(tables, writer, createRelayFeed(keys, feeds, clock.now), clock.now)
  const invites = createInvites(tables, writer, members, keys.id, clock.now)
  for (const read of ['getRange', 'getKeys'] as const) {
    tables.invites[read] = () => {
      throw new Error('all invites are read')
    }
  }
  t.throws(() => invites.list())
  const [ana, ben] = [await join(members), someone()]
  const make = async (more: object = {}): Promise<FeedId> =>
    (await invites.create({ expires: clock.now() + DAY, by: ana, ...more })).invite.id
  for (let i = 0; i < DEAD_INVITES_PER_MEMBER + 2; i++) await invites.revoke(await make())
  t.equal(invites.list(ana).length, DEAD_INVITES_PER_MEMBER + 1, 'the dead of a maker are bounded')
  await make({ for: ben })
  t.ok(invites.awaits(ben))
  await invites.useDirected(ben)
  await times(INVITES_PER_DAY, make)
  await members.unfollow(ana)
  t.same(openOf({ invites }, ana), [], 'who is let go takes theirs along')
  clock.advance(40 * DAY)
  t.ok(await invites.sweep())
  t.same(invites.list(ana), [])
})
