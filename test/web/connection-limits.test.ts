// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits of sockets and requests on a web listener.

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { REQUESTS_AT_ONCE, SOCKETS, withoutSlot } from '../../src/web/connection-limits.js'
import { listen } from '../../src/web/listen.js'
import { until } from '../helpers/wait.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
/** A form whose body never arrives. */
const HALF = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab'

/** A listener that answers on demand, or at once on `/now`. */
async function openHeld(t: Test) {
  const held: Array<{ res: ServerResponse; answer(): void }> = []
  const site = await listen(
    (req, res) => {
      if (req.url === '/now') return res.end('now')
      const answered = new Promise<void>((resolve) => {
        held.push({
          res,
          answer() {
            res.end('held')
            resolve()
          },
        })
      })
      return req.url === '/waits' || req.method === 'POST' ? withoutSlot(req, () => answered) : answered
    },
    { host: '127.0.0.1', port: 0 },
  )
  t.teardown(() => {
    for (const { answer } of held) answer()
    return site.close()
  })
  const open = (words: string): Socket => {
    const socket = connect(site.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {}).resume()
    socket.write(words)
    return socket
  }
  return { site, held, open }
}

t.test('requests over the limit get 503', async (t) => {
  const { site, held, open } = await openHeld(t)
  for (let i = 0; i < REQUESTS_AT_ONCE; i++) open(GET)
  await until('all to be at work', () => held.length === REQUESTS_AT_ONCE)
  const refused = await fetch(`${site.url}/now`)
  t.match([refused.status, refused.headers.get('retry-after')], [503, '1'])
  held[0]?.answer()
  await until('a place', async () => (await fetch(`${site.url}/now`)).status === 200)
})

t.test('a request that waits takes no slot', async (t) => {
  const { site, held, open } = await openHeld(t)
  for (let i = 0; i < REQUESTS_AT_ONCE * 2; i++) open(GET.replace('/', '/waits'))
  await until('all to wait', () => held.length === REQUESTS_AT_ONCE * 2)
  t.equal((await fetch(`${site.url}/now`)).status, 200)
})

t.test('a request keeps its slot when its socket has closed', async (t) => {
  const { site, held, open } = await openHeld(t)
  const sockets = Array.from({ length: REQUESTS_AT_ONCE }, () => open(GET))
  await until('all to be at work', () => held.length === REQUESTS_AT_ONCE)
  for (const socket of sockets) socket.destroy()
  await until('them to have gone', () => held.every(({ res }) => res.destroyed || res.closed))
  t.equal((await fetch(`${site.url}/now`)).status, 503)
  for (const { answer } of held) answer()
  await until('a place', async () => (await fetch(`${site.url}/now`)).status === 200)
})

for (const [name, words] of [
  ['silent', ''],
  ['half a head', 'GET / HT'],
  ['half a body', HALF],
] as const)
  t.test(`all places taken by idlers (${name}): the longest makes room`, async (t) => {
    const { site, held, open } = await openHeld(t)
    const waits = open(GET.replace('/', '/waits'))
    await until('one to wait for its answer', () => held.length === 1)
    const first = open(words)
    const gone = once(first, 'close')
    await once(first, 'connect')
    // in sequence, so that the first is the oldest
    for (let i = 2; i < SOCKETS; i++) await once(open(words), 'connect')
    t.equal((await fetch(`${site.url}/now`)).status, 200)
    await gone
    const answer = once(waits, 'data')
    held[0]?.answer()
    t.match(String((await answer)[0]), 'held', 'whoever is being answered stays')
  })
