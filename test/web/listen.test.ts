// SPDX-License-Identifier: AGPL-3.0-or-later
// The listener: address, limits, close.

import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { reachableHost } from '../../src/lib/platform.js'
import { UNANSWERED_PER_SOCKET } from '../../src/web/connection-limits.js'
import { listen } from '../../src/web/listen.js'
import { openSite } from './site.js'

t.test('reports its address', async (t) => {
  const { web } = await openSite(t)
  t.equal(web.host, '127.0.0.1')
  t.ok(web.port > 0)
  t.equal(web.url, `http://127.0.0.1:${web.port}`)
  const any = await listen((_req, res) => res.end('x'), { host: '0.0.0.0', port: 0 })
  t.equal(any.url, `http://${reachableHost('0.0.0.0')}:${any.port}`)
  t.equal(await (await fetch(`http://127.0.0.1:${any.port}`)).text(), 'x')
  await any.close()
})

t.test('an address in use is a clear error', async (t) => {
  const { web } = await openSite(t)
  const taken = { host: '127.0.0.1', port: web.port }
  await t.rejects(
    listen(() => {}, taken),
    { code: 'address_unusable', message: /EADDRINUSE/ },
  )
})

t.test('close ends idle keep-alive sockets, and may be called twice', async (t) => {
  const { web } = await openSite(t)
  const socket = connect(web.port, '127.0.0.1')
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [head] = await once(socket, 'data')
  t.match(String(head), /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: keep-alive/)
  const gone = once(socket, 'close')
  const begun = performance.now()
  await Promise.all([web.close(), web.close()])
  await gone
  t.ok(performance.now() - begun < 1000, 'not by waiting for the cut')
  await t.rejects(fetch(`${web.url}/healthz`))
})

t.test('close lets a response finish', async (t) => {
  let finish = () => {}
  const asked = new Promise<void>((begun) => {
    finish = begun
  })
  let answer = () => {}
  const site = await listen(
    (_req, res) => {
      answer = () => void res.end('done')
      finish()
    },
    { host: '127.0.0.1', port: 0 },
  )
  const reply = fetch(site.url)
  await asked
  const closed = site.close()
  answer()
  t.equal(await (await reply).text(), 'done')
  await closed
})

t.test('timeouts and limits are set', async (t) => {
  let server: Server | undefined
  const site = await listen(
    (req, res) => {
      server = (req.socket as unknown as { server: Server }).server
      res.end()
    },
    { host: '127.0.0.1', port: 0 },
  )
  t.teardown(() => site.close())
  await (await fetch(site.url)).text()
  t.match(server, {
    headersTimeout: 20_000,
    requestTimeout: 30_000,
    maxHeadersCount: 64,
  })
  const reply = await fetch(site.url, { headers: { 'X-Long': 'x'.repeat(10_000) } })
  t.equal(reply.status, 431)
  const socket = connect(site.port, '127.0.0.1')
  socket.end('this is no HTTP\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.1 400 /)
})

t.test('requests per socket are limited, unanswered ones more strictly', async (t) => {
  let asked = 0
  const listener = await listen(
    (_req, res) => {
      asked += 1
      res.end('x')
    },
    { host: '127.0.0.1', port: 0 },
  )
  t.teardown(() => listener.close())
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const socket = connect(listener.port, '127.0.0.1')
  let last = ''
  while (!/connection: close/i.test(last)) {
    socket.write(request)
    ;[last] = (await once(socket.setEncoding('latin1'), 'data')) as [string]
  }
  t.equal(asked, 32)
  asked = 0
  const hasty = connect(listener.port, '127.0.0.1')
  hasty.on('error', () => {})
  hasty.write(request.repeat(500))
  hasty.resume()
  await new Promise((closed) => hasty.once('close', closed))
  t.equal(asked, UNANSWERED_PER_SOCKET)
})
