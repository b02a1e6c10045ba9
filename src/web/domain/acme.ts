// Certificates by ACME: one is fetched when there is none or the one there is nears its end, and failures are borne.

import { readFileSync } from 'node:fs'
import { type Clock, isClockSet } from '../../lib/clock.js'
import { ACME_AWAY_MS, ACME_REFUSED_MS, ACME_UNREACHED_MS, RENEW_AFTER } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import { createFetch, type FetchCertificate, NotFetched } from './fetch.js'
import { keepIn, newKey } from './kept-certificate.js'
import { checkPair, inOneLine, type Pair, unusable } from './pair.js'
import type { CertificateSource, Present } from './source.js'

export interface AcmeOptions {
  name: string
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
export function keepByAcme(
  { log, clock, present, challenges, fetch = createFetch() }: AcmeComponents,
  { name, email, directory, ca: caFile, dir }: AcmeOptions,
): CertificateSource {
  const ca = caFile === null ? null : readRoot(caFile)
  const keeper = keepIn({ log }, dir, { name, directory })
  const ending = new AbortController()
  let current = keeper.load()
  if (current) present(current)
  let trouble: string | null = null
  let failures = 0
  /** by uptime: before then the authority is left alone */
  let notBefore = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | null = null
  let unsaved: Pair | null = null

  const due = (now: number): boolean => current === null || now >= renewalOf(current)

  /** A certificate that the disk does not take is served all the same, and tried to be kept until it is. */
  function keep(): void {
    if (!unsaved) return
    try {
      keeper.save(unsaved.key, unsaved.cert)
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
    const accountKey = keeper.accountKey()
    keeper.reserve(key)
    log.info({ name }, 'asking for a certificate')
    const chain = await fetch(
      { name, email, directory, ca, accountKey, key },
      (token, answer) => challenges.set(token, answer),
      ending.signal,
    )
    const pair = checkPair(key, chain, name)
    current = pair
    present(pair)
    unsaved = pair
    trouble = null
    keep()
    if (due(clock.now()))
      throw new Error('the new certificate is all but over by the clock of this machine: is it right?')
    log.info({ until: new Date(pair.until).toISOString() }, 'a new certificate is in service')
  }

  function failed(thrown: unknown): void {
    if (ending.signal.aborted) return
    const unreached = thrown instanceof NotFetched && !thrown.reached
    const [first, most] = unreached ? ACME_UNREACHED_MS : ACME_REFUSED_MS
    // spread, so that all boards of a town do not come back at once when its network does
    const pause = Math.min(first * 2 ** failures, most) * (1 + Math.random() / 4)
    const told = thrown instanceof NotFetched ? Math.min(thrown.retryAfterMs, ACME_AWAY_MS) : 0
    const wait = Math.max(pause, told)
    failures = Math.min(failures + 1, 30)
    notBefore = clock.uptime() + wait
    trouble = inOneLine((thrown as Error).message)
    log.warn({ reason: trouble, again_in_s: Math.round(wait / 1000) }, 'no certificate was fetched')
  }

  return {
    kind: 'acme',
    async look() {
      if (fetching || ending.signal.aborted) return
      const now = clock.now()
      if (!due(now)) {
        failures = 0
        if (unsaved) keep()
        else trouble = null
        return
      }
      // such a clock was never set; the authority's own certificate would be from its future
      if (!isClockSet(now)) trouble = 'waiting for the clock of this machine to be set'
      else if (clock.uptime() >= notBefore)
        fetching = attempt()
          .catch(failed)
          .finally(() => {
            challenges.clear()
            fetching = null
          })
    },
    trouble: () => trouble,
    renews() {
      const now = clock.now()
      const wanted = current ? renewalOf(current) : now
      return Math.trunc(Math.max(wanted, now + Math.max(0, notBefore - clock.uptime())))
    },
    async close() {
      ending.abort()
      await fetching
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
