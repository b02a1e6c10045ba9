// SPDX-License-Identifier: AGPL-3.0-or-later
// The child process against faulty authorities: it ends, reports the reason, and leaves nothing running.

import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { ACME_CHALLENGE_CHARS, ACME_CHALLENGES, DAY, HOUR } from '../../../src/lib/limits.js'
import { newKey } from '../../../src/web/domain/certificate-store.js'
import { createFetch, type FetchCertificate, FetchError } from '../../../src/web/domain/fetch.js'
import { createAuthority } from '../../helpers/certificates.js'
import { until } from '../../helpers/wait.js'

const authority = await createAuthority()

type Answer = (req: IncomingMessage, res: ServerResponse, base: string) => void

/** Starts an authority with the given responses; returns its directory URL. */
async function rogue(t: Test, answer: Answer): Promise<{ directory: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer(await authority.issue('127.0.0.1'), (req, res) => {
    asked.push(`${req.method} ${req.url}`)
    answer(req, res, base)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { directory: `${base}/directory`, asked }
}

function ask(
  directory: string,
  fetch: FetchCertificate = createFetch(),
  signal = new AbortController().signal,
) {
  const keys = { accountKey: newKey(), key: newKey() }
  const order = {
    hostname: 'relay.example.org',
    email: 'a@b.example',
    directory,
    ca: authority.root,
    ...keys,
  }
  return fetch(order, () => {}, signal)
}

/** The error of a failed request. */
async function failure(asking: Promise<string>): Promise<FetchError> {
  const err = await asking.then(
    () => new Error('it did not'),
    (err: unknown) => err,
  )
  if (err instanceof FetchError) return err
  throw err
}

/** Child processes that still run. */
const children = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const [, , parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, 'x ')
        .split(' ')
      return (
        Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fetch-child')
      )
    } catch {
      return false
    }
  })

/** An authority that is correct until an account is requested. */
const untilAccount =
  (then: (res: ServerResponse) => void): Answer =>
  (req, res, base) => {
    const urls = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` }
    res.setHeader('Replay-Nonce', 'bm9uY2U')
    if (req.url === '/directory') res.end(JSON.stringify(urls))
    else if (req.url === '/nonce') res.end()
    else then(res)
  }

const problem = (res: ServerResponse, status: number, type: string, headers = {}): void => {
  res.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers })
  res.end(
    JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: `${type}, says the authority` }),
  )
}

t.test('a rate limit with Retry-After', async (t) => {
  const limited = (wait: string) => (res: ServerResponse) =>
    problem(res, 429, 'rateLimited', { 'Retry-After': wait })
  const seconds = await rogue(t, untilAccount(limited('10800')))
  t.match(await failure(ask(seconds.directory)), {
    message: /rateLimited, says the authority/,
    reached: true,
    retryAfterMs: 3 * HOUR,
  })
  t.same(
    seconds.asked.filter((line) => line.startsWith('POST')),
    ['POST /account'],
    'asked once',
  )
  const date = await rogue(t, untilAccount(limited(new Date(Date.now() + 2 * HOUR).toUTCString())))
  const { retryAfterMs } = await failure(ask(date.directory))
  t.ok(retryAfterMs > HOUR && retryAfterMs <= 2 * HOUR, String(retryAfterMs))
  const forever = await rogue(t, untilAccount(limited('999999999')))
  t.equal((await failure(ask(forever.directory))).retryAfterMs, 7 * DAY)
})

t.test('rejections and malformed responses', async (t) => {
  const cases: Array<[string, Answer, RegExp]> = [
    ['a refusal', untilAccount((res) => problem(res, 403, 'unauthorized')), /unauthorized, says/],
    ['an outage', (_req, res) => void res.writeHead(503).end('<h1>Maintenance</h1>'), /503/],
    ['a page instead of a directory', (_req, res) => void res.end('<h1>Welcome</h1>'), /newAccount/],
    ['nothing', (_req, res) => void res.end(), /no data/],
    ['nonces that are never right', untilAccount((res) => problem(res, 400, 'badNonce')), /badNonce/],
    [
      'words that would repaint a terminal',
      untilAccount((res) => problem(res, 400, '\u001b[2J\nx')),
      /^ ?\[2J ?x, says/,
    ],
  ]
  for (const [name, answer, message] of cases) {
    const { directory } = await rogue(t, answer)
    t.match(await failure(ask(directory)), { message, reached: true }, name)
  }
  const { directory } = await rogue(t, (_req, res) => void res.end('x'.repeat(1_000_000)))
  t.match(await failure(ask(directory)), { message: /maxContentLength/ }, 'an answer without an end')
})

/** An authority that accepts any account and sends these challenge tokens. */
const challenging =
  (tokens: string[]): Answer =>
  (req, res, base) => {
    const urls = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` }
    const authorizations = tokens.map((_, i) => `${base}/authz/${i}`)
    const order = { status: 'pending', identifiers: [], authorizations, finalize: `${base}/finalize` }
    const token = tokens[Number(req.url?.split('/').pop())] ?? ''
    const challenge = { type: 'http-01', status: 'pending', url: `${base}/challenge`, token }
    res.setHeader('Replay-Nonce', 'bm9uY2U')
    if (req.url === '/directory') res.end(JSON.stringify(urls))
    else if (req.url === '/nonce') res.end()
    else if (req.url === '/account')
      res.writeHead(201, { Location: `${base}/account/1` }).end('{"status":"valid"}')
    else if (req.url === '/order')
      res.writeHead(201, { Location: `${base}/order/1` }).end(JSON.stringify(order))
    else {
      const identifier = { type: 'dns', value: 'relay.example.org' }
      res.end(JSON.stringify({ status: 'pending', identifier, challenges: [challenge] }))
    }
  }

t.test('too many challenges, and one that is too long', async (t) => {
  const cases: Array<[string[], RegExp]> = [
    [Array.from({ length: ACME_CHALLENGES + 1 }, (_, i) => `token${i}`), /too many challenges/],
    [['t'.repeat(ACME_CHALLENGE_CHARS + 1)], /too long/],
  ]
  for (const [tokens, message] of cases) {
    const { directory } = await rogue(t, challenging(tokens))
    t.match(await failure(ask(directory)), { message })
  }
})

t.test('no listener', async (t) => {
  const { directory } = await rogue(t, (req) => void req.socket.destroy())
  t.match(await failure(ask(directory)), { reached: false, message: /hang up|ECONNRESET/ })
  const wrong = directory.replace('127.0.0.1', 'localhost')
  t.match(await failure(ask(wrong)), { reached: false, message: /altnames|ECONNREFUSED/ }, 'somebody else')
})

t.test('an authority that never answers', async (t) => {
  const { directory, asked } = await rogue(t, () => {})
  t.match(await failure(ask(directory, createFetch({ answerMs: 200 }))), {
    reached: false,
    message: /timeout/,
  })
  t.match(await failure(ask(directory, createFetch({ fetchMs: 200 }))), {
    reached: false,
    message: /took too long/,
  })
  const ending = new AbortController()
  const before = asked.length
  const failed = failure(ask(directory, createFetch(), ending.signal))
  await until('it to ask', () => asked.length > before)
  ending.abort()
  t.match(await failed, { message: 'cancelled' })
  t.match(await failure(ask(directory, createFetch(), AbortSignal.abort())), { message: 'cancelled' })
  t.same(children(), [])
})
