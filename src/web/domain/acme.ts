// SPDX-License-Identifier: AGPL-3.0-or-later
// Certificates by ACME (RFC 8555): obtains and renews them, and retries after failures.

import { readFileSync } from 'node:fs'
import { type Clock, isClockSet } from '../../lib/clock.js'
import { ACME_AWAY_MS, ACME_REFUSED_MS, ACME_UNREACHED_MS, RENEW_AFTER } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { CertificateSource, Present } from './certificate-source.js'
import { newKey, openCertificateStore } from './certificate-store.js'
import { createFetch, type FetchCertificate, FetchError } from './fetch.js'
import { checkPair, inOneLine, type Pair, unusable } from './pair.js'

export interface AcmeOptions {
  hostname: string
  email: string
  /** URL of the ACME directory */
  directory: string
  /** PEM file of an additional root certificate for the directory's TLS */
  ca: string | null
  /** directory of account key, certificate and its key */
  dir: string
}

export interface AcmeComponents {
  log: Log
  clock: Clock
  present: Present
  /** challenge responses by token */
  challenges: Map<string, string>
  fetch?: FetchCertificate | undefined
}

/**
 * Installs the stored certificate and renews it in time. Whether renewal is due depends on the date; the wait after a
 * failure uses the monotonic clock. So a board whose clock jumps from 1970 to today neither stops nor floods the authority.
 * @throws RelayError `certificate_unusable` if the root certificate cannot be read
 */
export function createAcmeSource(
  { log, clock, present, challenges, fetch = createFetch() }: AcmeComponents,
  { hostname, email, directory, ca: caFile, dir }: AcmeOptions,
): CertificateSource {
  const ca = caFile === null ? null : readRoot(caFile)
  const store = openCertificateStore({ log }, dir, { hostname, directory })
  const aborter = new AbortController()
  let current = store.load()
  if (current) present(current)
  let trouble: string | null = null
  let failures = 0
  /** uptime in ms before which no request is made */
  let retryAt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | null = null
  let unsaved: Pair | null = null

  const isDue = (now: number): boolean => current === null || now >= renewalOf(current)

  /** Saves the new certificate. If the disk is full, the certificate is used anyway and saving is retried. */
  function saveCertificate(): void {
    if (!unsaved) return
    try {
      store.save(unsaved.key, unsaved.cert)
      unsaved = null
      trouble = null
    } catch (err) {
      const words = `the certificate cannot be saved: ${inOneLine((err as Error).message)}`
      // logged once, not at every retry
      if (trouble === words) return
      trouble = words
      log.error({ err }, 'certificate not saved')
    }
  }

  async function attempt(): Promise<void> {
    const key = newKey()
    const accountKey = store.accountKey()
    store.reserve(key)
    log.info({ hostname }, 'certificate requested')
    const chain = await fetch(
      { hostname, email, directory, ca, accountKey, key },
      (token, answer) => challenges.set(token, answer),
      aborter.signal,
    )
    const pair = checkPair(key, chain, hostname)
    current = pair
    present(pair)
    unsaved = pair
    trouble = null
    saveCertificate()
    if (isDue(clock.now()))
      throw new Error('the new certificate expires too soon by the clock of this machine; check the clock')
    log.info({ until: new Date(pair.until).toISOString() }, 'certificate installed')
  }

  function failed(thrown: unknown): void {
    if (aborter.signal.aborted) return
    const unreached = thrown instanceof FetchError && !thrown.reached
    const [first, most] = unreached ? ACME_UNREACHED_MS : ACME_REFUSED_MS
    // random, so that many boards do not return at once after an outage
    const pause = Math.min(first * 2 ** failures, most) * (1 + Math.random() / 4)
    const retryAfter = thrown instanceof FetchError ? Math.min(thrown.retryAfterMs, ACME_AWAY_MS) : 0
    const wait = Math.max(pause, retryAfter)
    failures = Math.min(failures + 1, 30)
    retryAt = clock.uptime() + wait
    trouble = inOneLine((thrown as Error).message)
    log.warn({ reason: trouble, again_in_s: Math.round(wait / 1000) }, 'certificate request failed')
  }

  return {
    kind: 'acme',
    async check() {
      if (pending || aborter.signal.aborted) return
      const now = clock.now()
      if (!isDue(now)) {
        failures = 0
        if (unsaved) saveCertificate()
        else trouble = null
        return
      }
      // with an unset clock the authority's TLS certificate is not valid yet
      if (!isClockSet(now)) trouble = 'the clock of this machine is not set yet'
      else if (clock.uptime() >= retryAt)
        pending = attempt()
          .catch(failed)
          .finally(() => {
            challenges.clear()
            pending = null
          })
    },
    trouble: () => trouble,
    renews() {
      const now = clock.now()
      const wanted = current ? renewalOf(current) : now
      return Math.trunc(Math.max(wanted, now + Math.max(0, retryAt - clock.uptime())))
    },
    async close() {
      aborter.abort()
      await pending
    },
  }
}

/** Unix ms. */
function renewalOf({ from, until }: Pair): number {
  return Math.trunc(from + (until - from) * RENEW_AFTER)
}

function readRoot(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (err) {
    throw unusable(`domain.acme_ca ${path} (${(err as NodeJS.ErrnoException).code})`, err)
  }
}
