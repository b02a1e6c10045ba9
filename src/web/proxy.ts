// What a reverse proxy tells of a request: the only place where X-Forwarded headers are read.

import type { IncomingMessage } from 'node:http'
import { canonical } from './own-hostnames.js'

/**
 * Whether a request came by HTTPS through the proxy that the operator named. If so, its Host header becomes the one that
 * the visitor's browser sent; like any Host header, it is compared with our own names later. Who the visitor is we do
 * not ask: no address of a client is used anywhere.
 * @param proxy the proxy's IP address; nobody else's word is taken
 */
export function cameByProxy(req: IncomingMessage, proxy: string | null): boolean {
  if (proxy === null || canonical(req.socket.remoteAddress ?? '') !== canonical(proxy)) return false
  if (nearest(req.headers['x-forwarded-proto'])?.toLowerCase() !== 'https') return false
  req.headers.host = nearest(req.headers['x-forwarded-host']) ?? req.headers.host
  return true
}

/** Of a list, what the proxy next to us has added. */
function nearest(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',')
      .at(-1)
      ?.trim() || undefined
  )
}
