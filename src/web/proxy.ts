// What a reverse proxy tells of a request: the only place where X-Forwarded headers are read.

import type { IncomingMessage } from 'node:http'
import type { ThrottledLog } from '../lib/log.js'
import type { RelayHostnames } from './contract.js'
import { canonical, ownAddress } from './own-hostnames.js'

/**
 * How a request came: `https` by the proxy, to a visitor of the domain; `direct`, not by the proxy; or `unproven`, by the
 * proxy, which does not say that the visitor uses HTTPS.
 */
export type CameBy = 'https' | 'direct' | 'unproven'

export interface ReverseProxy {
  /**
   * Finds out how a request came. If by HTTPS, its Host header becomes the one that the visitor's browser sent; like any
   * Host header, it is compared with our own names later. Who the visitor is we do not ask: no address of a client is used.
   */
  cameBy(req: IncomingMessage): CameBy
  /** What is wrong with the proxy's settings, by the last request it passed on; null where nothing is. */
  trouble(): string | null
}

/** Headers by which proxies are known: without any of them a request from the proxy's address is the machine's own. */
const FORWARDING = [
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server', 'x-forwarded-port'],
  ...['x-real-ip', 'forwarded', 'via'],
]

/**
 * Takes one proxy's word, and nobody else's.
 * @param proxy the proxy's IP address; null where there is none
 */
export function createReverseProxy(
  { hostnames, logThrottled }: { hostnames(): RelayHostnames; logThrottled: ThrottledLog },
  proxy: string | null,
): ReverseProxy {
  const address = proxy === null ? null : canonical(proxy)
  let trouble: string | null = null

  /** Of several hosts the one that is ours, as each of several proxies adds one; else the last. */
  function hostIn(list: string[]): string | undefined {
    return list.find((host) => ownAddress(host, undefined, 'domain', hostnames())) ?? list.at(-1)
  }

  return {
    trouble: () => trouble,
    cameBy(req) {
      if (address === null || canonical(req.socket.remoteAddress ?? '') !== address) return 'direct'
      const sent = FORWARDING.filter((name) => req.headers[name] !== undefined)
      const protos = listOf(req.headers['x-forwarded-proto'])
      if (protos.some((proto) => proto.toLowerCase() === 'https')) {
        req.headers.host = hostIn(listOf(req.headers['x-forwarded-host'])) ?? req.headers.host
        trouble = null
        return 'https'
      }
      if (sent.length === 0) return 'direct'
      const instead =
        protos.length > 0 ? 'it says that visitors do not use HTTPS' : 'it does not send that header'
      trouble = `the reverse proxy has to send X-Forwarded-Proto: https; ${instead}`
      logThrottled('warn', 'proxy: no proof of https, request refused', {
        missing: 'X-Forwarded-Proto: https',
        sent,
      })
      return 'unproven'
    },
  }
}

/** The values of a header that may be a list, or come more than once. */
function listOf(header: string | string[] | undefined): string[] {
  return String(header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
