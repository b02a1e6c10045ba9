// SPDX-License-Identifier: AGPL-3.0-or-later
// Port 80 of the domain: the redirect to HTTPS, and ACME challenges.

import t, { type Test } from 'tap'
import { createHttpRedirect } from '../../../src/web/domain/http-redirect.js'
import { listen } from '../../../src/web/listen.js'
import { Visitor } from '../../helpers/http.js'

const NAME = 'relay.example.org'

async function opened(
  t: Test,
  url: string | null = `https://${NAME}`,
  aliasSubdomains = false,
): Promise<{ ask: Visitor; port: number }> {
  const challenges = new Map([['token', 'token.thumbprint']])
  const door = await listen(
    createHttpRedirect({ hostname: NAME, aliasSubdomains, url: () => url, challenges }),
    {
      host: '127.0.0.1',
      port: 0,
    },
  )
  t.teardown(() => door.close())
  return { ask: new Visitor(door.url), port: door.port }
}
const Host = NAME

t.test('redirects to the same page by HTTPS', async (t) => {
  const { ask } = await opened(t)
  for (const [path, location] of [
    ['/', `https://${NAME}/`],
    ['/invite/?a=b%20c', `https://${NAME}/invite/?a=b%20c`],
    ['//evil.example/', `https://${NAME}//evil.example/`],
    ['/.well-known/other', `https://${NAME}/.well-known/other`],
  ] as const) {
    const reply = await ask.get(path, { Host })
    t.match(reply, { status: 301, headers: { location } }, path)
    t.notOk(reply.headers['strict-transport-security'], 'which counts over HTTPS alone')
  }
  const head = await ask.ask('/', { method: 'HEAD', headers: { Host: `${NAME.toUpperCase()}.:80` } })
  t.match(head, { status: 301, text: '', headers: { location: `https://${NAME}/` } })
})

t.test('other hostnames and forms are not redirected', async (t) => {
  const { ask } = await opened(t)
  for (const host of ['evil.example', '127.0.0.1', 'localhost', '', `${NAME}.evil.example`]) {
    const reply = await ask.get('/', { Host: host })
    t.equal(reply.status, 421, host)
    t.notOk(reply.headers.location)
    t.notMatch(reply.text, NAME, 'nor told which would be right')
  }
  t.equal((await ask.post('/invite/knock', { feed: 'x' }, { Host })).status, 405)
  t.equal(
    (await ask.ask('*', { method: 'OPTIONS', headers: { Host } }).catch(() => null))?.status ?? 405,
    405,
  )
})

t.test('alias subdomains are redirected to themselves', async (t) => {
  const { ask } = await opened(t, `https://${NAME}:8443`, true)
  const there = await ask.get('/?encoding=json', { Host: `Bob.${NAME}` })
  t.match(there, { status: 301, headers: { location: `https://bob.${NAME}:8443/?encoding=json` } })
  for (const host of [`www.${NAME}`, `a.b.${NAME}`, `-.${NAME}`, `evil.example.${NAME}`])
    t.equal((await ask.get('/', { Host: host })).status, 421, host)
  const none = await opened(t)
  t.equal((await none.ask.get('/', { Host: `bob.${NAME}` })).status, 421, 'where there are none')
})

t.test('only pending challenges are answered', async (t) => {
  const { ask } = await opened(t)
  const at = '/.well-known/acme-challenge/'
  t.match(await ask.get(`${at}token`, { Host }), { status: 200, text: 'token.thumbprint' })
  for (const path of ['', 'other', 'token/', 'token?x', '__proto__', 'token%00'])
    t.match(await ask.get(at + path, { Host }), { status: 404 }, path)
  t.match(await ask.get(`${at}token`, { Host: 'evil.example' }), { status: 421 })
})

t.test('without a certificate the answer is 503', async (t) => {
  const { ask } = await opened(t, null)
  t.match(await ask.get('/', { Host }), {
    status: 503,
    headers: { 'retry-after': '60', location: undefined },
  })
  t.match(await ask.get('/.well-known/acme-challenge/token', { Host }), { status: 200 })
})
