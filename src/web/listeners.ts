// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens every web listener: plain HTTP, HTTPS of the domain, and whois.

import type { Clock } from '../lib/clock.js'
import type { Log } from '../lib/log.js'
import { createWeb } from './app.js'
import type { Handler, Web, WebComponents, WebOptions } from './contract.js'
import type { FetchCertificate } from './domain/fetch.js'
import { type DomainSettings, openDomain, type PublicName } from './domain/open.js'
import { type ListenAt, type Listener, listen } from './listen.js'

export interface WebListeners {
  web: Web
  domain: PublicName
  /** null if its port is taken and it is not required */
  whois: Listener | null
  /** Opens one more listener, closed with the others. @throws RelayError `address_unusable` */
  open(handler: Handler, at: ListenAt): Promise<Listener>
  /** Closes all listeners in parallel. */
  close(): Promise<void>
}

export interface WebListenersOptions {
  web: WebOptions
  domain: DomainSettings
  /** `required`: a taken port is an error */
  whois: { host: string; port: number; required: boolean }
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
    const { host, port, required } = options.whois
    const whois = await open(web.whois('local'), { host, port, name: 'whois' }).catch((err) => {
      // another room on this machine may have the port; only lookups by host alone need it
      if (required) throw err
      log.warn({ err }, 'whois listener failed')
      return null
    })
    return { web, domain, whois, open, close }
  } catch (err) {
    await close()
    throw err
  }
}
