// What answers on port 80 of the domain: the way to HTTPS, and the certificate authority's challenges. Nothing else.

import { aliasLink } from '../../ssb/links.js'
import type { Handler } from '../contract.js'
import { ownAddress } from '../own-hostnames.js'

export interface HttpRedirectParts {
  /** our DNS name */
  hostname: string
  /** whether each alias has a host of its own before it */
  aliasSubdomains: boolean
  /** where HTTPS is, without a path; null while there is no certificate */
  url(): string | null
  /** answers of challenges that are being asked now, by token */
  challenges: ReadonlyMap<string, string>
}

const CHALLENGE = '/.well-known/acme-challenge/'
/** Seconds after which to try again what needs a certificate that is not there yet. */
const RETRY_S = 60

/** The handler of the listener. Whoever does not ask for our name learns nothing. */
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
    // a form must not be sent in the clear, and then sent again
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
