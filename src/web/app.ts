// The web: its plain listener, and a site behind it that is built when somebody first comes.

import { createThrottledLog } from '../lib/log.js'
import type { Handler, ListenerKind, Site, SiteLimits, Web, WebComponents, WebOptions } from './contract.js'
import { listen } from './listen.js'
import { createReverseProxy } from './proxy.js'
import { createRequestBodies } from './request-body.js'

export type {
  DrawnCaptcha as DrawnRiddle,
  Handler,
  Issued,
  ListenerKind,
  RelayFace,
  RelayNames,
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
 * Starts listening. The site itself (Koa, templates) is loaded at the first request: it costs a board some 4 MB that a
 * relay whose page nobody opens need not pay.
 */
export async function createWeb(components: WebComponents, options: WebOptions): Promise<Web> {
  const limits: Required<SiteLimits> = { ...options }
  const bodies = createRequestBodies()
  const tell = createThrottledLog(components.log, () => performance.now())
  const proxy = createReverseProxy({ names: components.names, tell }, options.proxy ?? null)
  let site: Promise<Site> | null = null

  function open(): Promise<Site> {
    site ??= import('./site.js').then(({ createSite }) => createSite({ ...components, proxy }, limits))
    return site
  }

  const through =
    (pick: (site: Site) => Handler, kind?: ListenerKind): Handler =>
    (req, res) => {
      components.used?.()
      // federation is of the domain: not of the onion, and not of the plain listener but for the proxy in front of it
      const isDomain = kind === 'domain' || (kind === 'local' && proxy.cameBy(req) === 'https')
      if (isDomain && components.divert?.(req, res)) return
      // before anything waits: chunks that nobody reads cost more than their bytes
      bodies.begin(req)
      return open().then(
        (site) => pick(site)(req, res),
        (err: unknown) => {
          components.log.error({ err }, 'the site could not be loaded')
          res.writeHead(500).end()
        },
      )
    }

  const handler: Web['handler'] = (kind) => through((site) => site.handler(kind), kind)
  const listener = await listen(handler('local'), { ...options, counters: components.counters })
  // a copy would have the address of now
  return Object.assign(listener, {
    handler,
    trouble: proxy.trouble,
    whois: (kind: ListenerKind) => through((site) => site.whois(kind)),
    setLimits(changed: SiteLimits) {
      Object.assign(limits, changed)
      site?.then((site) => site.setLimits(changed)).catch(() => {})
    },
  })
}
