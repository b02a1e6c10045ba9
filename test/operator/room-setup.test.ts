// SPDX-License-Identifier: AGPL-3.0-or-later
// Set-up: done once by the holder of the token; the operator may change the answers later.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DESCRIPTION_CHARS, NAME_CHARS } from '../../src/lib/limits.js'
import { createSetup } from '../../src/operator/room-setup.js'
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
  })
  t.notOk(setup.pending() || setup.knows(token))
  t.ok(opened.store.members.has(admin))
  t.equal(opened.store.roles.of(admin), 'admin')
  const again = await opened.reopen()
  t.match(createSetup(again).info(), { name: 'Pool', set_up: true })
  t.equal(again.roles.of(admin), 'admin')
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
