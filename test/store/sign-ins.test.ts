// SPDX-License-Identifier: AGPL-3.0-or-later
// Sign-ins and login links: valid for their member, for a limited time, until the membership ends.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  AGENT_CHARS,
  DAY,
  HOUR,
  LINK_MS,
  MINUTE,
  SIGN_IN_MS,
  SIGN_INS_PER_MEMBER,
} from '../../src/lib/limits.js'
import { startMaintenance } from '../../src/store/housekeeping.js'
import { openTestStore, silentLog, UNTRUSTED } from '../helpers/store.js'

async function withMember(t: Parameters<typeof openTestStore>[0]) {
  const opened = await openTestStore(t)
  const id = ssbKeys.generate().id
  await opened.store.members.follow(id, { by: 'operator', voucher: null, note: '' })
  return { ...opened, id }
}

t.test('a token is stored as a hash, survives a restart, and expires', async (t) => {
  const { store, clock, id, reopen } = await withMember(t)
  const token = await store.signIns.open(id, 'app', 'x'.repeat(200))
  const other = await store.signIns.open(id, 'link', 'Firefox')
  t.match(token, /^[\w-]{43}$/)
  const again = await reopen()
  t.match(again.signIns.get(token), { feed: id, how: 'app', agent: 'x'.repeat(AGENT_CHARS) })
  t.not(again.signIns.get(token)?.id, token)
  for (const wrong of [
    '',
    token.slice(1),
    `${token}=`,
    other.replace(/.$/, 'A'),
    again.signIns.get(token)?.id,
  ])
    if (wrong !== other) t.equal(again.signIns.get(wrong as string), null)
  clock.advance(2 * HOUR)
  const used = again.signIns.get(token)
  if (used) await again.signIns.used(used)
  t.same(
    again.signIns.of(id).map(({ how }) => how),
    ['app', 'link'],
    'last used first',
  )
  clock.advance(SIGN_IN_MS - HOUR)
  t.equal(again.signIns.get(other), null, 'not used for too long')
  t.ok(again.signIns.get(token), 'use prolongs it')
  t.equal(await again.signIns.sweep(), 1)
  await t.rejects(again.signIns.open(ssbKeys.generate().id, 'app', ''), { code: 'not_following' })
})

t.test('rows from a clock that was ahead are valid no longer than new ones', async (t) => {
  const { store, clock, id } = await withMember(t)
  clock.jump(3650 * DAY)
  const idle = await store.signIns.open(id, 'app', '')
  const token = await store.signIns.open(id, 'app', '')
  const { token: link } = await store.signIns.link(id)
  await store.members.recordSeen(id)
  clock.jump(-3650 * DAY)
  const used = store.signIns.get(token)
  t.notOk(
    used && (await store.signIns.used(used)),
    'whether the clock was ahead or is behind is not known yet',
  )
  await store.members.recordSeen(id)
  t.equal(store.members.lastSeen(id), clock.now())
  await store.signIns.shorten()
  t.match(store.signIns.get(token), { seen: clock.now(), expires: clock.now() + SIGN_IN_MS })
  clock.advance(LINK_MS)
  await t.rejects(store.signIns.useLink(link, ''), { code: 'link_void' })
  clock.advance(SIGN_IN_MS - LINK_MS)
  t.equal(store.signIns.get(token), null)
  t.equal(store.signIns.get(idle), null, 'nor if it is never used again')
})

t.test('a clock that is behind for a while signs nobody out and voids no link', async (t) => {
  for (const behind of [60 * DAY, 20_000 * DAY]) {
    const { store, clock, id } = await withMember(t)
    const token = await store.signIns.open(id, 'app', '')
    const { token: link } = await store.signIns.link(id)
    await store.members.recordSeen(id)
    const here = store.members.lastSeen(id)
    clock.jump(-behind)
    // as at a start
    const end = startMaintenance({ store, clock, trust: UNTRUSTED, log: silentLog })
    const used = store.signIns.get(token)
    t.notOk(used && (await store.signIns.used(used)))
    await store.members.recordSeen(id)
    await end()
    clock.jump(behind)
    t.ok(store.signIns.get(token))
    await store.signIns.useLink(link, '')
    if (behind > 10_000 * DAY) t.equal(store.members.lastSeen(id), here, 'nobody was here in 1970')
  }
})

t.test('a browser is signed out only by its owner; the least recently used is evicted', async (t) => {
  const { store, clock, id } = await withMember(t)
  const first = await store.signIns.open(id, 'app', '')
  const mine = store.signIns.get(first)?.id as string
  for (const wrong of ['', '__proto__', 'A'.repeat(43)])
    await t.rejects(store.signIns.close(wrong, id), { code: 'not_found' })
  await t.rejects(store.signIns.close(mine, ssbKeys.generate().id), { code: 'not_found' })
  for (let i = 0; i < SIGN_INS_PER_MEMBER; i++) {
    clock.advance(MINUTE)
    await store.signIns.open(id, 'app', '')
  }
  t.equal(store.signIns.of(id).length, SIGN_INS_PER_MEMBER)
  t.equal(store.signIns.get(first), null)
  t.equal(await store.signIns.closeAll(id), SIGN_INS_PER_MEMBER)
  t.same(store.signIns.of(id), [])
})

t.test('sign-ins and links end with the membership', async (t) => {
  for (const end of ['unfollow', 'block'] as const) {
    const { store, id } = await withMember(t)
    const token = await store.signIns.open(id, 'app', '')
    const { token: link } = await store.signIns.link(id)
    await (end === 'block' ? store.members.block(id, '') : store.members.unfollow(id))
    t.equal(store.signIns.get(token), null)
    if (end === 'block') await store.members.unblock(id)
    await store.members.follow(id, { by: 'operator', voucher: null, note: '' })
    t.equal(store.signIns.get(token), null, 'and coming back does not bring them back')
    await t.rejects(store.signIns.useLink(link, ''), { code: 'link_void' })
  }
})

t.test('a login link is valid once, for an hour, and only the newest', async (t) => {
  const { store, clock, id } = await withMember(t)
  const { token: stale } = await store.signIns.link(id)
  const { token, expires } = await store.signIns.link(id)
  t.equal(expires, clock.now() + LINK_MS)
  await t.rejects(store.signIns.useLink(stale, ''), { code: 'link_void' })
  const both = await Promise.allSettled([
    store.signIns.useLink(token, 'A'),
    store.signIns.useLink(token, 'B'),
  ])
  t.same(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(store.signIns.of(id), [{ how: 'link' }])
  const { token: late } = await store.signIns.link(id)
  clock.advance(LINK_MS)
  await t.rejects(store.signIns.useLink(late, ''), { code: 'link_void' })
  await t.rejects(store.signIns.link(ssbKeys.generate().id), { code: 'not_following' })
})
