// SPDX-License-Identifier: AGPL-3.0-or-later
// The audit log: two rings read as one log; a full ring evicts entries of the actor with the most.

import t from 'tap'
import { AUDIT_KEPT, AUDIT_STEP, DAY } from '../../src/lib/limits.js'
import type { Ring } from '../../src/store/audit.js'
import type { AuditRecord } from '../../src/store/layout.js'
import type { Store } from '../../src/store/store.js'
import { addMember as member, openTestStore, someone } from '../helpers/store.js'

/** Adds many entries in one write, by default the operator's with targets numbered from 1. */
const noteMany = (
  store: Store,
  count: number,
  ring: Ring,
  entry: (at: number) => Partial<AuditRecord> = () => ({}),
): Promise<unknown> =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      store.settings.change({}, () =>
        store.audit.noteNow(
          { who: 'operator', what: 'tide', whom: String(i + 1), detail: '', ...entry(i) },
          ring,
        ),
      ),
    ),
  )

t.test('the audit log is read backwards in pages, and limited', async (t) => {
  const { store, reopen } = await openTestStore(t)
  await noteMany(store, AUDIT_KEPT + 3, 'room')
  const again = await reopen()
  t.same(
    again.audit.list(2).map(({ number, whom }) => [number, whom]),
    [
      [AUDIT_KEPT + 3, String(AUDIT_KEPT + 3)],
      [AUDIT_KEPT + 2, String(AUDIT_KEPT + 2)],
    ],
  )
  t.match(again.audit.list(1, AUDIT_KEPT), [{ number: AUDIT_KEPT - 1 }])
  const kept = again.audit.list(AUDIT_KEPT * 2)
  t.equal(kept.length, AUDIT_KEPT + 3 - AUDIT_STEP)
  t.equal(kept.at(-1)?.whom, String(AUDIT_STEP + 1), 'the oldest have made room')
})

t.test('a flood evicts its own entries, the most frequent first', async (t) => {
  const { store } = await openTestStore(t)
  const [warden, other] = [await member(store, 'moderator'), await member(store, 'moderator')]
  const [banished, target] = [await member(store), someone()]
  const actions = store.moderation.as(warden)
  await actions.removeMember(await member(store))
  await actions.block(banished, 'of old')
  for (let i = 0; i < 9; i++) await store.moderation.as(other).addMember(someone(), '')
  const left = (who: string, what?: string): number =>
    store.audit.list(AUDIT_KEPT).filter((entry) => entry.who === who && entry.what === (what ?? entry.what))
      .length
  for (let i = 0; i < AUDIT_KEPT; i += 2 * AUDIT_STEP) {
    await Promise.all(
      Array.from({ length: 2 * AUDIT_STEP }, (_, at) =>
        at % 2
          ? actions.block(target, `${i + at}`)
          : actions.saveNotice({ name: 'a', title: 'a', text: `${i + at}` }),
      ),
    )
  }
  const entries = store.audit.list(AUDIT_KEPT)
  t.ok(entries.length > AUDIT_KEPT - AUDIT_STEP && entries.length <= AUDIT_KEPT)
  t.ok(
    entries.some(({ whom }) => whom === banished),
    'the same done to somebody else stays',
  )
  t.equal(left(warden, 'member.remove'), 1, 'so does what they did otherwise')
  t.equal(left(other, 'member.add'), 9, 'and all that others did')
  await noteMany(store, AUDIT_KEPT + 1, 'room', () => ({ who: warden, what: 'feed.block' }))
  t.equal(left(warden, 'member.remove'), 1, 'whomever they do it to')
  t.equal(left(other, 'member.add'), 9)
  await noteMany(store, AUDIT_KEPT + 1, 'room', () => ({ who: other }))
  t.ok(left(warden) > AUDIT_KEPT / 3, 'two who flood share what there is')
  t.equal(left(warden, 'member.remove'), 1)
})

t.test('an action that changes nothing adds no entry and keeps the author of a notice', async (t) => {
  const { store } = await openTestStore(t)
  const [admin, target, shut] = [await member(store, 'admin'), await member(store), someone()]
  for (const who of ['operator', admin]) {
    const actions = store.moderation.as(who)
    await actions.saveNotice({ name: 'a', title: 'A', text: 'b' })
    await actions.setRole(target, 'moderator')
    await actions.setMode('community')
    for (const reason of ['why\u2028', '']) await actions.block(shut, reason)
  }
  t.same(
    store.audit.list(9).map(({ who, what }) => [who, what]),
    ['feed.block', 'room.mode', 'member.role', 'notice.save'].map((what) => ['operator', what]),
  )
  t.match(store.notices.get('a'), { by: 'operator' })
  const actions = store.moderation.as(admin)
  await actions.saveNotice({ name: 'a', title: 'A', text: 'c' })
  await actions.setRole(target, 'member')
  t.equal(store.audit.list(9).length, 6)
})

t.test('actions of members and on own items evict no other entries', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [plain, warden, target] = [await member(store), await member(store, 'moderator'), await member(store)]
  const expires = clock.now() + DAY
  for (const id of [plain, warden]) {
    const actions = store.moderation.as(id)
    const { invite } = await actions.createInvite({ expires, note: id })
    await actions.revokeInvite(invite.id)
    const knocker = someone()
    await store.knocks.leave(knocker, '', expires)
    await actions.acceptKnock(knocker)
    await store.aliases.register('crab', id, 'x')
    await actions.revokeAlias('crab')
  }
  const { invite } = await store.moderation.as(plain).createInvite({ expires })
  await store.moderation.as(warden).revokeInvite(invite.id)
  await store.moderation.as(warden).removeMember(target)
  const operator = store.moderation.as('operator')
  await operator.revokeInvite((await operator.createInvite({ expires })).invite.id)
  await store.moderation.as(plain).leave(false)
  const kept = [
    ...[warden, 'knock.accept'],
    ...[warden, 'invite.revoke'],
    ...[warden, 'member.remove'],
    ...['operator', 'invite.create'],
    ...['operator', 'invite.revoke'],
  ]
  t.equal(store.audit.list(99).length, 14, 'one log')
  // by as many members: together more than one member's share
  await noteMany(store, AUDIT_KEPT, 'own', (at) => ({ who: `@${at}` }))
  const room = store.audit.list(2 * AUDIT_KEPT).filter(({ what }) => what !== 'tide')
  t.same(
    room.reverse().flatMap(({ who, what }) => [who, what]),
    kept,
  )
  const own = () => store.audit.list(2 * AUDIT_KEPT).filter(({ who }) => who === plain).length
  const before = own()
  await noteMany(store, AUDIT_KEPT + 1, 'room')
  t.equal(own(), before, 'nor the other way round')
})

t.test('both rings are one log, in pages', async (t) => {
  const { store } = await openTestStore(t)
  const rings = ['room', 'own', 'own', 'room', 'own', 'room', 'room'] as const
  for (const [at, ring] of rings.entries()) {
    await store.settings.change({}, () =>
      store.audit.noteNow({ who: 'operator', what: 'tide', whom: String(at + 1), detail: '' }, ring),
    )
  }
  const seen: string[] = []
  for (let before: number | undefined; ; ) {
    const page = store.audit.list(2, before)
    if (page.length === 0) break
    seen.push(...page.map(({ whom }) => whom))
    before = page.at(-1)?.number
  }
  t.same(seen, ['7', '6', '5', '4', '3', '2', '1'])
})
