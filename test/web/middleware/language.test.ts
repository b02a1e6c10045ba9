// SPDX-License-Identifier: AGPL-3.0-or-later
// The language of a page: Accept-Language, cookie, switch.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { de } from '../../../src/web/words/de.js'
import { en } from '../../../src/web/words/en.js'
import { Visitor } from '../../helpers/http.js'
import { ANSWER, DOMAIN, openSite, read } from '../site.js'

const langOf = (html: string): string | undefined => /<html lang="(\w+)"/.exec(html)?.[1]

t.test('follows the browser', async (t) => {
  const site = await openSite(t)
  const asked: Array<[string | undefined, string]> = [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE-at, en;q=0.5', 'de'],
    ['en-GB,en;q=0.9,de;q=0.8', 'en'],
    ['it, de;q=0.3', 'de'],
    ['it', 'en'],
    ['fr-CA, fr;q=0.9', 'fr'],
    ['es-419', 'es'],
    ['pt-BR,en;q=0.8', 'pt'],
    ['*', 'en'],
    ['de;q=0, en', 'en'],
    [`${'x,'.repeat(2000)}de`, 'de'],
    [';;;=,,', 'en'],
    ['__proto__', 'en'],
  ]
  for (const [wanted, got] of asked) {
    const headers = wanted === undefined ? {} : { 'Accept-Language': wanted }
    const { text, headers: reply } = await site.visitor().get('/', headers)
    t.equal(langOf(text), got, wanted?.slice(0, 40) ?? 'nothing')
    t.match(reply.vary, /Accept-Language.*Cookie/)
  }
})

t.test('errors and cached pages are in the right language', async (t) => {
  const site = await openSite(t)
  for (let round = 0; round < 2; round++) {
    for (const [tag, words] of [
      ['de', de],
      ['en', en],
    ] as const) {
      const headers = { 'Accept-Language': tag }
      t.match((await site.visitor().get('/', headers)).text, words.landing.comeIn)
      const missing = await site.visitor().get('/nothing', headers)
      t.equal(langOf(missing.text), tag)
      t.match(missing.text, words.errors.sayings.not_found.title)
      t.match(missing.text, words.errors.words.not_found)
      t.match(missing.headers.vary, 'Accept-Language')
      const json = await site.visitor().get('/nothing', { ...headers, Accept: 'application/json' })
      t.equal(JSON.parse(json.text).error.message, 'not found', 'programs read English')
    }
  }
})

t.test('the choice is stored and leads back to the same page', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  const page = await visitor.get('/invite/?x=1&y=2', { 'Accept-Language': 'en' })
  t.match(page.text, 'name="back" value="/invite/?x=1&amp;y=2"')
  const chosen = await visitor.post('/language', { to: 'de', back: '/invite/?x=1&y=2' })
  t.same([chosen.status, chosen.headers.location], [303, '/invite/?x=1&y=2'])
  const [cookie = ''] = chosen.headers['set-cookie'] ?? []
  t.match(cookie, /^tidepool-lang=de; Path=\/; HttpOnly; Max-Age=\d{7,}; SameSite=Lax$/)
  t.equal(langOf((await visitor.get('/invite/', { 'Accept-Language': 'en' })).text), 'de')
  const captcha = await read(visitor)
  const code = await visitor.post(ANSWER, { captcha })
  t.equal(langOf(code.text), 'de', 'and on what answers a form')
  const back = /name="back" value="([^"]+)"/.exec(code.text)?.[1] ?? ''
  await visitor.post('/language', { to: 'en', back })
  const again = await visitor.get(back)
  t.match(again.text, en.invite.here, 'a code is not lost by choosing')
})

t.test('no open redirect, and no other value is stored', async (t) => {
  const site = await openSite(t)
  const away = [
    ...[
      '//evil.example/',
      '/\\evil.example',
      'https://evil.example/',
      '\\\\evil.example',
      'javascript:alert(1)',
    ],
    ...[
      '/..//evil.example/',
      '/.//evil.example',
      '/a/..//evil.example/x',
      '/\t/evil.example',
      '/%0d%0aX: y\r\nX: y',
    ],
    ...['', ' /', 'evil.example', '/é'],
  ]
  for (const back of away) {
    const { status, headers } = await site.visitor().post('/language', { to: 'de', back })
    t.same([status, headers.location], [303, '/'], back)
  }
  for (const to of ['it', '', '__proto__', 'de; Domain=x', 'constructor']) {
    const { status, headers } = await site.visitor().post('/language', { to, back: '/' })
    t.same([status, headers['set-cookie']], [303, undefined], to)
  }
  const foreign = await site
    .visitor()
    .post('/language', { to: 'de', back: '/' }, { 'Sec-Fetch-Site': 'cross-site' })
  t.equal(foreign.status, 403)
  const odd = await site.visitor().get('/', { Cookie: 'tidepool-lang=xx; tidepool-lang=de' })
  t.equal(langOf(odd.text), 'en')
})

t.test('over HTTPS the cookie is bound to the host', async (t) => {
  const site = await openSite(t)
  const server = createServer(site.web.handler('domain'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const visitor = new Visitor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const { headers } = await visitor.post('/language', { to: 'de', back: '/' }, { Host: DOMAIN })
  t.match(headers['set-cookie'], [/^__Host-tidepool-lang=de;.*; Secure$/])
  t.equal(langOf((await visitor.get('/', { Host: DOMAIN })).text), 'de')
})

t.test('pages without a URL to return to have no switch', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  t.notMatch((await visitor.get('/nothing')).text, 'class="languages"')
  t.notMatch((await visitor.post(ANSWER, { captcha: 'x' })).text, 'class="languages"')
})
