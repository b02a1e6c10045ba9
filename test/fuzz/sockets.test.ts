// SPDX-License-Identifier: AGPL-3.0-or-later
// A running relay and raw bytes on its sockets: web, SSB port and control socket. It answers or hangs up, and serves on.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { OPERATOR_METHODS } from '../../src/operator/protocol.js'
import { bootRelay, within } from '../helpers/relay.js'
import { anyBytes, anyJson, cut, damage, fuzz } from './fuzz.js'

/** Writes pieces, ends, and answers all that came back. */
async function exchange(socket: Socket, pieces: Buffer[]): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([once(socket, 'connect').catch(() => {}), closed])
  for (const piece of pieces) if (piece.length > 0 && socket.writable) socket.write(piece)
  socket.end()
  await within('the relay to end the connection', closed, 20_000).finally(() => socket.destroy())
  return Buffer.concat(parts).toString('latin1')
}

test('HTTP requests', async (t) => {
  const relay = await bootRelay(t)
  const { port } = new URL(relay.webUrl)
  const header = fc.constantFrom(
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 5, 5',
    'Content-Length: 0x5',
    'Content-Length : 5',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding:\tchunked',
    ' Transfer-Encoding: chunked',
    'Host: 127.0.0.1',
    'Host: a.example',
    'Host:',
    'Connection: close',
    'Connection: keep-alive',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Expect: 100-continue',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: application/json',
    'Cookie: a=b; __proto__=c; =',
    'X-Forwarded-Host: b.example',
    'X-Requested-With: in.delog',
    'Accept-Language: de;q=x,*',
    'Range: bytes=0-',
    'If-None-Match: *',
    'X\0: y',
    'A: \x80\xff',
    'Origin: null',
  )
  const path = fc.oneof(
    fc.constantFrom(
      '/',
      '/invite/',
      '/join',
      '/invite',
      '/alias/x',
      '/alias/%00',
      '/alias/%',
      '/login',
      '/dashboard',
      '/healthz',
      '/whois?alias=x',
      '/setup',
      '//',
      '/../',
      '*',
      'http://b.example/',
      '/invite/captcha.png',
      '/_matrix/x',
    ),
    fc.webPath({ size: 'small' }),
  )
  const body = fc.oneof(
    fc.constantFrom(
      '',
      'a=b&',
      '5\r\nhello\r\n0\r\n\r\n',
      '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
      '{"id":[[[[',
      'id=%',
      'ffffffffff\r\nx',
      '5;x=y\nhello\n0\n\n',
    ),
    fc.string(),
  )
  const request = fc.tuple(
    fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'get', ''),
    path,
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', ''),
    fc.array(header, { maxLength: 5 }),
    body,
  )
  const statuses = new Set<string>()
  await fuzz(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 3 }),
      damage,
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 3 }),
      async (requests, change, damaged, places) => {
        const whole = Buffer.from(
          requests
            .map(
              ([method, path, version, headers, body]) =>
                `${method} ${path} ${version}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`,
            )
            .join(''),
          'latin1',
        )
        const said = await exchange(
          connect(Number(port), '127.0.0.1'),
          cut(damaged ? change(whole) : whole, places),
        )
        for (const [, status = ''] of said.matchAll(/^HTTP\/1\.1 (\d+)/gm)) statuses.add(status)
        if (/^HTTP\/1\.1 500/m.test(said)) throw new Error(`an internal error: ${said.slice(0, 300)}`)
      },
    ),
    { cost: 10 },
  )
  t.equal((await fetch(`${relay.webUrl}/healthz`)).status, 200, `answered ${[...statuses].sort().join(' ')}`)
  t.notMatch(relay.lines.join(''), /"level":(50|60)/, 'no error is logged')
})

test('the SSB port', async (t) => {
  const relay = await bootRelay(t)
  await fuzz(
    fc.asyncProperty(fc.array(anyBytes(300), { maxLength: 4 }), async (pieces) => {
      const said = await exchange(connect(relay.ssbPort, '127.0.0.1'), pieces)
      if (said !== '') throw new Error('answers a stranger without the network key')
    }),
    { cost: 10 },
  )
  t.match(await relay.status(), { online: 0 })
})

test('the control socket', async (t) => {
  const relay = await bootRelay(t)
  const method = fc.oneof(fc.constantFrom(...OPERATOR_METHODS.filter((name) => name !== 'mode')), fc.string())
  const line = fc.oneof(
    fc
      .tuple(fc.nat(5), method, fc.array(anyJson(2), { maxLength: 3 }))
      .map(([id, name, params]) => JSON.stringify({ id, method: name, params })),
    anyJson().map((value) => JSON.stringify(value)),
    fc.string(),
  )
  await fuzz(
    fc.asyncProperty(
      fc.array(line, { maxLength: 4 }),
      damage,
      fc.boolean(),
      async (lines, change, damaged) => {
        const whole = Buffer.from(lines.map((text) => `${text}\n`).join(''))
        const said = await exchange(connect(join(relay.dataDir, 'control.sock')), [
          damaged ? change(whole) : whole,
        ])
        for (const answer of said.trim().split('\n')) {
          const { error } = JSON.parse(answer)
          if (error?.code === 'internal') throw new Error(`an internal error: ${answer}`)
        }
      },
    ),
    { cost: 10 },
  )
  t.match(await relay.status(), { id: relay.id })
})
