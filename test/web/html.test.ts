// SPDX-License-Identifier: AGPL-3.0-or-later
// Every page is valid HTML by html-validate's recommended rules.

import { HtmlValidate } from 'html-validate'
import t from 'tap'
import { tokenOf } from '../../src/ssb/invite-code.js'
import { ANSWER, addInvite, openSite, RELAY_ID, read, seedFor } from './site.js'

// the success page disables the rule itself: SPIP-01 demands a long title
const validator = new HtmlValidate({ extends: ['html-validate:recommended'] })

t.test('every page is valid', async (t) => {
  const site = await openSite(t, { perHour: 1 })
  const check = async (name: string, html: string) => {
    const report = await validator.validateString(html)
    const found = report.results.flatMap(({ messages }) =>
      messages.map((m) => `${m.line}: ${m.ruleId}: ${m.message}`),
    )
    t.same(found, [], name)
    t.equal(html.match(/<h1/g)?.length, 1, `${name}: one h1`)
    t.match(html, '<html lang="en">', name)
  }
  const { visitor, page, answer } = await site.withCaptcha()
  await check('landing', (await visitor.get('/')).text)
  await check('captcha', page.text)
  await check('wrong answer', (await visitor.post(ANSWER, { captcha: 'x' })).text)
  t.match(answer, /./)
  await check('success', (await visitor.post(ANSWER, { captcha: await read(visitor) })).text)
  await check('no captcha', (await visitor.post(ANSWER, { captcha: 'x' })).text)
  await check('low tide at the captcha', (await visitor.get('/invite/')).text)
  await check('429', (await visitor.post(ANSWER, { captcha: await read(visitor) })).text)
  await check('404', (await visitor.get('/nothing')).text)
  await check('405', (await visitor.post('/', {})).text)
  await check('413', (await visitor.post(ANSWER, 'x'.repeat(9000))).text)
  await check('400', (await visitor.post(ANSWER, '{}', { 'Content-Type': 'application/json' })).text)
  await check('403', (await visitor.post(ANSWER, {}, { 'Sec-Fetch-Site': 'cross-site' })).text)
  await check('421', (await visitor.get('/', { Host: 'x.example' })).text)
  site.web.setLimits({ captcha: false })
  await check('button', (await visitor.get('/invite/')).text)
  const expires = site.clock.now + 86_400_000
  const invite = addInvite(site.invites.known, { seed: seedFor(50), expires, uses: 3 })
  const link = tokenOf(seedFor(50))
  await check('join', (await visitor.get(`/join?invite=${link}`)).text)
  await check('join with a wrong id', (await visitor.post('/join', { invite: link, id: 'me' })).text)
  await check(
    'joined',
    (await visitor.post('/join', { invite: link, id: RELAY_ID.replace('@o', '@p') })).text,
  )
  for (const state of ['used up', 'expired', 'revoked'] as const) {
    invite.state = state
    await check(state, (await visitor.get(`/join?invite=${link}`)).text)
  }
  site.aliases.set('bob', { owner: RELAY_ID, signature: 'x.sig.ed25519', online: false })
  await check('alias', (await visitor.get('/alias/bob')).text)
  site.face.mode = 'community'
  site.face.description = ''
  await check('landing of a community', (await visitor.get('/')).text)
  const form = await visitor.post(ANSWER, { action: '' })
  await check('knock', form.text)
  const feed = `@${'A'.repeat(43)}=.ed25519`
  await check('waiting', (await visitor.post('/invite/knock', { feed })).text)
  site.knocks.members.add(feed)
  await visitor.get('/invite/')
  await visitor.post(ANSWER, { action: '' })
  await check('low tide at the door', (await visitor.post('/invite/knock', { feed })).text)
  site.clock.now += 3_600_000
  await visitor.get('/invite/')
  await visitor.post(ANSWER, { action: '' })
  await check('in already', (await visitor.post('/invite/knock', { feed })).text)
  site.setup.pending = true
  await check('set-up', (await visitor.get('/setup')).text)
  await check('set-up by the link', (await visitor.get('/setup?token=oyster-token')).text)
  const answers = { token: 'oyster-token', name: 'Rock pool', description: '', admin: '' }
  await check('ready', (await visitor.post('/setup', answers, { Host: 'pool.example' })).text)
})

t.test('a 500 is valid too', async (t) => {
  const site = await openSite(t, {}, { hostnames: fail })
  const { text, status } = await site.visitor().get('/')
  t.equal(status, 500)
  t.ok((await validator.validateString(text)).valid)
})

function fail(): never {
  throw new Error('x')
}
