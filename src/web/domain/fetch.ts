// Fetching one certificate, in a process of its own that is gone afterwards.
//
// The ACME library takes 24 MB when it is loaded and more as it works, has timers that nothing can call off, and believes
// what the authority says about waiting. A child takes some 40 MB of its own for a few seconds every two months, gives
// all of it back, and ends when we say so, whatever it does.

import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ACME_ANSWER_MS, ACME_CHALLENGE_CHARS, ACME_CHALLENGES, ACME_FETCH_MS } from '../../lib/limits.js'
import { inOneLine } from './pair.js'

/** What is asked of the authority. */
export interface CertificateOrder {
  hostname: string
  email: string
  /** URL of the ACME directory */
  directory: string
  /** PEM of a root that vouches for the directory, beside those that Node knows */
  ca: string | null
  /** PEM: the account's key, and the one to be certified */
  accountKey: string
  key: string
}

/** The order as the child takes it. */
export interface ChildOrder extends CertificateOrder {
  answerMs: number
}

/** What the child says. */
export type FromChild =
  | { token: string; answer: string }
  | { chain: string }
  | { failure: { message: string; reached: boolean; retryAfterMs: number } }

/** Why there is no certificate. */
export class FetchError extends Error {
  /**
   * @param reached      whether the authority answered at all
   * @param retryAfterMs how long it told us to stay away
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
 * Fetches a certificate.
 * @param answer puts an answer to a challenge where the authority will look for it
 * @param signal gives up
 * @returns the chain as PEM. @throws FetchError
 */
export type FetchCertificate = (
  order: CertificateOrder,
  answer: (token: string, answer: string) => void,
  signal: AbortSignal,
) => Promise<string>

/** The file runs as it stands beside this one: compiled, or by whatever loads TypeScript here. */
const CHILD = fileURLToPath(new URL(`./fetch-child${extname(import.meta.url)}`, import.meta.url))
/** Bytes of what a failing child says on its way out. */
const LAST_WORDS = 2000

/**
 * Makes what fetches by a child process.
 * @param answerMs milliseconds that one answer of the authority may take
 * @param fetchMs  milliseconds that all of it may take
 * @param env      the child's environment: none, as the library would follow proxies named there
 */
export function createFetch({
  answerMs = ACME_ANSWER_MS,
  fetchMs = ACME_FETCH_MS,
  env = {} as NodeJS.ProcessEnv,
} = {}): FetchCertificate {
  return (order, answer, signal) => run({ ...order, answerMs }, answer, signal, { fetchMs, env })
}

function run(
  order: ChildOrder,
  answer: Parameters<FetchCertificate>[1],
  signal: AbortSignal,
  { fetchMs, env }: { fetchMs: number; env: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let outcome: (() => void) | null = null
    let lastWords = ''
    let challenges = 0
    const stop = (message: string): void => {
      outcome ??= () => reject(new FetchError(message, false))
      child.kill('SIGKILL')
    }
    const late = setTimeout(() => stop('the certificate authority took too long'), fetchMs)
    const abort = (): void => stop('given up')
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()

    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk).slice(-LAST_WORDS)
    })
    child.on('message', (said: FromChild) => {
      if ('token' in said) {
        challenges += 1
        // they are kept and answered in the relay's own process, as many and as long as the authority says
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
      if (err) stop(`the ACME client does not listen: ${inOneLine(err.message)}`)
    })
  })
}
