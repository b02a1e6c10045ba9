// SPDX-License-Identifier: AGPL-3.0-or-later
// The child process that talks ACME (RFC 8555): receives an order over IPC and sends the chain or a failure.

import { Agent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { axios, Client, crypto } from 'acme-client'
import { ACME_ANSWER_BYTES, ACME_AWAY_MS, SECOND } from '../../lib/limits.js'
import type { ChildOrder, FromChild } from './fetch.js'

/** Polling of the authority: attempts, and milliseconds between them. */
const ASKING = { backoffAttempts: 60, backoffMin: SECOND / 2, backoffMax: 5 * SECOND }
/** Retries after `badNonce`: the servers of a busy authority do not always agree. */
const NONCE_TRIES = 20

/** The outcome of the last request; errors of the library do not contain it. */
const last = { reached: false, retryAfterMs: 0 }

async function obtain(order: ChildOrder): Promise<string> {
  const { hostname, email, directory, ca, accountKey, key, answerMs } = order
  Object.assign(axios.defaults, {
    timeout: answerMs,
    maxContentLength: ACME_ANSWER_BYTES,
    httpsAgent: new Agent({ keepAlive: true, ...(ca ? { ca: [...rootCertificates, ca] } : {}) }),
  })
  // the library's own retries wait as long as the server says and hide connection errors: the relay decides instead
  axios.interceptors.request.clear()
  axios.interceptors.response.clear()
  axios.interceptors.request.use((config) => {
    Object.assign(last, { reached: false, retryAfterMs: 0 })
    return config
  })
  axios.interceptors.response.use((response) => {
    Object.assign(last, { reached: true, retryAfterMs: retryAfter(response.headers['retry-after']) })
    return response
  })

  const client = new Client({ directoryUrl: directory, accountKey, ...ASKING })
  Object.assign((client as unknown as { http: object }).http, { maxBadNonceRetries: NONCE_TRIES })
  const [, csr] = await crypto.createCsr({ commonName: hostname, altNames: [hostname] }, key)
  return client.auto({
    csr,
    email,
    termsOfServiceAgreed: true,
    challengePriority: ['http-01'],
    // behind NAT a host often cannot reach its own public name; the authority checks it anyway
    skipChallengeVerification: true,
    async challengeCreateFn(_authorization, challenge, answer) {
      if (challenge.type !== 'http-01')
        throw new Error(`the authority asks for ${challenge.type}, not for http-01`)
      const ready = new Promise((resolve) => process.once('message', resolve))
      say({ token: challenge.token, answer })
      await ready
    },
    async challengeRemoveFn() {},
  })
}

/** Milliseconds from a Retry-After header: seconds, or a date. */
function retryAfter(header: unknown): number {
  if (typeof header !== 'string') return 0
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * SECOND : Date.parse(header) - Date.now()
  return ms > 0 ? Math.min(ms, ACME_AWAY_MS) : 0
}

function say(words: FromChild): void {
  process.send?.(words)
}

// the parent is gone
process.once('disconnect', () => process.exit(1))
process.once('message', (order: ChildOrder) => {
  obtain(order).then(
    (chain) => say({ chain }),
    (err: unknown) => say({ failure: { message: (err as Error)?.message || String(err), ...last } }),
  )
})
