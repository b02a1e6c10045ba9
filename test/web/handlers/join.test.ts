// SPDX-License-Identifier: AGPL-3.0-or-later
// /join: an invite by its link, for people and for programs.

import t from 'tap'
import { ERRORS } from '../../../src/lib/errors.js'
import { BAD_LINKS_PER_HOUR, HOUR, IDLE_CLAIMS_PER_HOUR, PICTURES_PER_HOUR } from '../../../src/lib/limits.js'
import { tokenOf } from '../../../src/ssb/invite-code.js'
import { de } from '../../../src/web/words/de.js'
import { type Reply, titleOf } from '../../helpers/http.js'
import { addInvite, codeFor, DOMAIN, ONION, openSite, RELAY_ID, type Site, seedFor } from '../site.js'

const idOf = (n: number): string => `@${Buffer.alloc(32, n).toString('base64')}.ed25519`
const [ANA, BEN] = [idOf(101), idOf(102)]
const TOKEN = tokenOf(seedFor(7))
const KEY = RELAY_ID.slice(1, -8)

/** A site with one valid invite, whose token is `TOKEN`. */
async function openInvited(t: Parameters<typeof openSite>[0], more: object = {}) {
  const site = await openSite(t)
  const expires = site.clock.now + 7 * 24 * HOUR
  const invite = addInvite(site.invites.known, { seed: seedFor(7), expires, ...more })
  return { site, invite }
}

const asJson = (reply: Reply) => {
  const type = reply.headers['content-type']
  if (!type?.startsWith('application/json'))
    throw new Error(`${type} is not JSON: ${reply.text.slice(0, 200)}`)
  return JSON.parse(reply.text)
}

function post(site: Site, body: unknown, headers = {}): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return site
    .visitor()
    .ask('/join', { method: 'POST', body: text, headers: { 'Content-Type': 'application/json', ...headers } })
}

t.test('the page shows all ways to use the invite', async (t) => {
  const { site } = await openInvited(t)
  for (const [Host, host] of [
    [DOMAIN, DOMAIN],
    [`${ONION}:81`, ONION],
    ['127.0.0.1', '127.0.0.1'],
  ] as const) {
    const { status, text, headers } = await site.visitor().get(`/join?invite=${TOKEN}`, { Host })
    t.equal(status, 200)
    t.equal(headers['cache-control'], 'no-store')
    t.equal(headers['set-cookie'], undefined, 'nobody is followed about')
    const shown = (id: string) =>
      new RegExp(`<textarea id="${id}"[^>]*>([^<]*)<`).exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const link = `http://${Host}/join?invite=${TOKEN}`
    t.equal(shown('link'), link)
    t.equal(shown('code'), codeFor({ host, port: 8008 }, 7))
    t.equal(shown('address'), `${host.endsWith('.onion') ? 'onion' : 'net'}:${host}:8008~shs:${KEY}`)
    const uri = new URL(shown('claim'))
    t.equal(uri.protocol + uri.pathname, 'ssb:experimental')
    t.same(
      [...uri.searchParams],
      [
        ['action', 'claim-http-invite'],
        ['invite', TOKEN],
        ['postTo', `http://${Host}/join`],
      ],
    )
    t.match(text, `href="${shown('claim').replaceAll('&', '&amp;')}"`)
    const images = [...text.matchAll(/src="(\/join\/qr\.gif[^"]+)"/g)].map(([, path = '']) => path)
    t.equal(images.length, 4)
    for (const path of images) {
      const image = await site.visitor().get(path.replaceAll('&amp;', '&'), { Host })
      t.equal(image.status, 200, path)
      t.equal(image.headers['content-type'], 'image/gif')
    }
  }
})

t.test('JSON follows the specification’s schema', async (t) => {
  const { site } = await openInvited(t)
  for (const headers of [{}, { Accept: 'text/html' }]) {
    const told = asJson(await site.visitor().get(`/join?invite=${TOKEN}&encoding=json`, headers))
    t.same(told, { status: 'successful', invite: TOKEN, postTo: `${site.url}/join` })
  }
  const claimed = await post(site, { id: ANA, invite: TOKEN })
  t.equal(claimed.status, 200)
  t.same(asJson(claimed), { status: 'successful', multiserverAddress: `net:127.0.0.1:8008~shs:${KEY}` })
  t.ok(site.invites.members.has(ANA))
  t.same(asJson(await post(site, { id: ANA, invite: TOKEN })), asJson(claimed), 'again is not an error')
  const late = await post(site, { id: BEN, invite: TOKEN })
  t.equal(late.status, 410)
  t.same(asJson(late), { status: 'error', error: 'invite used up', code: 'invite_used_up' })
  const gone = await site.visitor().get(`/join?invite=${TOKEN}&encoding=json`)
  t.equal(gone.status, 410)
  t.match(asJson(gone), { status: 'error', error: 'invite used up' })
})

t.test('over HTTPS all links use https', async (t) => {
  const { site } = await openInvited(t)
  const { createServer } = await import('node:http')
  const server = createServer(site.web.handler('domain'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const { Visitor } = await import('../../helpers/http.js')
  const visitor = new Visitor(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  for (const [Host, origin] of [
    [DOMAIN, `https://${DOMAIN}`],
    [`${DOMAIN}:8443`, `https://${DOMAIN}:8443`],
  ] as const) {
    const told = asJson(await visitor.get(`/join?invite=${TOKEN}&encoding=json`, { Host }))
    t.equal(told.postTo, `${origin}/join`)
    t.match((await visitor.get(`/join?invite=${TOKEN}`, { Host })).text, `>${origin}/join?invite=${TOKEN}<`)
  }
})

t.test('the form claims the invite, for apps without links and codes', async (t) => {
  const { site } = await openInvited(t)
  const visitor = site.visitor()
  for (const id of ['', 'me', ANA.slice(1), `${ANA} `.repeat(2), RELAY_ID, '<b>', '@'.repeat(5000)]) {
    const wrong = await visitor.post('/join', { invite: TOKEN, id })
    t.equal(wrong.status, 400, id.slice(0, 60))
    t.match(wrong.text, 'id="id-wrong"')
    t.match(wrong.text, `name="invite" value="${TOKEN}"`)
    t.notMatch(wrong.text, '<b>')
  }
  t.equal(site.invites.members.size, 0)
  const inside = await visitor.post('/join', { invite: TOKEN, id: ` ${ANA}\r\n` })
  t.equal(inside.status, 200)
  t.equal(titleOf(inside.text), 'You have joined')
  t.match(inside.text, `net:127.0.0.1:8008~shs:${KEY}`)
  t.equal((await visitor.post('/join', { invite: TOKEN, id: ANA })).status, 200, 'pressed twice')
  const late = await visitor.post('/join', { invite: TOKEN, id: BEN })
  t.equal(late.status, 410)
  t.equal(titleOf(late.text), 'This invite is used up')
})

t.test('a feed id that may not use the invite is reported at the field', async (t) => {
  const { site } = await openInvited(t, { for: ANA })
  const visitor = site.visitor()
  const page = await visitor.get(`/join?invite=${TOKEN}`)
  t.match(page.text, 'for one feed id only')
  t.notMatch(page.text, ANA, 'whom it is for is not told to who has found it')
  const wrong = await visitor.post('/join', { invite: TOKEN, id: BEN })
  t.equal(wrong.status, 404)
  t.match(wrong.text, 'for another feed id')
  t.match(asJson(await post(site, { id: BEN, invite: TOKEN })), { error: 'invite unknown' })
  t.equal((await visitor.post('/join', { invite: TOKEN, id: ANA })).status, 200)
})

t.test('unusable invites have pages of their own', async (t) => {
  const { site, invite } = await openInvited(t)
  for (const [state, status, title, code] of [
    ['used up', 410, 'This invite is used up', 'invite_used_up'],
    ['expired', 410, 'This invite has expired', 'invite_expired'],
    ['revoked', 404, 'This invite was revoked', 'invite_unknown'],
  ] as const) {
    invite.state = state
    const page = await site.visitor().get(`/join?invite=${TOKEN}`)
    t.equal(page.status, status)
    t.equal(titleOf(page.text), title)
    t.match(page.text, `<code>${code}</code>`)
    t.notMatch(page.text, /<textarea|ssb:/)
    const german = await site.visitor().get(`/join?invite=${TOKEN}`, { 'Accept-Language': 'de' })
    t.equal(titleOf(german.text), de.join.ended[state].title)
    const told = await site.visitor().get(`/join?invite=${TOKEN}&encoding=json`)
    t.same(asJson(told), { status: 'error', error: ERRORS[code].words, code })
    t.equal((await site.visitor().get(`/join/qr.gif?invite=${TOKEN}&of=code`)).status, 404)
    t.equal(asJson(await site.visitor().get(`/join/state?invite=${TOKEN}`)).state, state)
    const claimed = await site.visitor().post('/join', { invite: TOKEN, id: ANA })
    t.same([claimed.status, titleOf(claimed.text)], [status, title])
    const odd = await site.visitor().post('/join', { invite: TOKEN, id: 'me' })
    t.same([odd.status, titleOf(odd.text)], [status, title])
  }
})

t.test('a malformed token looks like an unknown one', async (t) => {
  const { site } = await openInvited(t)
  const unknown = tokenOf(Buffer.alloc(32, 8))
  const first = await site.visitor().get(`/join?invite=${unknown}`)
  t.equal(first.status, 404)
  for (const token of [
    ...[
      '',
      'x',
      '__proto__',
      `${TOKEN}A`,
      `${TOKEN}%00`,
      TOKEN.slice(1),
      `${TOKEN}%3D`,
      '%F0%9F%90%9A',
      '..%2F..%2F',
    ],
    ...['A'.repeat(3000), `${TOKEN}&invite=${TOKEN}`],
  ]) {
    const reply = await site.visitor().get(`/join?invite=${token}`)
    t.same([reply.status, reply.text], [first.status, first.text], token.slice(0, 50))
    const json = await site.visitor().get(`/join?invite=${token}&encoding=json`)
    t.same(asJson(json), { status: 'error', error: 'invite unknown', code: 'invite_unknown' })
    t.equal((await site.visitor().get(`/join/state?invite=${token}`)).status, 404)
    t.equal((await site.visitor().get(`/join/qr.gif?invite=${token}&of=code`)).status, 404)
    t.match(asJson(await post(site, { id: ANA, invite: decodeURIComponent(token) })), { status: 'error' })
  }
  t.equal((await site.visitor().get(`/join/qr.gif?invite=${TOKEN}&of=__proto__`)).status, 404)
  t.equal((await site.visitor().get(`/join/qr.gif?invite=${TOKEN}`)).status, 404)
  const without = await site.visitor().get('/join')
  t.same([without.status, without.headers.location], [303, '/invite/'])
  t.equal(site.invites.members.size, 0)
})

t.test('malformed bodies', async (t) => {
  const { site } = await openInvited(t)
  for (const body of ['', '{', 'null', '7', '"x"', '[]', `["${ANA}"]`, '\ufeff{}'])
    t.same(
      asJson(await post(site, body)),
      { status: 'error', error: 'body malformed', code: 'body_malformed' },
      body,
    )
  for (const body of [
    {},
    { id: ANA },
    { invite: TOKEN },
    { id: [ANA], invite: TOKEN },
    { id: { toString: ANA }, invite: TOKEN },
    { id: ANA, invite: [TOKEN] },
    { id: ANA, invite: { length: 43 } },
    { __proto__: { id: ANA }, invite: TOKEN },
  ])
    t.match(asJson(await post(site, body)), { status: 'error' }, JSON.stringify(body))
  t.equal((await post(site, { id: ANA, invite: TOKEN, x: 'y'.repeat(9000) })).status, 413)
  const zipped = await post(site, { id: ANA, invite: TOKEN }, { 'Content-Encoding': 'gzip' })
  t.equal(zipped.status, 400)
  const foreign = await site
    .visitor()
    .post('/join', { invite: TOKEN, id: ANA }, { Origin: 'https://evil.example' })
  t.equal(foreign.status, 403)
  t.equal(site.invites.members.size, 0)
})

t.test('guesses are limited, and do not lock out valid links', async (t) => {
  const { site } = await openInvited(t)
  const visitor = site.visitor()
  const guess = () => visitor.get('/join/state?invite=x')
  for (let n = 0; n < BAD_LINKS_PER_HOUR; n++) {
    const { status } = await guess()
    if (status !== 404) t.fail(`${n}: ${status}`)
  }
  const tired = await guess()
  t.equal(tired.status, 429)
  t.ok(Number(tired.headers['retry-after']) > 0)
  t.equal((await visitor.get(`/join?invite=${TOKEN}`)).status, 200, 'who holds a link is not the guesser')
  t.equal((await post(site, { id: ANA, invite: TOKEN })).status, 200)
  site.clock.now += HOUR
  t.equal((await guess()).status, 404)
})

t.test('a link reveals membership for a limited number of ids', async (t) => {
  const { site } = await openInvited(t)
  for (let n = 0; n < IDLE_CLAIMS_PER_HOUR; n++) site.invites.members.add(idOf(n))
  for (let n = 0; n < IDLE_CLAIMS_PER_HOUR; n++)
    t.equal((await post(site, { id: idOf(n), invite: TOKEN })).status, 200)
  t.equal((await post(site, { id: idOf(0), invite: TOKEN })).status, 429)
  t.equal((await post(site, { id: ANA, invite: TOKEN })).status, 200, 'who is new comes in all the same')
  t.ok(site.invites.members.has(ANA))
  site.clock.now += HOUR / IDLE_CLAIMS_PER_HOUR
  t.equal((await post(site, { id: idOf(0), invite: TOKEN })).status, 200)
})

t.test('many people join by one link at once', async (t) => {
  const { site } = await openInvited(t, { uses: 40 })
  const crowd = Array.from({ length: 50 }, (_, n) => post(site, { id: idOf(n), invite: TOKEN }))
  const statuses = (await Promise.all(crowd)).map(({ status }) => status)
  t.equal(statuses.filter((status) => status === 200).length, 40)
  t.equal(statuses.filter((status) => status === 410).length, 10)
})

t.test('in a restricted room a valid link works, and an unknown one is not found', async (t) => {
  const { site } = await openInvited(t)
  site.face.mode = 'restricted'
  const nothing = await site.visitor().get('/nothing')
  for (const path of ['/join', '/join?invite=x', `/join?invite=${tokenOf(seedFor(9))}`]) {
    const reply = await site.visitor().get(path)
    t.same([reply.status, reply.text], [404, nothing.text], path)
  }
  t.equal((await site.visitor().get(`/join?invite=${TOKEN}`)).status, 200)
  t.match(asJson(await post(site, { id: ANA, invite: TOKEN })), { status: 'successful' })
})

t.test('images are limited per hour, and recent ones come from the cache', async (t) => {
  const { site } = await openInvited(t)
  const visitor = site.visitor()
  const expires = site.clock.now + HOUR
  const tokens = Array.from({ length: PICTURES_PER_HOUR }, (_, i) => {
    const seed = Buffer.alloc(32, 9)
    seed.writeUInt32BE(i)
    addInvite(site.invites.known, { seed, expires })
    return tokenOf(seed)
  })
  const ask = async (token = '') => (await visitor.get(`/join/qr.gif?invite=${token}&of=link`)).status
  for (const token of tokens) if ((await ask(token)) !== 200) t.fail('no picture')
  t.equal(await ask(TOKEN), 429)
  t.equal((await visitor.get(`/join?invite=${TOKEN}`)).status, 200, 'and the page')
  t.equal(await ask(tokens.at(-1)), 200)
})
