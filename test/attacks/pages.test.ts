// SPDX-License-Identifier: AGPL-3.0-or-later
// Attacks on the pages by strangers.

import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { JOINS_PER_DAY } from '../../src/lib/limits.js'
import { connectClient } from '../helpers/client.js'
import { Visitor } from '../helpers/http.js'
import { attack, LONG } from './attack.js'

const head = (line: string, host: string, more: string): string =>
  `${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'
const CHUNKED = `${FORM}Transfer-Encoding: chunked\r\n`
const CRUMB = '1\r\na\r\n'
/** Milliseconds for the sent bytes to take effect. */
const EFFECT = 500

attack('endless bodies in chunks of one byte', async ({ pages, host }) => {
  const crumbs = CRUMB.repeat(LONG ? 60_000 : 20_000)
  for (let i = 0; i < 150; i++) pages(head('POST /join', host, CHUNKED) + crumbs)
  await pause(EFFECT)
})

attack('the same for requests without a body, where none is read', async ({ pages, host }) => {
  for (const line of ['GET /login', 'GET /', 'POST /nowhere'])
    for (let i = 0; i < 50; i++) pages(head(line, host, CHUNKED) + CRUMB.repeat(20_000))
  await pause(EFFECT)
})

attack('the maximum number of sockets with large unfinished bodies', async ({ pages, host }) => {
  const most = head('POST /join', host, `${FORM}Content-Length: 65536\r\n`) + 'a'.repeat(65_000)
  for (let i = 0; i < 500; i++) pages(most)
  await pause(EFFECT)
})

attack('forms of ten thousand empty fields, and JSON of ten thousand arrays', async ({ pages, host }) => {
  const form = '&'.repeat(60_000)
  const json = `{"id":[${'[],'.repeat(2600)}[]]}`
  const post = (type: string, body: string): string =>
    head('POST /join', host, `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n`) + body
  for (let i = 0; i < 200; i++) {
    pages(post('application/x-www-form-urlencoded', form))
    pages(post('application/json', json))
  }
  await pause(EFFECT)
})

attack('headers with the maximum number of lines, a byte before their end', async ({ pages, host }) => {
  const lines = Array.from({ length: 400 }, (_, i) => `x${i}: ${i}`).join('\r\n')
  for (let i = 0; i < 500; i++) pages(`GET / HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`)
  await pause(EFFECT)
})

attack(
  'answers that nobody reads',
  async ({ pages, host }) => {
    for (let i = 0; i < 400; i++) pages(head('GET /', host, '').repeat(8)).pause()
    await pause(EFFECT)
  },
  { stall: 10_000 },
)

attack('one invite for ten thousand uses, claimed by a script', async ({ operator, webUrl }, t) => {
  const { link } = await operator.inviteCreate({ uses: 10_000 })
  const invite = new URL(link).searchParams.get('invite') ?? ''
  const statuses = new Map<number, number>()
  for (let left = JOINS_PER_DAY + 50; left > 0; left -= 50) {
    const claim = async (): Promise<void> => {
      const { status } = await new Visitor(webUrl).post('/join', { id: ssbKeys.generate().id, invite })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    await Promise.all(Array.from({ length: 50 }, claim))
  }
  t.same(Object.fromEntries(statuses), { 200: JOINS_PER_DAY, 429: 50 })
  const { checks } = await operator.doctor({})
  t.match(
    checks.find(({ name }) => name === 'joins'),
    { severity: 'warning', detail: /with invites of operator/ },
  )
})

attack(
  'a flood of sign-ins, begun by browsers and by apps',
  async ({ pages, host, operator, ssbPort, id }, t) => {
    const keys = ssbKeys.generate()
    await operator.membersAdd(keys.id)
    // an app that never answers a request to sign
    const api = { httpAuth: { requestSolution() {} } }
    const { rpc } = await connectClient({ port: ssbPort, relay: id, keys, api })
    t.teardown(() => rpc.close(true, () => {}))
    const challenge = encodeURIComponent(randomBytes(32).toString('base64'))
    const asked = (feed: string): string =>
      head(`GET /login?ssb-http-auth=1&cid=${encodeURIComponent(feed)}&cc=${challenge}`, host, '')
    for (let i = 0; i < (LONG ? 2000 : 150); i++) {
      pages(asked(keys.id))
      pages(asked(ssbKeys.generate().id))
      pages(head('GET /login', host, ''))
    }
    await pause(LONG ? 5 * EFFECT : EFFECT)
  },
)
