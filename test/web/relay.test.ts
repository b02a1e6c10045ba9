// SPDX-License-Identifier: AGPL-3.0-or-later
// The site on a real relay: set-up, knocks in the store, whois on its port.

import { createServer } from 'node:net'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { Visitor } from '../helpers/http.js'
import { bootRelay, knownCaptchas } from '../helpers/relay.js'
import { ANSWER } from './site.js'

t.test('set-up by the link, once', async (t) => {
  const relay = await bootRelay(t, { setUp: false })
  const visitor = new Visitor(relay.webUrl)
  t.equal((await visitor.get('/')).headers.location, '/setup')
  const link = new URL(relay.relay.setupLink() ?? '')
  t.equal(link.origin, relay.webUrl)
  const token = link.searchParams.get('token') ?? ''
  t.match(await relay.operator.settings(), { set_up: false, setup_token: token })
  t.match((await visitor.get(`/setup${link.search}`)).text, `name="token" value="${token}"`)
  const admin = ssbKeys.generate().id
  await relay.operator.block(admin)
  const answers = { token, name: 'בריכת <b>סלע</b>', description: 'Wet.', admin }
  const blocked = await visitor.post('/setup', answers)
  t.equal(blocked.status, 403)
  t.match(blocked.text, 'id="admin-wrong"')
  t.match(await relay.operator.settings(), { set_up: false, setup_token: token }, 'the token stays good')
  await relay.operator.unblock(admin)
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, n) => visitor.post('/setup', { ...answers, description: `${n}` })),
  )
  t.equal(replies.filter(({ status }) => status === 200).length, 1)
  t.equal(replies.filter(({ status }) => status === 409 || status === 404).length, 9)
  t.match(await relay.operator.settings(), { set_up: true, setup_token: null, name: answers.name })
  t.match(await relay.operator.membersList(), [{ id: admin, role: 'admin' }])
  t.match((await visitor.get('/')).text, '<h1 dir="auto">בריכת &lt;b&gt;סלע&lt;/b&gt;</h1>')
  t.equal((await visitor.get(`/setup${link.search}`)).status, 404)
  t.equal((await visitor.post('/setup', answers)).status, 404)
  t.equal(relay.relay.setupLink(), null)
  await relay.restart()
  t.equal(relay.relay.setupLink(), null, 'and stays done')
  t.equal((await new Visitor(relay.webUrl).get('/')).status, 200)
})

t.test('knocks: waiting, accepted, declined, blocked, invited, known', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  await relay.operator.mode('community')
  const [ana, ben, eve, dan] = Array.from({ length: 4 }, () => ssbKeys.generate().id) as [
    string,
    string,
    string,
    string,
  ]
  const knock = async (feed: string, note = '') => {
    const visitor = new Visitor(relay.webUrl)
    await visitor.get('/invite/')
    const { body } = await visitor.get('/invite/captcha.png')
    await visitor.post(ANSWER, { captcha: captchas.answerTo(body) ?? '' })
    const { status, text } = await visitor.post('/invite/knock', { feed, note })
    return { status, heading: /<h1>([^<]*)/.exec(text)?.[1], text }
  }
  const waiting = { status: 200, heading: 'You are on the waiting list' }
  t.match(await knock(ana, 'Ana'), waiting)
  t.match(await knock(ben, 'Ben'), waiting)
  await relay.operator.block(eve)
  const refused = await knock(eve)
  t.match(refused, waiting, 'who is blocked learns nothing of it')
  t.equal(refused.text.replaceAll(eve, ana), (await knock(ana, 'Ana again')).text, 'not by a single letter')
  const knocks = await relay.operator.knocksList()
  t.match(knocks, [
    { id: ana, note: 'Ana again' },
    { id: ben, note: 'Ben' },
  ])
  const [first] = knocks
  t.ok(first && Math.abs(first.expires - Date.now() - 7 * 86_400_000) < 60_000, 'for a week')
  await relay.operator.knockAccept(ana)
  await relay.operator.knockDecline(ben)
  t.same(await relay.operator.knocksList(), [])
  t.match(await relay.operator.membersList(), [{ id: ana, by: 'knock', note: 'Ana again' }])
  t.match(await knock(ana), { status: 409, heading: 'You are already a member' })
  t.match(await knock(ben), waiting, 'sent away is not shut out')
  await relay.operator.inviteCreate({ for: dan })
  t.match(await knock(dan), { status: 200, heading: 'You have joined' })
  t.ok((await relay.operator.membersList()).some(({ id }) => id === dan))
  await relay.operator.mode('restricted')
  t.equal((await knock(ben)).status, 404)
})

t.test('whois on its own port, which closes with the relay', async (t) => {
  const relay = await bootRelay(t)
  const { addresses } = await relay.status()
  const address = `net:127.0.0.1:${relay.ssbPort}~shs:${relay.id.slice(1, -8)}`
  t.equal(addresses.ssb[0], address)
  for (const url of [`${addresses.whois}/whois`, `${addresses.whois}`, `${relay.webUrl}/whois`]) {
    t.equal(await (await fetch(url)).text(), `${address}\n`, url)
  }
  for (const mode of ['community', 'restricted'] as const) {
    await relay.operator.mode(mode)
    t.equal((await fetch(`${addresses.whois}/whois`)).status, 404, mode)
  }
  await relay.close()
  await t.rejects(fetch(`${addresses.whois}/whois`))
})

t.test('a taken default whois port is a warning only', async (t) => {
  const other = createServer()
  // if another process has it already, that serves as well
  await new Promise<void>((resolve) =>
    other.once('error', () => resolve()).listen(26_819, '127.0.0.1', resolve),
  )
  t.teardown(() => other.close())
  const relay = await bootRelay(t, { sets: ['whois.port=26819'] })
  t.equal((await relay.status()).addresses.whois, null)
  t.match(relay.lines.join(''), /whois listener failed.*|EADDRINUSE/)
  t.equal((await fetch(`${relay.webUrl}/whois`)).status, 200, 'the site answers still')
})
