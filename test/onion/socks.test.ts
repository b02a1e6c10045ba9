// SPDX-License-Identifier: AGPL-3.0-or-later
// The self-check through tor's SOCKS port: its requests, and its errors.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import t, { type Test } from 'tap'
import { LOOK_MS, look, socksAddress } from '../../src/onion/socks.js'
import { createTestClock } from '../helpers/clock.js'
import { openSocks } from './fake-socks.js'

async function serve(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const at = (port: number) => ({
  proxy: { host: '127.0.0.1', port },
  host: `${'a'.repeat(56)}.onion`,
  port: 80,
  path: '/healthz',
})

t.test('successful self-checks, each over a new circuit', async (t) => {
  const clock = createTestClock()
  const hosts: Array<string | undefined> = []
  const site = createServer((req, res) => {
    hosts.push(req.headers.host)
    res.end('ok')
  })
  const socks = await openSocks(t, await serve(t, site))
  await look({ clock }, at(socks.port))
  await look({ clock }, at(socks.port))
  t.same(hosts, Array(2).fill(at(0).host))
  t.same(socks.asked, Array(2).fill(`${at(0).host}:80`))
  t.not(socks.names[0], socks.names[1])
  t.equal(clock.pending(), 0)
})

t.test('failed self-checks give the reason', async (t) => {
  const clock = createTestClock()
  const sick = createServer((_, res) => res.writeHead(503).end())
  const socks = await openSocks(t, await serve(t, sick))
  await t.rejects(look({ clock }, at(socks.port)), /503/)
  for (const [failure, words] of [
    [5, /connection refused/],
    [240, /descriptor was not found/],
    [99, /SOCKS error 99/],
  ] as const) {
    socks.failure = failure
    await t.rejects(look({ clock }, at(socks.port)), words)
  }
  const mute = createTcp((socket) => socket.end())
  mute.listen(0, '127.0.0.1')
  await once(mute, 'listening')
  await t.rejects(look({ clock }, at((mute.address() as AddressInfo).port)), /hung up|reset/i)
  mute.close()
  await t.rejects(look({ clock }, at(1)), /ECONNREFUSED/)
  t.equal(clock.pending(), 0)
})

t.test('a self-check has a time limit', async (t) => {
  const clock = createTestClock()
  const silent = createTcp(() => clock.advance(LOOK_MS))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  await t.rejects(look({ clock }, at((silent.address() as AddressInfo).port)), /timed out/)
})

t.test('the address of the SOCKS port is parsed', async (t) => {
  t.same(socksAddress('"127.0.0.1:9050" "unix:/x"'), { host: '127.0.0.1', port: 9050 })
  t.same(socksAddress('"unix:/run/tor/socks"'), { path: '/run/tor/socks' })
  t.same(socksAddress('"[::1]:9050"'), { host: '::1', port: 9050 })
  t.equal(socksAddress(''), null)
})
