// SPDX-License-Identifier: AGPL-3.0-or-later
// Request bodies: one buffer each, a common limit, and no small chunks.

import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { BODY_CRUMBS, KIB, TEXT_FORM_BYTES } from '../../src/lib/limits.js'
import { bodyOf, createRequestBodies } from '../../src/lib/request-body.js'
import { listen } from '../../src/web/listen.js'
import { until } from '../helpers/wait.js'

/** A listener that reports the outcome of each body. */
async function open(t: Test, most?: number) {
  const bodies = createRequestBodies(most === undefined ? {} : { total: most })
  const outcomes: string[] = []
  const site = await listen(
    async (req, res) => {
      bodies.begin(req)
      try {
        outcomes.push(req.method === 'POST' ? (await bodyOf(req, TEXT_FORM_BYTES)).toString() : 'unread')
      } catch (err) {
        outcomes.push((err as { code: string }).code)
      }
      res.end()
    },
    { host: '127.0.0.1', port: 0 },
  )
  t.teardown(() => site.close())
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const send = (bytes: string): Socket => {
    const socket = connect(site.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', () => {})
    socket.write(bytes)
    return socket
  }
  return { bodies, outcomes, send }
}

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\n'
const chunked = (body: string): string => `${HEAD}Transfer-Encoding: chunked\r\n\r\n${body}`
const sized = (length: number, body: string): string => `${HEAD}Content-Length: ${length}\r\n\r\n${body}`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

t.test('a body is complete, however it is split', async (t) => {
  const { bodies, outcomes, send } = await open(t)
  const long = 'tide'.repeat(10_000)
  const pieces = long.match(/.{1,997}/g) ?? []
  send(chunked(`${pieces.map(chunk).join('')}0\r\n\r\n`))
  send(sized(long.length, long))
  const slow = send(chunked(''))
  for (const letter of 'limpet') slow.write(chunk(letter))
  slow.write('0\r\n\r\n')
  await until('all to be read', () => outcomes.length === 3)
  t.same(outcomes.sort(), ['limpet', long, long].sort())
  t.equal(bodies.held(), 0)
})

t.test('many small chunks end the connection, with a reader and without', async (t) => {
  const { bodies, outcomes, send } = await open(t)
  const crumbs = chunk('a').repeat(BODY_CRUMBS + 1)
  const posted = send(chunked(crumbs))
  await new Promise((resolve) => posted.once('close', resolve))
  t.same(outcomes, ['body_malformed'])
  const got = send(chunked(crumbs).replace('POST', 'GET'))
  await new Promise((resolve) => got.once('close', resolve))
  t.equal(bodies.held(), 0)
  // a parser that skipped data is reused
  const later = Array.from({ length: 20 }, () => send(sized(3, 'abc')))
  await until(
    'later ones to be read',
    () => outcomes.filter((each) => each === 'abc').length === later.length,
  )
})

t.test('unfinished bodies have a common limit; the largest is rejected', async (t) => {
  const { bodies, outcomes, send } = await open(t, 256 * KIB)
  const small = send(sized(20, 'limpet'))
  await until('the small one to come', () => bodies.held() > 0)
  for (let i = 0; i < 20; i++) send(sized(TEXT_FORM_BYTES, 'x'.repeat(TEXT_FORM_BYTES - 1)))
  await until('some to be refused', () => outcomes.length >= 17)
  t.ok(bodies.held() <= 256 * KIB)
  t.ok(outcomes.every((each) => each === 'busy'))
  small.write('s'.repeat(14))
  await until('the small one to be read', () => outcomes.includes(`limpet${'s'.repeat(14)}`))
})

t.test('a closed connection frees its body', async (t) => {
  const { bodies, outcomes, send } = await open(t)
  const socket = send(sized(1000, 'limpet'))
  await until('it to come', () => bodies.held() > 0)
  socket.destroy()
  await until('it to be forgotten', () => bodies.held() === 0)
  t.same(outcomes, ['body_malformed'])
})
