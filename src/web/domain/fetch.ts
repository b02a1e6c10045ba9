// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests one certificate in a child process.
//
// The ACME library takes 24 MB, has timers that cannot be cancelled, and waits as long as the authority says. A child
// takes 40 MB for a few seconds every two months, and can be killed at any time.

import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ACME_ANSWER_MS, ACME_CHALLENGE_CHARS, ACME_CHALLENGES, ACME_FETCH_MS } from '../../lib/limits.js'
import { inOneLine } from './pair.js'

/** An order to the authority. */
export interface CertificateOrder {
  hostname: string
  email: string
  /** URL of the ACME directory */
  directory: string
  /** PEM of an additional root certificate for the directory's TLS */
  ca: string | null
  /** PEM: the account key, and the key to certify */
  accountKey: string
  key: string
}

/** The message to the child. */
export interface ChildOrder extends CertificateOrder {
  answerMs: number
}

/** Messages from the child. */
export type FromChild =
  | { token: string; answer: string }
  | { chain: string }
  | { failure: { message: string; reached: boolean; retryAfterMs: number } }

/** No certificate was issued. */
export class FetchError extends Error {
  /**
   * @param reached      whether the authority answered at all
   * @param retryAfterMs how long the authority told us to wait
   */
  constructor(
    message: string,
    readonly reached: boolean,
    readonly retryAfterMs = 0,
  ) {
    super(message)
  }
}

/**
 * Requests a certificate.
 * @param answer publishes a challenge response
 * @param signal cancels the request
 * @returns the chain as PEM. @throws FetchError
 */
export type FetchCertificate = (
  order: CertificateOrder,
  answer: (token: string, answer: string) => void,
  signal: AbortSignal,
) => Promise<string>

/** The child's file has the same extension as this one: .js when compiled, .ts in tests. */
const CHILD = fileURLToPath(new URL(`./fetch-child${extname(import.meta.url)}`, import.meta.url))
/** Bytes kept of the child's stderr. */
const LAST_WORDS = 2000

/**
 * Creates the function that requests certificates in a child process.
 * @param answerMs timeout of one response of the authority in ms
 * @param fetchMs  timeout of the whole request in ms
 */
export function createFetch({ answerMs = ACME_ANSWER_MS, fetchMs = ACME_FETCH_MS } = {}): FetchCertificate {
  return (order, answer, signal) => run({ ...order, answerMs }, answer, signal, fetchMs)
}

function run(
  order: ChildOrder,
  answer: Parameters<FetchCertificate>[1],
  signal: AbortSignal,
  fetchMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // no environment: the library would use proxies that are named there
    const child = fork(CHILD, [], { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let outcome: (() => void) | null = null
    let lastWords = ''
    let challenges = 0
    const stop = (message: string): void => {
      outcome ??= () => reject(new FetchError(message, false))
      child.kill('SIGKILL')
    }
    const late = setTimeout(() => stop('the certificate authority took too long'), fetchMs)
    const abort = (): void => stop('cancelled')
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()

    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk).slice(-LAST_WORDS)
    })
    child.on('message', (said: FromChild) => {
      if ('token' in said) {
        challenges += 1
        // untrusted: the relay stores and serves these responses
        if (challenges > ACME_CHALLENGES) return stop('the authority asks for too many challenges')
        if (said.token.length > ACME_CHALLENGE_CHARS || said.answer.length > 2 * ACME_CHALLENGE_CHARS)
          return stop('the authority asks for a challenge that is too long')
        answer(said.token, said.answer)
        child.send('ready')
        return
      }
      outcome ??=
        'chain' in said
          ? () => resolve(said.chain)
          : () => {
              const { message, reached, retryAfterMs } = said.failure
              reject(new FetchError(inOneLine(message), reached, retryAfterMs))
            }
      child.kill('SIGKILL')
    })
    const over = (): void => {
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
      outcome ??= () => reject(new FetchError(`the ACME client ended: ${inOneLine(lastWords)}`, false))
      outcome()
    }
    child.once('close', over)
    child.on('error', (err) => {
      outcome ??= () =>
        reject(new FetchError(`the ACME client did not start: ${inOneLine(err.message)}`, false))
      if (child.pid === undefined) over()
    })
    child.send(order, (err) => {
      if (err) stop(`the ACME client does not respond: ${inOneLine(err.message)}`)
    })
  })
}
