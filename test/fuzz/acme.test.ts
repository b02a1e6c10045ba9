// SPDX-License-Identifier: AGPL-3.0-or-later
// A certificate authority that answers anything: fetching fails in words, and its process is gone.

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { newKey } from '../../src/web/domain/certificate-store.js'
import { createFetch, FetchError } from '../../src/web/domain/fetch.js'
import { createAuthority } from '../helpers/certificates.js'
import { anyJson, fuzz } from './fuzz.js'

t.test('answers of any kind', { timeout: 3_600_000 }, async (t) => {
  const authority = await createAuthority()
  type Answer = { status: number; body: string; headers: Record<string, string> }
  let answers: Answer[] = []
  const server = createServer(await authority.issue('127.0.0.1'), (req, res) => {
    const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { status, body, headers } = answers.shift() ?? { status: 500, body: '', headers: {} }
    if (req.url === '/directory' && status < 400 && body.startsWith('{'))
      return res.end(
        JSON.stringify({
          newNonce: `${base}/n`,
          newAccount: `${base}/a`,
          newOrder: `${base}/o`,
          revokeCert: `${base}/r`,
          ...JSON.parse(body),
        }),
      )
    res.writeHead(status, headers).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const directory = `https://127.0.0.1:${(server.address() as AddressInfo).port}/directory`
  const answer: fc.Arbitrary<Answer> = fc.record({
    status: fc.constantFrom(200, 201, 204, 301, 400, 429, 500, 503),
    body: fc.oneof(
      anyJson().map((value) => JSON.stringify(value)),
      fc.string(),
    ),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      { 'replay-nonce': 'x' },
      { location: '/x' },
      { 'retry-after': '1e9' },
      { 'content-type': 'application/json' },
    ),
  })
  const fetchCertificate = createFetch({ answerMs: 2000, fetchMs: 20_000 })
  const keys = { accountKey: newKey(), key: newKey() }
  await fuzz(
    fc.asyncProperty(fc.array(answer, { maxLength: 8 }), async (some) => {
      answers = [{ status: 200, body: '{}', headers: {} }, ...some]
      const order = {
        hostname: 'relay.example.org',
        email: 'a@b.example',
        directory,
        ca: authority.root,
        ...keys,
      }
      const failure = await fetchCertificate(order, () => {}, new AbortController().signal).catch(
        (err: unknown) => err,
      )
      if (!(failure instanceof FetchError) || failure.message === '')
        throw new Error(`it ended with ${String(failure)}`)
    }),
    { cost: 5000 },
  )
  t.pass('each fails in words')
})
