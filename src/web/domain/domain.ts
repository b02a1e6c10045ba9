// The relay under its public name: HTTPS, the redirect to it, and the certificate between them.

import type { Clock } from '../../lib/clock.js'
import type { Counters } from '../../lib/counters.js'
import { CERTIFICATE_LOOK_MS } from '../../lib/limits.js'
import type { Log } from '../../lib/log.js'
import type { Handler } from '../contract.js'
import { type Listener, listen, listenTls } from '../listen.js'
import { type AcmeOptions, keepByAcme } from './acme.js'
import type { FetchCertificate } from './fetch.js'
import { watchFiles } from './files.js'
import { frontDoor } from './http-redirect.js'
import type { Pair } from './pair.js'

export interface DomainComponents {
  /** the site, as it is shown under the domain */
  handler: Handler
  log: Log
  clock: Clock
  counters?: Counters | undefined
  /** asks a certificate authority; a test may give its own */
  fetch?: FetchCertificate | undefined
}

export interface DomainOptions {
  name: string
  aliasSubdomains: boolean
  /** address both listeners bind to */
  host: string
  httpsPort: number
  httpPort: number
  /** the operator's own files, or an authority to ask */
  certificate: { key: string; cert: string } | Omit<AcmeOptions, 'name'>
}

/** What can be said of the certificate that is served, by our clock. */
export type CertificateState = 'waiting' | 'valid' | 'expired' | 'not_yet_valid'

export interface DomainStatus {
  state: CertificateState
  source: 'files' | 'acme'
  issuer: string | null
  /** Unix ms */
  expires: number | null
  /** Unix ms: when another certificate is fetched, or tried to be fetched, next */
  renews: number | null
  reason: string | null
  http_port: number
}

export interface Domain {
  httpPort: number
  httpsPort: number
  /** where the site is, without a path; null while there is no certificate to show */
  url(): string | null
  status(): DomainStatus
  /** Hands over the key and the certificate in service, now and whenever they change. */
  onPair(listener: (pair: Pair) => void): void
  /** Looks at files and dates now, rather than within half a minute. */
  look(): Promise<void>
  close(): Promise<void>
}

/**
 * Listens for HTTPS and for HTTP. Resolves when both listen and what is on the disk is in service; a certificate that
 * has to be fetched comes later, and until then every TLS handshake fails: a relay without a network must still come up.
 * @throws RelayError `address_unusable`, `certificate_unusable`
 */
export async function createDomain(
  { handler, log, clock, fetch, counters }: DomainComponents,
  { name, aliasSubdomains, host, httpsPort, httpPort, certificate }: DomainOptions,
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
    current === null ? null : `https://${name}${https.port === 443 ? '' : `:${https.port}`}`
  const listeners: Listener[] = []
  closers.push(() => Promise.all(listeners.map((each) => each.close())))
  const https = await listenTls(handler, { host, port: httpsPort, name: 'https', counters })
  listeners.push(https)
  try {
    const door = frontDoor({ name, aliasSubdomains, url, challenges })
    const http = await listen(door, { host, port: httpPort, name: 'http', counters })
    listeners.push(http)

    const present = (pair: Pair): void => {
      https.present(pair)
      current = pair
      for (const listener of pairListeners) listener(pair)
    }
    const source =
      'key' in certificate
        ? await watchFiles({ log, now, present }, { ...certificate, name })
        : keepByAcme({ log, clock, present, challenges, fetch }, { ...certificate, name })
    closers.push(() => source.close())

    const look = async (): Promise<void> => {
      await source.look()
      const state = stateOf(current, now())
      if (state !== told && state !== 'valid') log.warn({ state }, 'HTTPS is without a good certificate')
      told = state
    }
    const looking = (): void =>
      void look().catch((err) => log.error({ err }, 'the certificate was not looked at'))
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
      look,
      close,
    }
  } catch (err) {
    await close()
    throw err
  }
}

/** What is said of a state where nothing worse is known. */
const REASONS: Record<CertificateState, string | null> = {
  waiting: 'no certificate has been fetched yet',
  valid: null,
  expired: 'the certificate has expired; browsers refuse it',
  not_yet_valid: 'by the clock of this machine the certificate is not valid yet: is the clock right?',
}

function stateOf(pair: Pair | null, now: number): CertificateState {
  if (!pair) return 'waiting'
  if (now < pair.from) return 'not_yet_valid'
  return now < pair.until ? 'valid' : 'expired'
}
