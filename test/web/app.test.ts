// SPDX-License-Identifier: AGPL-3.0-or-later
// The site as a whole: headers, errors, methods, health, assets, listeners.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ERRORS } from '../../src/lib/errors.js'
import { Visitor } from '../helpers/http.js'
import { ANSWER, DOMAIN, ONION, openSite } from './site.js'

t.test('a page that strangers may not see looks like a missing page', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const code = await visitor.post(ANSWER, { captcha: answer })
  const [, qr = ''] = /<img src="(\/invite\/code\.gif\?invite=[^"]+)"/.exec(code.text) ?? []
  await visitor.get('/invite/')
  site.face.mode = 'restricted'
  const nothing = (await visitor.get('/nothing')).text
  t.match(nothing, 'href="/login"', 'the front page is no way out: there is none')
  const hidden = ['/', '/invite', '/invite/', '/invite/captcha.png', '/invite/room.gif', '/invite/knock']
  for (const path of [...hidden, ANSWER, qr, '/whois', '/whois?encoding=json', '/setup']) {
    const { status, text, headers } = await visitor.get(path)
    t.equal(status, 404, path)
    t.equal(text, nothing, path)
    t.equal(headers['set-cookie'], undefined)
    t.equal(headers['access-control-allow-origin'], undefined)
  }
  for (const path of [ANSWER, '/invite/knock', '/setup']) {
    const { status, text } = await visitor.post(path, { captcha: answer })
    t.equal(status, 404, path)
    t.equal(text, nothing, path)
  }
  t.equal((await visitor.get('/healthz')).status, 200)
  t.equal(site.minted.length, 1)
})

t.test('every response has the security headers', async (t) => {
  const site = await openSite(t)
  const { visitor } = await site.withCaptcha()
  const paths = [
    '/',
    '/invite/',
    '/invite/captcha.png',
    ANSWER,
    '/healthz',
    '/assets/style.css',
    '/none',
    '/invite/code.gif',
  ]
  for (const path of paths) {
    const { headers } = await visitor.get(path)
    t.equal(
      headers['content-security-policy'],
      "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; script-src 'self'; " +
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      path,
    )
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['cross-origin-opener-policy'], 'same-origin')
    t.equal(headers['x-powered-by'], undefined)
    if (!path.startsWith('/assets/')) t.equal(headers['cache-control'], 'no-store', path)
  }
})

t.test('no page has inline scripts or external resources', async (t) => {
  const site = await openSite(t)
  const { visitor, page, answer } = await site.withCaptcha()
  const success = await visitor.post(ANSWER, { captcha: answer })
  t.equal(success.status, 200)
  for (const { text } of [page, success, await visitor.get('/'), await visitor.get('/none')]) {
    t.notMatch(text, /<style|style=|<script>|\son\w+=|javascript:|data:|<svg/i)
    for (const [, url] of text.matchAll(/<(?:script|img|link)[^>]*?(?:src|href)="([^"]*)"/g))
      t.match(url, /^\/(?!\/)/)
  }
})

t.test('unknown paths and wrong methods', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  for (const path of [
    '/nothing',
    '/invite/x',
    '/assets/none.css',
    '/assets/..%2fsite.ts',
    '/assets/%',
    '/%00',
    '//evil',
    '/__proto__',
  ]) {
    const reply = await visitor.get(path)
    t.equal(reply.status, 404, path)
    t.match(reply.text, 'not_found')
  }
  t.equal((await visitor.post('/', {})).status, 405)
  t.equal((await visitor.post('/invite/', {})).headers.allow, 'HEAD, GET')
  const put = await visitor.ask(ANSWER, { method: 'PUT', body: 'captcha=x' })
  t.equal(put.status, 405)
  t.equal(put.headers.allow, 'HEAD, GET, POST')
  t.match(put.text, 'method_not_allowed')
  t.equal((await visitor.ask('/', { method: 'PROPFIND' })).status, 405)
  t.equal((await visitor.ask('/nothing', { method: 'DELETE' })).status, 404)
  t.equal(visitor.cookies.size, 0)
})

t.test('errors are JSON for clients that prefer it', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  const { status, headers, text } = await visitor.get('/nothing', { Accept: 'application/json' })
  t.equal(status, 404)
  t.match(headers['content-type'], 'application/json')
  t.match(headers.vary, 'Accept')
  t.same(JSON.parse(text), { error: { code: 'not_found', message: 'not found' } })
  for (const Accept of [
    '*/*',
    'text/html,application/json',
    'image/gif',
    'application/json;q=0.1, text/html',
  ]) {
    t.match((await visitor.get('/nothing', { Accept })).headers['content-type'], 'text/html', Accept)
  }
})

t.test('an internal error is logged and not shown', async (t) => {
  const site = await openSite(
    t,
    {},
    {
      face: () => {
        throw new Error('secret inside')
      },
    },
  )
  const html = await site.visitor().get('/')
  const json = await site.visitor().get('/', { Accept: 'application/json' })
  t.equal(html.status, 500)
  t.notMatch(html.text, /secret inside|\bat /)
  t.match(html.text, '<code>internal</code>')
  t.same(JSON.parse(json.text), { error: { code: 'internal', message: ERRORS.internal.words } })
  t.match(site.lines.join(''), 'secret inside')
  for (let i = 0; i < 50; i++) await site.visitor().get('/')
  t.equal(site.lines.filter((line) => line.includes('page failed')).length, 1, 'but it fills no log')
})

t.test('health', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  const { status, text, headers } = await visitor.get('/healthz')
  t.same([status, text], [200, 'ok'])
  t.match(headers['content-type'], 'text/plain')
  site.names.listening = false
  t.equal((await visitor.get('/healthz')).status, 503)
  t.equal(visitor.cookies.size, 0)
})

t.test('HEAD is GET without a body', async (t) => {
  const site = await openSite(t)
  for (const path of ['/', '/invite/', '/healthz', '/whois', '/invite/room.gif', '/assets/style.css']) {
    const { status, body, headers } = await site.visitor().ask(path, { method: 'HEAD' })
    t.equal(status, 200, path)
    t.equal(body.length, 0)
    t.ok(Number(headers['content-length']) > 0)
  }
})

t.test('assets are cacheable and set no cookie', async (t) => {
  const site = await openSite(t)
  const { visitor, page } = await site.withCaptcha()
  const types = { 'style.css': 'text/css', 'copy.js': 'text/javascript', 'icon.png': 'image/png' }
  for (const [name, type] of Object.entries(types)) {
    const { status, headers } = await visitor.get(`/assets/${name}`)
    t.equal(status, 200)
    t.match(headers['content-type'], type)
    t.match(headers['cache-control'], /max-age=\d+/)
    t.equal(headers['set-cookie'], undefined)
    const again = await visitor.get(`/assets/${name}`, { 'If-None-Match': headers.etag })
    t.same([again.status, again.body.length], [304, 0])
    t.equal((await visitor.get(`/assets/${name}`, { 'If-None-Match': '"x"' })).status, 200)
  }
  t.match(page.text, /href="\/assets\/style\.css\?v=[\w-]{8}"/)
})

t.test('other listeners share the site, each with its own hostname', async (t) => {
  const site = await openSite(t)
  const open = async (kind: 'domain' | 'onion') => {
    const server = createServer(site.web.handler(kind))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => new Promise((resolve) => server.close(resolve)))
    return new Visitor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }
  for (const [kind, own, other] of [
    ['domain', DOMAIN, ONION],
    ['onion', ONION, DOMAIN],
  ] as const) {
    const visitor = await open(kind)
    for (const Host of [other, 'localhost', '127.0.0.1'])
      t.equal((await visitor.get('/', { Host })).status, 421)
    const page = await visitor.get('/invite/', { Host: own })
    const [cookie = ''] = page.headers['set-cookie'] ?? []
    t.equal(/; Secure/.test(cookie), kind === 'domain', cookie)
    t.match(cookie, kind === 'domain' ? /^__Host-tidepool=/ : /^tidepool=/)
    const image = await visitor.get('/invite/captcha.png', { Host: own })
    const captcha = image.text.replace('GIF89a ', '')
    const success = await visitor.post(ANSWER, { captcha }, { Host: own })
    t.equal(success.status, 200)
    t.match(success.text, `<title>${own}:8008:@`)
  }
})
