// SPDX-License-Identifier: AGPL-3.0-or-later
// Port 80 of the domain: redirects to HTTPS and answers ACME challenges.

import { aliasLink } from '../../ssb/links.js'
import type { Handler } from '../contract.js'
import { ownAddress } from '../own-hostnames.js'

export interface HttpRedirectParts {
  /** the domain */
  hostname: string
  /** whether each alias has its own subdomain */
  aliasSubdomains: boolean
  /** origin of HTTPS; null without a certificate */
  url(): string | null
  /** responses of pending ACME challenges, by token */
  challenges: ReadonlyMap<string, string>
}

const CHALLENGE = '/.well-known/acme-challenge/'
/** Seconds to wait while there is no certificate yet. */
const RETRY_S = 60

/** Creates the handler. Requests for other hostnames get 421. */
export function createHttpRedirect({
  hostname,
  aliasSubdomains,
  url,
  challenges,
}: HttpRedirectParts): Handler {
  return (req, res) => {
    const say = (status: number, words: string, headers: Record<string, string> = {}): void => {
      res.writeHead(status, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': Buffer.byteLength(words),
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
        ...headers,
      })
      res.end(req.method === 'HEAD' ? undefined : words)
    }
    const path = req.url ?? ''
    const hostnames = { domain: hostname, onion: null, aliasSubdomains }
    const own = ownAddress(req.headers.host, undefined, 'domain', hostnames)
    if (!own) return say(421, 'not a name of this relay')
    // a redirected form would be sent in the clear first
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return say(405, 'method not allowed', { Allow: 'GET, HEAD', Connection: 'close' })
    if (path.startsWith(CHALLENGE)) {
      const answer = challenges.get(path.slice(CHALLENGE.length))
      return answer === undefined ? say(404, 'not found') : say(200, answer)
    }
    if (!path.startsWith('/')) return say(404, 'not found')
    const main = url()
    const to = main && own.alias !== null ? aliasLink(main, own.alias, true) : main
    if (to === null) return say(503, 'no certificate yet', { 'Retry-After': String(RETRY_S) })
    say(301, `${to}${path}`, { Location: `${to}${path}` })
  }
}
