// Certificates by ACME: one is fetched when there is none or the one there is nears its end, and failures are borne.

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
  /** URL of the authority's ACME directory */
  directory: string
  /** PEM file of a root that vouches for it, beside those that Node knows */
  ca: string | null
  /** where account, key and certificate are kept */
  dir: string
}

export interface AcmeComponents {
  log: Log
  clock: Clock
  present: Present
  /** where answers to challenges are put, by token */
  challenges: Map<string, string>
  fetch?: FetchCertificate | undefined
}

/**
 * Presents the certificate that is kept, if there is one, and sees to it that there is always a good one. Time is
 * counted in two ways: whether a renewal is due by the date, and how long to wait after a failure by the machine's
 * uptime, so that a board whose clock jumps from 1970 to today neither gives up nor asks in a storm.
 * @throws RelayError `certificate_unusable` if the file of the root cannot be read
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
  /** by uptime: before then the authority is left alone */
  let retryAt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | null = null
  let unsaved: Pair | null = null

  const isDue = (now: number): boolean => current === null || now >= renewalOf(current)

  /** A certificate that the disk does not take is served all the same, and tried to be kept until it is. */
  function saveCertificate(): void {
    if (!unsaved) return
    try {
      store.save(unsaved.key, unsaved.cert)
      unsaved = null
      trouble = null
    } catch (err) {
      const words = `the certificate cannot be kept: ${inOneLine((err as Error).message)}`
      // said once, not at every try
      if (trouble === words) return
      trouble = words
      log.error({ err }, 'the certificate cannot be kept: a restart would have to fetch another')
    }
  }

  async function attempt(): Promise<void> {
    const key = newKey()
    const accountKey = store.accountKey()
    store.reserve(key)
    log.info({ hostname }, 'asking for a certificate')
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
      throw new Error('the new certificate is all but over by the clock of this machine: is it right?')
    log.info({ until: new Date(pair.until).toISOString() }, 'a new certificate is in service')
  }

  function failed(thrown: unknown): void {
    if (aborter.signal.aborted) return
    const unreached = thrown instanceof FetchError && !thrown.reached
    const [first, most] = unreached ? ACME_UNREACHED_MS : ACME_REFUSED_MS
    // spread, so that all boards of a town do not come back at once when its network does
    const pause = Math.min(first * 2 ** failures, most) * (1 + Math.random() / 4)
    const retryAfter = thrown instanceof FetchError ? Math.min(thrown.retryAfterMs, ACME_AWAY_MS) : 0
    const wait = Math.max(pause, retryAfter)
    failures = Math.min(failures + 1, 30)
    retryAt = clock.uptime() + wait
    trouble = inOneLine((thrown as Error).message)
    log.warn({ reason: trouble, again_in_s: Math.round(wait / 1000) }, 'no certificate was fetched')
  }

  return {
    kind: 'acme',
    async look() {
      if (pending || aborter.signal.aborted) return
      const now = clock.now()
      if (!isDue(now)) {
        failures = 0
        if (unsaved) saveCertificate()
        else trouble = null
        return
      }
      // such a clock was never set; the authority's own certificate would be from its future
      if (!isClockSet(now)) trouble = 'waiting for the clock of this machine to be set'
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
