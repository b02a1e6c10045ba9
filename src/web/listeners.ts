// Every listener of the web: the plain one, HTTPS under the domain, and whois.

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
  /** null where its port is taken and the relay can do without */
  whois: Listener | null
  /** Opens one more, which is closed with the others. @throws RelayError `address_unusable` */
  open(handler: Handler, at: ListenAt): Promise<Listener>
  /** Closes all of them at once, as each may have callers that it waits for. */
  close(): Promise<void>
}

export interface WebListenersOptions {
  web: WebOptions
  domain: DomainSettings
  /** `required` where a taken port is an error */
  whois: { host: string; port: number; required: boolean }
}

/**
 * Opens them; where one cannot be had, those before it are closed again.
 * @param fetch asks a certificate authority; a test may give its own
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
      { handler: web.handler('domain'), log, clock, fetch, counters: site.counters },
      options.domain,
    )
    opened.push(domain)
    const { host, port, required } = options.whois
    const whois = await open(web.whois('local'), { host, port, name: 'whois' }).catch((err) => {
      // Another room on this machine, say: everything but finding us by host alone works without it.
      if (required) throw err
      log.warn({ err }, 'no whois port: clients cannot find the room by its host alone')
      return null
    })
    return { web, domain, whois, open, close }
  } catch (err) {
    await close()
    throw err
  }
}
