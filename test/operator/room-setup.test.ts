// SPDX-License-Identifier: AGPL-3.0-or-later
// Set-up: done once by the holder of the token; the operator may change the answers later.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DESCRIPTION_CHARS, LOCAL_CLAIM_MS, NAME_CHARS } from '../../src/lib/limits.js'
import { createSetup } from '../../src/operator/room-setup.js'
import { createTestClock } from '../helpers/clock.js'
import { openTestStore } from '../helpers/store.js'

t.test('the token works once', async (t) => {
  const opened = await openTestStore(t)
  const setup = createSetup(opened.store)
  const token = setup.info().setup_token as string
  t.match(token, /^[\w-]{22}$/)
  t.not(createSetup(opened.store).info().setup_token, token, 'each start has its own')
  for (const wrong of [
    undefined,
    null,
    '',
    token.slice(1),
    `${token}x`,
    [token],
    { toString: () => token },
  ]) {
    t.notOk(setup.knows(wrong))
    await t.rejects(setup.claim(wrong, { name: 'Pool' }), { code: 'token_wrong' })
  }
  const admin = ssbKeys.generate().id
  const [first, second] = await Promise.allSettled([
    setup.claim(token, { name: 'Pool', description: 'by the sea', admin }),
    setup.claim(token, { name: 'Other' }),
  ])
  t.equal(first.status, 'fulfilled')
  t.match(second, { status: 'rejected', reason: { code: 'already_set_up' } })
  await t.rejects(setup.claim(token, { name: 'Later' }), { code: 'already_set_up' })
  t.same(setup.info(), {
    name: 'Pool',
    description: 'by the sea',
    mode: 'open',
    ebt: false,
    set_up: true,
    setup_token: null,
    local_claim_s: null,
  })
  t.notOk(setup.pending() || setup.knows(token))
  t.ok(opened.store.members.has(admin))
  t.equal(opened.store.roles.of(admin), 'admin')
  const again = await opened.reopen()
  t.match(createSetup(again).info(), { name: 'Pool', set_up: true })
  t.equal(again.roles.of(admin), 'admin')
})

t.test('for an hour of uptime the local network needs no token, where that is on', async (t) => {
  const { store } = await openTestStore(t)
  const clock = createTestClock()
  t.equal(createSetup(store, { uptime: clock.uptime }).localClaim(), null, 'off by default')
  const setup = createSetup(store, { localClaim: true, uptime: clock.uptime })
  const { key = null, ms } = setup.localClaim() ?? {}
  t.match(key, /^[\w-]{22}$/)
  t.equal(ms, LOCAL_CLAIM_MS)
  t.not(key, setup.info().setup_token)
  t.equal(setup.info().local_claim_s, 3600)
  t.notOk(setup.knows(key), 'not from elsewhere')
  t.ok(setup.knows(key, true))
  await t.rejects(setup.claim(key, { name: 'Pool' }), { code: 'token_wrong' })
  clock.jump(5 * LOCAL_CLAIM_MS)
  clock.advance(LOCAL_CLAIM_MS - 1)
  t.ok(setup.knows(key, true), 'a date that jumps ends nothing')
  clock.advance(1)
  clock.jump(-10 * LOCAL_CLAIM_MS)
  t.same(setup.localClaim(), { key: null, ms: 0 })
  t.equal(setup.info().local_claim_s, 0)
  t.notOk(setup.knows(key, true) || setup.knows(null, true))
  await t.rejects(setup.claim(key, { name: 'Pool' }, true), { code: 'token_wrong' })
  await setup.claim(setup.info().setup_token, { name: 'Pool' })
  t.equal(setup.localClaim(), null, 'never again')
})

t.test('of two browsers on the local network one sets the room up', async (t) => {
  const { store } = await openTestStore(t)
  const setup = createSetup(store, { localClaim: true })
  const key = setup.localClaim()?.key
  const ended = await Promise.allSettled(
    ['One', 'Two', 'Three'].map((name) => setup.claim(key, { name }, true)),
  )
  t.match(ended, [{ status: 'fulfilled' }, ...[1, 2].map(() => ({ reason: { code: 'already_set_up' } }))])
  t.equal(setup.info().name, 'One')
  t.notOk(setup.knows(key, true))
})

t.test('answers are validated before anything is stored, and the token stays valid', async (t) => {
  const { store } = await openTestStore(t)
  const setup = createSetup(store)
  const token = setup.info().setup_token
  const wrong: Array<[Record<string, unknown>, string]> = [
    [{}, 'bad_argument'],
    [{ name: ' \t\n ' }, 'bad_argument'],
    [{ name: ['Pool'] }, 'bad_argument'],
    [{ name: 'x'.repeat(NAME_CHARS + 1) }, 'bad_argument'],
    [{ name: 'Pool', description: 'x'.repeat(DESCRIPTION_CHARS + 1) }, 'bad_argument'],
    [{ name: 'Pool', description: 7 }, 'bad_argument'],
    [{ name: 'Pool', admin: '@nobody' }, 'bad_feed_id'],
    [{ name: 'Pool', admin: {} }, 'bad_feed_id'],
  ]
  for (const [answers, code] of wrong)
    await t.rejects(setup.claim(token, answers), { code }, JSON.stringify(answers).slice(0, 60))
  t.ok(setup.pending())
  await setup.claim(token, { name: '  בריכת סלע \u202e<b>🦀</b>\u0000 ', description: null, admin: '' })
  t.equal(
    setup.info().name,
    'בריכת סלע <b>🦀</b>',
    'any script and any sign; nothing that turns a line round',
  )
})

t.test('a member becomes admin and stays one; a blocked feed is rejected', async (t) => {
  const { store } = await openTestStore(t)
  const setup = createSetup(store)
  const [member, blocked] = [ssbKeys.generate().id, ssbKeys.generate().id]
  await store.members.follow(member, { by: 'invite', voucher: null, note: '' })
  await store.members.block(blocked, '')
  await t.rejects(setup.answer({ name: 'Pool', admin: blocked }), { code: 'not_allowed' })
  t.ok(setup.pending(), 'nothing is half done')
  await setup.answer({ name: 'Pool', admin: member })
  t.equal(store.members.get(member)?.by, 'invite')
  await setup.answer({ name: 'Pool of two' })
  t.match(setup.info(), { name: 'Pool of two', set_up: true })
  t.equal(store.roles.of(member), 'admin', 'an answer left out changes nothing')
  await setup.answer({ name: 'Pool', ebt: true })
  await setup.answer({ name: 'Pool' })
  t.equal(setup.info().ebt, true)
  await t.rejects(setup.answer({ name: 'Pool', ebt: 'on' }), { code: 'bad_argument' })
})
