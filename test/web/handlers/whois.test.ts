// SPDX-License-Identifier: AGPL-3.0-or-later
// whois: the room's address for clients that know only its host.

import t, { type Test } from 'tap'
import { listen } from '../../../src/web/listen.js'
import { Visitor } from '../../helpers/http.js'
import { DOMAIN, ONION, openSite, RELAY_ID, type Site } from '../site.js'

const KEY = RELAY_ID.slice(1, -8)

async function openWhois(t: Test, site: Site): Promise<Visitor> {
  const listener = await listen(site.web.whois('local'), { host: '127.0.0.1', port: 0, name: 'whois' })
  t.teardown(() => listener.close())
  return new Visitor(listener.url)
}

t.test('text by default, JSON for clients that ask for it', async (t) => {
  const site = await openSite(t)
  const address = `net:127.0.0.1:8008~shs:${KEY}`
  for (const visitor of [site.visitor(), await openWhois(t, site)]) {
    for (const [path, Accept] of [
      ['/whois', '*/*'],
      ['/whois', 'text/html'],
      ['/whois', 'text/html, application/json;q=0.5'],
      ['/whois?encoding=text', 'application/json'],
    ] as const) {
      const { status, text, headers } = await visitor.get(path, { Accept })
      t.equal(status, 200)
      t.equal(text, `${address}\n`)
      t.match(headers['content-type'], 'text/plain; charset=utf-8')
      t.equal(headers['access-control-allow-origin'], '*')
      t.match(headers.vary, 'Accept')
    }
    for (const [path, Accept] of [
      ['/whois', 'application/json'],
      ['/whois?encoding=json', '*/*'],
    ] as const) {
      const { text, headers } = await visitor.get(path, { Accept })
      t.match(headers['content-type'], 'application/json')
      t.same(JSON.parse(text), { address })
    }
    t.equal(
      (await visitor.get('/whois?encoding=json&encoding=json')).text,
      `${address}\n`,
      'said twice is not said',
    )
    t.equal(visitor.cookies.size, 0)
  }
})

t.test('names the host of the request, if it is ours', async (t) => {
  const site = await openSite(t)
  for (const visitor of [site.visitor(), await openWhois(t, site)]) {
    for (const [Host, reached] of [
      [`${DOMAIN}:26819`, `net:${DOMAIN}`],
      [ONION, `onion:${ONION}`],
      ['localhost', 'net:localhost'],
    ] as const) {
      t.equal((await visitor.get('/whois', { Host })).text, `${reached}:8008~shs:${KEY}\n`)
    }
    const foreign = await visitor.get('/whois', { Host: 'evil.example', 'X-Forwarded-Host': DOMAIN })
    t.equal(foreign.status, 421)
    t.notMatch(foreign.text, /evil|shs|ed25519/)
  }
})

t.test('not found in every mode but open', async (t) => {
  const site = await openSite(t)
  const own = await openWhois(t, site)
  for (const mode of ['community', 'restricted'] as const) {
    site.face.mode = mode
    for (const visitor of [site.visitor(), own]) {
      for (const Accept of ['*/*', 'application/json']) {
        const nothing = await visitor.get('/nothing', { Accept })
        for (const path of ['/whois', '/whois?encoding=json']) {
          const { status, text, headers } = await visitor.get(path, { Accept })
          t.equal(status, 404)
          t.equal(text, nothing.text, `${path} when ${mode}`)
          t.same({ ...headers, date: '' }, { ...nothing.headers, date: '' })
        }
      }
    }
  }
  site.face.mode = 'open'
  t.equal((await own.get('/whois')).status, 200, 'and it is back at once')
})

t.test('its own listener serves no other page', async (t) => {
  const site = await openSite(t)
  const own = await openWhois(t, site)
  t.equal((await own.get('/')).text, (await own.get('/whois')).text, 'its address alone will do')
  for (const path of ['/invite/', '/setup', '/healthz', '/nothing']) {
    const { status, text } = await own.get(path)
    t.equal(status, 404, path)
    t.notMatch(text, 'class="button"', 'and leads nowhere')
  }
  t.equal((await own.post('/whois', {})).status, 405)
  t.equal((await own.get('/assets/style.css')).status, 200, 'but an error has a style')
})
