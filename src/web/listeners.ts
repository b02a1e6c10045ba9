// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens every web listener: plain HTTP, HTTPS of the domain, and whois.

import type { Clock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import { createWeb } from './app.js'
import type { Handler, Web, WebComponents, WebOptions } from './contract.js'
import type { FetchCertificate } from './domain/fetch.js'
import { type DomainSettings, openDomain, type PublicName } from './domain/open.js'
import { type ListenAt, type Listener, listen } from './listen.js'
import { localNetworkOnly } from './local-network.js'

export interface WebListeners {
  web: Web
  domain: PublicName
  /** null if its port is taken and it is not required */
  whois: Listener | null
  /** for the local network: the listener, or why there is none; null if it is off */
  local: LocalListener | null
  /** Opens one more listener, closed with the others. @throws RelayError `address_unusable` */
  open(handler: Handler, at: ListenAt): Promise<Listener>
  /** Closes all listeners in parallel. */
  close(): Promise<void>
}

export type LocalListener = Pick<Listener, 'url'> | { url: null; problem: string }

/** A listener whose port another program may have. `required`: then the start fails */
interface Optional {
  host: string
  port: number
  required: boolean
}

export interface WebListenersOptions {
  web: WebOptions
  domain: DomainSettings
  whois: Optional
  /** for the local network; null: off */
  local: Optional | null
}

/**
 * Opens all listeners. If one fails, those opened before are closed.
 * @param fetch requests certificates; tests inject their own
 * @throws RelayError `address_unusable`, `certificate_unusable`
 */
export async function openWebListeners(
  {
    site,
    log,
    clock,
    fetch,
  }: { site: WebComponents; log: Log; clock: Clock; fetch?: FetchCertificate | undefined },
  options: WebListenersOptions,
): Promise<WebListeners> {
  const opened: Array<{ close(): Promise<void> }> = []
  const close = async (): Promise<void> => void (await Promise.all(opened.map((each) => each.close())))
  async function open(handler: Handler, at: ListenAt): Promise<Listener> {
    const listener = await listen(handler, { ...at, counters: site.counters })
    opened.push(listener)
    return listener
  }
  /** Last: on port 80 the redirect of the domain comes first. */
  async function openLocal(web: Web, { required, ...at }: Optional): Promise<LocalListener> {
    const { placeOf, counters } = site
    const logThrottled = createThrottledLog(log, clock.uptime)
    const handler = localNetworkOnly(web.handler('lan'), { placeOf, counters, logThrottled })
    try {
      return await open(handler, { ...at, name: 'local' })
    } catch (err) {
      // a board is of more use without this page than without the relay
      if (required || !(err instanceof RelayError)) throw err
      log.warn({ err }, 'local listener failed')
      return { url: null, problem: err.message }
    }
  }
  try {
    const web = await createWeb(site, options.web)
    opened.push(web)
    const domain = await openDomain(
      {
        handler: web.handler('domain'),
        upgrade: web.upgrade('domain'),
        log,
        clock,
        fetch,
        counters: site.counters,
      },
      options.domain,
    )
    opened.push(domain)
    const { required, ...whoisAt } = options.whois
    const whois = await open(web.whois('local'), { ...whoisAt, name: 'whois' }).catch((err) => {
      // another room on this machine may have the port; only lookups by host alone need it
      if (required) throw err
      log.warn({ err }, 'whois listener failed')
      return null
    })
    const local = options.local && (await openLocal(web, options.local))
    return { web, domain, whois, local, open, close }
  } catch (err) {
    await close()
    throw err
  }
}
