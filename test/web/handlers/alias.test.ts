// SPDX-License-Identifier: AGPL-3.0-or-later
// /alias/…: the page of an alias, on a path and on a subdomain.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { PICTURES_KEPT, PICTURES_PER_HOUR, SECOND } from '../../../src/lib/limits.js'
import { de } from '../../../src/web/words/de.js'
import { Visitor } from '../../helpers/http.js'
import { DOMAIN, ONION, openSite, RELAY_ID } from '../site.js'

const BOB = `@${Buffer.alloc(32, 66).toString('base64')}.ed25519`
const SIGNATURE = `${Buffer.alloc(64, 7).toString('base64')}.sig.ed25519`
const KEY = RELAY_ID.slice(1, -8)

async function openNamed(t: Parameters<typeof openSite>[0]) {
  const site = await openSite(t)
  site.aliases.set('bob', { owner: BOB, signature: SIGNATURE, online: true })
  site.aliases.set('admin', { owner: BOB, signature: SIGNATURE, online: true })
  return site
}

const answer = (host: string) => ({
  status: 'successful',
  alias: 'bob',
  userId: BOB,
  signature: SIGNATURE,
  roomId: RELAY_ID,
  multiserverAddress: `${host.endsWith('.onion') ? 'onion' : 'net'}:${host}:8008~shs:${KEY}`,
})

t.test('page and JSON follow the specification', async (t) => {
  const site = await openNamed(t)
  for (const host of [DOMAIN, ONION]) {
    const visitor = site.visitor()
    const page = await visitor.get('/alias/bob', { Host: host })
    t.equal(page.status, 200)
    const [, href = ''] = /class="button" href="(ssb:[^"]+)"/.exec(page.text) ?? []
    const uri = new URL(href.replaceAll('&amp;', '&'))
    const { status, ...link } = answer(host)
    t.same(Object.fromEntries(uri.searchParams), { action: 'consume-alias', ...link })
    t.notMatch(href, /[+@/:]/.exec(href.slice(4))?.[0] ?? /never/, 'every sign is encoded')
    t.match(page.text, `>http://${host}/alias/bob<`)
    t.match(page.text, BOB)
    for (const [, path = ''] of page.text.matchAll(/src="(\/alias\/[^"]+)"/g))
      t.equal((await visitor.get(path, { Host: host })).headers['content-type'], 'image/gif', path)
    for (const [path, headers] of [
      ['/alias/bob?encoding=json', {}],
      ['/alias/bob', { Accept: 'application/json' }],
      ['/alias/BOB?encoding=json', {}],
    ] as const) {
      const json = await visitor.get(path, { Host: host, ...headers })
      t.same(JSON.parse(json.text), answer(host))
    }
  }
})

t.test('it shows whether the owner is online, and that some apps need a follow', async (t) => {
  const site = await openNamed(t)
  const there = (await site.visitor().get('/alias/bob')).text
  t.match(there, 'Online now.')
  t.match(there, 'only people they follow')
  site.aliases.set('bob', { owner: BOB, signature: SIGNATURE, online: false })
  t.match((await site.visitor().get('/alias/bob')).text, 'Offline at the moment')
  const german = await site.visitor().get('/alias/bob', { 'Accept-Language': 'de' })
  t.match(german.text, String(de.alias.offline('bob')))
})

t.test('an unregistered, an invalid and a hidden alias are the same 404', async (t) => {
  const site = await openNamed(t)
  const visitor = site.visitor()
  const unknown = await visitor.get('/alias/nobody')
  const json = await visitor.get('/alias/nobody?encoding=json')
  t.equal(unknown.status, 404)
  t.same(JSON.parse(json.text), { status: 'error', error: 'not found', code: 'not_found' })
  const same = async (name: string, what = name) => {
    const reply = await visitor.get(`/alias/${name}`)
    t.same([reply.status, reply.text], [404, unknown.text], what)
    const told = await visitor.get(`/alias/${name}?encoding=json`)
    t.same([told.status, told.text], [404, json.text], `${what} as JSON`)
    t.equal((await visitor.get(`/alias/${name}/qr.gif?of=connect`)).status, 404, `${what} as a picture`)
  }
  for (const name of ['admin', 'b%D0%BEb', '%E2%84%AAob', 'bob.', 'a'.repeat(64), '__proto__', 'constructor'])
    await same(name)
  for (const name of ['bob%00', '%20bob', 'bob%2f..', '%ff', '%', 'bob%0a']) {
    const { status } = await visitor.get(`/alias/${name}`)
    t.ok(status === 404 || status === 400, `${name}: ${status}`)
  }
  site.face.mode = 'restricted'
  const hidden = await visitor.get('/alias/bob')
  t.same([hidden.status, hidden.text], [404, (await visitor.get('/alias/nobody')).text], 'restricted')
  site.face.mode = 'community'
  t.equal((await visitor.get('/alias/bob')).status, 200)
})

t.test('on a subdomain of its own, if the operator wants it', async (t) => {
  const site = await openNamed(t)
  const server = createServer(site.web.handler('domain'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const visitor = new Visitor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const Host = `bob.${DOMAIN}`
  t.equal((await visitor.get('/', { Host })).status, 421, 'not unless they do')
  site.names.aliasSubdomains = true
  for (const host of [Host, `BOB.${DOMAIN}.`, `${Host}:8443`]) {
    const json = await visitor.get('/?encoding=json', { Host: host })
    t.same(JSON.parse(json.text), answer(DOMAIN), host)
  }
  const page = await visitor.get('/', { Host: `${Host}:8443` })
  t.match(page.text, `>https://${Host}:8443<`, 'the page names itself')
  t.notMatch(page.text, 'href="/"', 'and has no front page')
  const [, picture = ''] = /src="(\/alias\/[^"]+)"/.exec(page.text) ?? []
  t.equal((await visitor.get(picture, { Host })).status, 200)
  t.equal((await visitor.get('/assets/style.css', { Host })).status, 200)
  const chosen = await visitor.post('/language', { to: 'de', back: '/' }, { Host })
  t.same([chosen.status, chosen.headers.location], [303, '/'])
  t.match((await visitor.get('/', { Host })).text, '<html lang="de"')
  t.match((await visitor.get('/', { Host })).text, 'name="back" value="/"')
  for (const path of [
    '/invite/',
    '/setup',
    '/join',
    '/dashboard',
    '/alias/other',
    '/alias/bobby',
    '/whois',
    '/healthz',
  ])
    t.equal((await visitor.get(path, { Host })).status, 404, path)
  for (const host of [
    `nobody.${DOMAIN}`,
    `a.bob.${DOMAIN}`,
    `www.${DOMAIN}`,
    `.${DOMAIN}`,
    `-.${DOMAIN}`,
    `bob.${ONION}`,
  ]) {
    const { status } = await visitor.get('/', { Host: host })
    t.equal(status, host.startsWith('nobody') ? 404 : 421, host)
  }
  site.face.mode = 'restricted'
  const hidden = await visitor.get('/', { Host })
  t.same([hidden.status, hidden.text], [404, (await visitor.get('/', { Host: `nobody.${DOMAIN}` })).text])
})

t.test('images are limited per hour, and cached ones are served anyway', async (t) => {
  const site = await openNamed(t)
  const visitor = site.visitor()
  const names = Array.from({ length: PICTURES_PER_HOUR }, (_, i) => `name${i}`)
  for (const name of [...names, 'late'])
    site.aliases.set(name, { owner: BOB, signature: SIGNATURE, online: true })
  const ask = (name: string) => visitor.get(`/alias/${name}/qr.gif?of=name`)
  for (const name of names) if ((await ask(name)).status !== 200) t.fail(`no picture of ${name}`)
  const { status, headers } = await ask('late')
  t.match([status, headers['retry-after']], [429, `${3600 / PICTURES_PER_HOUR}`])
  const kept = names.slice(-PICTURES_KEPT)
  for (const name of kept) if ((await ask(name)).status !== 200) t.fail(`${name} was forgotten`)
  t.equal((await visitor.get('/alias/late')).status, 200, 'and the page')
  site.clock.now += (3600 / PICTURES_PER_HOUR) * SECOND
  t.equal((await ask('late')).headers['content-type'], 'image/gif')
  t.equal((await ask('name0')).status, 429)
})
