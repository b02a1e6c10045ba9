// SPDX-License-Identifier: AGPL-3.0-or-later
// The web: its plain HTTP listener, and a site that is loaded at the first request.

import { NO_COUNTERS } from '../lib/counters.js'
import { createThrottledLog } from '../lib/log.js'
import { createRequestBodies } from '../lib/request-body.js'
import type { Handler, ListenerKind, Site, SiteLimits, Web, WebComponents, WebOptions } from './contract.js'
import { listen } from './listen.js'
import { createReverseProxy } from './proxy.js'
import { createUpgrades } from './upgrades.js'

export type {
  AcceptSsb,
  DrawnCaptcha,
  Handler,
  Issued,
  ListenerKind,
  PlaceOf,
  RelayFace,
  RelayHostnames,
  SetupAnswers,
  SsbAddress,
  Web,
  WebComponents,
  WebOptions,
  WebSetup,
} from './contract.js'
export type { FetchCertificate } from './domain/fetch.js'
export type { PublicName } from './domain/open.js'
export { listenWithCertificate } from './domain/tls-listener.js'
export { type Listener, listen } from './listen.js'

/**
 * Starts the plain listener. The site (Koa, templates) takes 4 MB, so it is loaded at the first request only.
 * @throws RelayError `address_unusable`
 */
export async function createWeb(components: WebComponents, options: WebOptions): Promise<Web> {
  const limits: Required<SiteLimits> = { ...options }
  const bodies = createRequestBodies()
  const logThrottled = createThrottledLog(components.log, () => performance.now())
  const proxy = createReverseProxy({ hostnames: components.hostnames, logThrottled }, options.proxy ?? null)
  let site: Promise<Site> | null = null

  function open(): Promise<Site> {
    site ??= import('./site.js').then(({ createSite }) => createSite({ ...components, proxy }, limits))
    return site
  }

  const through =
    (pick: (site: Site) => Handler, kind?: ListenerKind): Handler =>
    (req, res) => {
      components.used?.()
      // federation is served under the domain only: by its own listener, or through the reverse proxy
      const isDomain = kind === 'domain' || (kind === 'local' && proxy.cameBy(req) === 'https')
      if (isDomain && components.divert?.(req, res)) return
      // before any await: unread chunks cost far more memory than their bytes
      bodies.begin(req)
      return open().then(
        (site) => pick(site)(req, res),
        (err: unknown) => {
          components.log.error({ err }, 'site load failed')
          res.writeHead(500).end()
        },
      )
    }

  const handler: Web['handler'] = (kind) => through((site) => site.handler(kind), kind)
  const { acceptSsb: accept, counters = NO_COUNTERS, hostnames, used } = components
  const upgrade = accept ? createUpgrades({ accept, proxy, hostnames, counters, used }) : () => undefined
  const listener = await listen(handler('local'), { ...options, counters, upgrade: upgrade('local') })
  // not a spread: that would freeze the getter `url`
  return Object.assign(listener, {
    handler,
    upgrade,
    trouble: proxy.trouble,
    whois: (kind: ListenerKind) => through((site) => site.whois(kind)),
    setLimits(changed: SiteLimits) {
      Object.assign(limits, changed)
      site?.then((site) => site.setLimits(changed)).catch(() => {})
    },
  })
}
