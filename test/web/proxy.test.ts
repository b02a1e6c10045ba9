// SPDX-License-Identifier: AGPL-3.0-or-later
// Behind a reverse proxy: whose headers are trusted, and what follows.

import t from 'tap'
import { ANSWER, DOMAIN, ONION, openSite, read } from './site.js'

const FORWARDED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': DOMAIN }

t.test('a request through the named proxy is for the domain', async (t) => {
  const { visitor, minted } = await openSite(t, { proxy: '127.0.0.1' })
  const ask = visitor()
  const page = await ask.get('/invite/', FORWARDED)
  t.match(page, { status: 200, headers: { 'strict-transport-security': /^max-age=\d{7,}$/ } })
  t.match(page.headers['set-cookie'], [/^__Host-tidepool=.{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/])
  const picture = await ask.get('/invite/captcha.png', FORWARDED)
  const captcha = picture.text.replace('GIF89a ', '')
  const own = { ...FORWARDED, Origin: `https://${DOMAIN}` }
  t.match(await ask.post(ANSWER, { captcha }, own), { status: 200 })
  t.match(minted, [{ host: DOMAIN, port: 8008 }])
})

t.test('a proxy that keeps Host need not send X-Forwarded-Host', async (t) => {
  const { visitor } = await openSite(t, { proxy: '127.0.0.1' })
  const headers = { 'X-Forwarded-Proto': 'https', Host: DOMAIN }
  t.match(await visitor().get('/', headers), {
    status: 200,
    headers: { 'strict-transport-security': /max-age/ },
  })
})

t.test('any entry of a list may be ours', async (t) => {
  const { visitor } = await openSite(t, { proxy: '::ffff:127.0.0.1' })
  const hosts = (list: string) =>
    visitor().get('/', { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': list })
  t.equal((await hosts(`evil.example, ${DOMAIN}`)).status, 200)
  t.equal((await hosts(`${DOMAIN}, evil.example`)).status, 200)
  t.equal((await hosts('evil.example, example')).status, 421)
  for (const proto of ['http', '', 'httpss']) {
    const reply = await visitor().get('/', { Host: DOMAIN, 'X-Forwarded-Proto': proto })
    t.notOk(reply.headers['strict-transport-security'], `"${proto}" is not HTTPS`)
  }
})

t.test('a proxy without X-Forwarded-Proto is rejected with the reason', async (t) => {
  const { visitor, web, lines } = await openSite(t, { proxy: '127.0.0.1' })
  // Apache's defaults
  const apache = { 'X-Forwarded-For': '10.1.2.3', 'X-Forwarded-Host': DOMAIN, 'X-Forwarded-Server': DOMAIN }
  const alone = Object.entries(apache).map(([name, value]) => ({ [name]: value }))
  for (const headers of [
    apache,
    ...alone,
    { 'X-Forwarded-Proto': 'http' },
    { 'X-Real-IP': '10.1.2.3' },
    { Forwarded: 'for=10.1.2.3;proto=https' },
    { Via: '1.1 proxy' },
  ]) {
    const { status, text } = await visitor().get('/invite/', headers)
    t.equal(status, 421, JSON.stringify(headers))
    t.match(text, /<h1>The proxy is not set up yet<[\s\S]*X-Forwarded-Proto: https/)
    t.notMatch(text, /ed25519|127\.0\.0\.1/)
  }
  const warned = lines.filter((line) => line.includes('proxy request rejected'))
  t.equal(warned.length, 1, 'logged once')
  t.match(JSON.parse(warned[0] ?? ''), { missing: 'X-Forwarded-Proto: https', sent: ['x-forwarded-for'] })
  t.match(web.trouble(), /must send X-Forwarded-Proto: https/)
  t.equal((await visitor().get('/assets/style.css', apache)).status, 200, 'the refusal has a style')
  t.equal((await visitor().get('/')).status, 200, 'the machine itself is served')
  t.equal((await visitor().get('/', FORWARDED)).status, 200)
  t.equal(web.trouble(), null)
})

t.test('an unknown host stays rejected', async (t) => {
  const { visitor } = await openSite(t, { proxy: '127.0.0.1' })
  for (const host of ['evil.example', ONION, '127.0.0.1', 'localhost'])
    t.equal((await visitor().get('/', { ...FORWARDED, 'X-Forwarded-Host': host })).status, 421, host)
})

t.test('other senders are not trusted', async (t) => {
  for (const proxy of [null, '10.9.8.7', '127.0.0.2']) {
    const site = await openSite(t, { proxy })
    const ask = site.visitor()
    const page = await ask.get('/invite/', { ...FORWARDED, 'X-Forwarded-For': '127.0.0.1' })
    t.match(page, { status: 200 }, 'a page of the listener it came to')
    t.notOk(page.headers['strict-transport-security'])
    t.match(page.headers['set-cookie'], [/^tidepool=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/])
    await ask.post(ANSWER, { captcha: await read(ask) }, FORWARDED)
    t.match(site.minted, [{ host: '127.0.0.1' }], `with ${proxy} named`)
    t.equal((await ask.get('/', { ...FORWARDED, Host: 'evil.example' })).status, 421)
  }
})

t.test('pages of the domain name the onion', async (t) => {
  const { visitor, names, face } = await openSite(t, { proxy: '127.0.0.1' })
  const onionOf = async (path: string, headers: Record<string, string> = FORWARDED) =>
    (await visitor().get(path, headers)).headers['onion-location']
  t.equal(await onionOf('/'), `http://${ONION}/`)
  t.equal(await onionOf('/invite/?x=1'), `http://${ONION}/invite/?x=1`)
  for (const path of ['/healthz', '/nothing', '/invite/captcha.png', '/whois'])
    t.notOk(await onionOf(path), path)
  t.notOk(await onionOf('/', {}), 'on no other listener')
  t.notOk(
    await onionOf('/', { ...FORWARDED, 'X-Forwarded-Host': 'evil.example' }),
    'to nobody who asks for another',
  )
  face.mode = 'restricted'
  t.notOk(await onionOf('/'), 'where there is no page there is no onion')
  face.mode = 'open'
  names.onion = null
  t.notOk(await onionOf('/'))
})
