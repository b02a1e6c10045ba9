// SPDX-License-Identifier: AGPL-3.0-or-later
// Attacks on the federation listener by strangers and by a homeserver of their own.

import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import t from 'tap'
import { MATRIX_BODY_BYTES } from '../../src/lib/matrix-limits.js'
import { formatXMatrix } from '../../src/matrix/x-matrix.js'
import { createAuthority } from '../helpers/certificates.js'
import { type FakeHomeserver, startFake } from '../helpers/fake-homeserver.js'
import { lobbySets } from '../helpers/lobby.js'
import { freePort } from '../helpers/ports.js'
import { attack } from './attack.js'

const CRUMB = '1\r\na\r\n'
/** MB: 32 MiB may be held, and V8 frees buffers at the latest when another 64 MiB are garbage. */
const LARGE = 144
/** Milliseconds for the sent bytes to take effect. */
const EFFECT = 500

const authority = await createAuthority()
const port = await freePort()
const sets = await lobbySets(t, authority, port)
const path = '/_matrix/federation/v1/send/1'

/** Sends a request, and discards the answer. */
function request(header: string, body: string | Buffer): void {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', () => {})
  socket.write(`PUT ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${header}\r\n`)
  socket.write(body)
}

const sized = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n`
/** The header of a request that the server does not sign, or signs for another body. */
const unsigned = (origin: string): string =>
  `Authorization: X-Matrix origin="${origin}",destination="127.0.0.1:${port}",key="ed25519:fake",sig="${'A'.repeat(86)}"\r\n`
const heavy = `{"pdus":[${'{},'.repeat((MATRIX_BODY_BYTES - 100) / 3)}{}]}`

attack(
  'endless bodies in chunks of one byte, unsigned',
  async () => {
    for (let i = 0; i < 100; i++)
      request(`${unsigned('127.0.0.1:1')}Transfer-Encoding: chunked\r\n`, CRUMB.repeat(20_000))
    await pause(EFFECT)
  },
  { sets },
)

attack(
  'the largest bodies, a byte before their end, and whole ones of a server that does not answer',
  async (_, t) => {
    const silent = await startFake(t, authority)
    silent.answers.set('GET /_matrix/key/v2/server', () => undefined)
    for (let i = 0; i < 20; i++) {
      request(`${unsigned('127.0.0.1:1')}${sized(heavy)}`, heavy.slice(1))
      request(`${unsigned(silent.name)}${sized(heavy)}`, heavy)
    }
    await pause(4 * EFFECT)
  },
  { sets, rss: LARGE },
)

/** A request that a homeserver has signed. */
function signed(fake: FakeHomeserver, body: string): void {
  const [method, destination] = ['PUT', `127.0.0.1:${port}`]
  const content = JSON.parse(body)
  const authorization = formatXMatrix(
    { method, uri: path, origin: fake.name, destination, content },
    fake.key,
  )
  request(`Authorization: ${authorization}\r\n${sized(body)}`, body)
}

attack(
  'a million empty values, signed',
  async (_, t) => {
    const fake = await startFake(t, authority)
    signed(fake, '{"pdus":[]}')
    await pause(EFFECT)
    for (let i = 0; i < 5; i++) {
      signed(fake, heavy)
      request(`${unsigned(fake.name)}${sized(heavy)}`, heavy)
    }
    await pause(4 * EFFECT)
  },
  { sets, rss: LARGE },
)
