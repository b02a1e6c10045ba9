// SPDX-License-Identifier: AGPL-3.0-or-later
// Onion visitors have limits of their own.

import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { CAPTCHA_SOUNDS, SESSIONS } from '../../src/lib/limits.js'
import { listen } from '../../src/web/app.js'
import { Visitor } from '../helpers/http.js'
import { until } from '../helpers/wait.js'
import { ANSWER, ONION, openSite, read, type Site } from './site.js'

async function openOnion(t: Test, site: Site): Promise<{ url: string; visitor: () => Visitor }> {
  const listener = await listen(site.web.handler('onion'), { host: '127.0.0.1', port: 0 })
  t.teardown(() => listener.close())
  return { url: listener.url, visitor: () => new Visitor(listener.url) }
}

const SOUND = '/invite/captcha.wav'

const through = { Host: ONION }

/** Solves a captcha; returns the response's status. */
async function solve(visitor: Visitor, headers: Record<string, string> = {}): Promise<number> {
  await visitor.get('/invite/', headers)
  const answer = await read(visitor, headers)
  return (await visitor.post(ANSWER, { captcha: answer }, headers)).status
}

t.test('invites used up by onion visitors are available to others, and vice versa', async (t) => {
  const site = await openSite(t, { perHour: 2 })
  const onion = await openOnion(t, site)
  for (const status of [200, 200, 429]) t.equal(await solve(onion.visitor(), through), status)
  t.same(
    site.minted.map(({ host, port }) => `${host}:${port}`),
    [`${ONION}:8008`, `${ONION}:8008`],
  )
  for (const status of [200, 200, 429]) t.equal(await solve(site.visitor()), status)
  site.web.setLimits({ perHour: 3 })
  t.equal(await solve(onion.visitor(), through), 200, 'a new limit holds for both')
  t.equal(await solve(site.visitor()), 200)
})

t.test('many onion visitors evict no other session', async (t) => {
  const site = await openSite(t)
  const onion = await openOnion(t, site)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  const crowd = Array.from({ length: 20 }, async () => {
    for (let i = 0; i < SESSIONS / 20 + 1; i++) await onion.visitor().get('/invite/', through)
  })
  await Promise.all(crowd)
  const answer = await read(visitor)
  t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 200)
})

t.test('onion visitors who do not read their sounds keep nobody else from hearing one', async (t) => {
  const site = await openSite(t)
  const onion = await openOnion(t, site)
  const crowd = onion.visitor()
  await crowd.get('/invite/', through)
  const request = `GET ${SOUND} HTTP/1.1\r\nHost: ${ONION}\r\nCookie: ${crowd.cookie}\r\n\r\n`
  for (let n = 0; n < CAPTCHA_SOUNDS; n++) {
    const socket = connect(Number(new URL(onion.url).port), '127.0.0.1').pause()
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    // more than the kernel takes for a reader who never reads
    socket.write(request.repeat(200))
  }
  await until('all sounds to be in use', async () => (await crowd.get(SOUND, through)).status === 503)
  const visitor = site.visitor()
  await visitor.get('/invite/')
  t.equal((await visitor.get(SOUND)).status, 200)
})

t.test('the onion listener accepts its hostname only, while there is one', async (t) => {
  const site = await openSite(t)
  const onion = await openOnion(t, site)
  t.equal((await onion.visitor().get('/healthz', through)).status, 200)
  for (const Host of ['127.0.0.1', 'localhost', 'pool.example'])
    t.equal((await onion.visitor().get('/healthz', { Host })).status, 421, Host)
  site.names.onion = null
  t.equal((await onion.visitor().get('/healthz', through)).status, 421)
})
