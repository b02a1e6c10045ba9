// SPDX-License-Identifier: AGPL-3.0-or-later
// Recognises requests from the reverse proxy. No other code reads X-Forwarded headers.

import type { IncomingMessage } from 'node:http'
import type { ThrottledLog } from '../lib/log.js'
import type { RelayHostnames } from './contract.js'
import { canonical, ownAddress } from './own-hostnames.js'

/**
 * `https`: by the proxy, from a visitor who uses HTTPS. `direct`: not by the proxy. `unproven`: by the proxy, without
 * `X-Forwarded-Proto: https`.
 */
export type CameBy = 'https' | 'direct' | 'unproven'

export interface ReverseProxy {
  /**
   * Tells how a request came. For `https` the Host header is replaced by the one the visitor's browser sent; it is still
   * compared with our own hostnames later. Client addresses are not used.
   */
  cameBy(req: IncomingMessage): CameBy
  /** What was wrong with the last request of the proxy, or null. */
  trouble(): string | null
}

/** Headers that proxies set. A request from the proxy's address without any of them is local. */
const FORWARDING = [
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server', 'x-forwarded-port'],
  ...['x-real-ip', 'forwarded', 'via'],
]

/** Whether a proxy, ours or any other, has passed the request on. */
export function isForwarded({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return FORWARDING.some((name) => headers[name] !== undefined)
}

/**
 * Trusts the headers of one proxy only.
 * @param proxy IP address of the proxy; null: none
 */
export function createReverseProxy(
  { hostnames, logThrottled }: { hostnames(): RelayHostnames; logThrottled: ThrottledLog },
  proxy: string | null,
): ReverseProxy {
  const address = proxy === null ? null : canonical(proxy)
  let trouble: string | null = null

  /** Chained proxies append hosts: the one that is ours, or the last. */
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
      const instead = protos.length > 0 ? 'it sends another value' : 'it does not send that header'
      trouble = `the reverse proxy must send X-Forwarded-Proto: https; ${instead}`
      logThrottled('warn', 'proxy request rejected', {
        missing: 'X-Forwarded-Proto: https',
        sent,
      })
      return 'unproven'
    },
  }
}

/** The values of a header that may be a list or repeated. */
function listOf(header: string | string[] | undefined): string[] {
  return String(header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
