// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay under its domain: HTTPS, the HTTP redirect, and the certificate.

import type { Clock } from '../../lib/clock.js'
import type { Counters } from '../../lib/counters.js'
import { CERTIFICATE_LOOK_MS } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { Handler, Upgrade } from '../contract.js'
import { type Listener, listen, listenTls } from '../listen.js'
import { type AcmeOptions, createAcmeSource } from './acme.js'
import { watchCertificateFiles } from './certificate-files.js'
import type { FetchCertificate } from './fetch.js'
import { createHttpRedirect } from './http-redirect.js'
import type { Pair } from './pair.js'

export interface DomainComponents {
  /** the site's handler for the domain */
  handler: Handler
  /** answers upgrades for the domain */
  upgrade?: Upgrade | undefined
  log: Log
  clock: Clock
  counters?: Counters | undefined
  /** requests certificates; tests inject their own */
  fetch?: FetchCertificate | undefined
}

export interface DomainOptions {
  hostname: string
  aliasSubdomains: boolean
  /** bind address of both listeners */
  host: string
  httpsPort: number
  httpPort: number
  /** the operator's files, or ACME */
  certificate: { key: string; cert: string } | Omit<AcmeOptions, 'hostname'>
}

/** The state of the certificate in use, by our clock. */
export type CertificateState = 'waiting' | 'valid' | 'expired' | 'not_yet_valid'

export interface DomainStatus {
  state: CertificateState
  source: 'files' | 'acme'
  issuer: string | null
  /** Unix ms */
  expires: number | null
  /** Unix ms of the next renewal or retry */
  renews: number | null
  reason: string | null
  http_port: number
}

export interface Domain {
  httpPort: number
  httpsPort: number
  /** origin of the site; null without a certificate */
  url(): string | null
  status(): DomainStatus
  /** Calls the listener with the certificate in use, now and after each change. */
  onPair(listener: (pair: Pair) => void): void
  /** Checks files and dates now instead of at the next timer. */
  check(): Promise<void>
  close(): Promise<void>
}

/**
 * Listens for HTTPS and HTTP. Resolves when both listen and a certificate on disk is installed. A relay without a network
 * must start, so a certificate from ACME may come later; until then TLS handshakes fail.
 * @throws RelayError `address_unusable`, `certificate_unusable`
 */
export async function createDomain(
  { handler, upgrade, log, clock, fetch, counters }: DomainComponents,
  { hostname, aliasSubdomains, host, httpsPort, httpPort, certificate }: DomainOptions,
): Promise<Domain> {
  const { now } = clock
  const challenges = new Map<string, string>()
  const closers: Array<() => unknown> = []
  const pairListeners: Array<(pair: Pair) => void> = []
  let current: Pair | null = null
  let told: CertificateState | null = null

  async function close(): Promise<void> {
    for (const closer of closers.splice(0).reverse()) await closer()
  }

  const url = (): string | null =>
    current === null ? null : `https://${hostname}${https.port === 443 ? '' : `:${https.port}`}`
  const listeners: Listener[] = []
  closers.push(() => Promise.all(listeners.map((each) => each.close())))
  const https = await listenTls(handler, { host, port: httpsPort, name: 'https', counters, upgrade })
  listeners.push(https)
  try {
    const door = createHttpRedirect({ hostname, aliasSubdomains, url, challenges })
    const http = await listen(door, { host, port: httpPort, name: 'http', counters })
    listeners.push(http)

    const present = (pair: Pair): void => {
      https.present(pair)
      current = pair
      for (const listener of pairListeners) listener(pair)
    }
    const source =
      'key' in certificate
        ? await watchCertificateFiles({ log, now, present }, { ...certificate, hostname })
        : createAcmeSource({ log, clock, present, challenges, fetch }, { ...certificate, hostname })
    closers.push(() => source.close())

    const check = async (): Promise<void> => {
      await source.check()
      const state = stateOf(current, now())
      if (state !== told && state !== 'valid') log.warn({ state }, 'certificate not valid')
      told = state
    }
    const looking = (): void => void check().catch((err) => log.error({ err }, 'certificate check failed'))
    closers.push(clock.every(CERTIFICATE_LOOK_MS, looking))
    looking()

    return {
      httpPort: http.port,
      httpsPort: https.port,
      url,
      status() {
        const state = stateOf(current, now())
        return {
          state,
          source: source.kind,
          issuer: current?.issuer ?? null,
          expires: current?.until ?? null,
          renews: source.renews(),
          reason: source.trouble() ?? REASONS[state],
          http_port: http.port,
        }
      },
      onPair(listener) {
        pairListeners.push(listener)
        if (current) listener(current)
      },
      check,
      close,
    }
  } catch (err) {
    await close()
    throw err
  }
}

/** The reason shown for a state without a more specific error. */
const REASONS: Record<CertificateState, string | null> = {
  waiting: 'no certificate has been issued yet',
  valid: null,
  expired: 'the certificate has expired; browsers reject it',
  not_yet_valid: 'the certificate is not valid yet by the clock of this machine; check the clock',
}

function stateOf(pair: Pair | null, now: number): CertificateState {
  if (!pair) return 'waiting'
  if (now < pair.from) return 'not_yet_valid'
  return now < pair.until ? 'valid' : 'expired'
}
