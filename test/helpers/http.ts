// SPDX-License-Identifier: AGPL-3.0-or-later
// An HTTP client for tests: any header (Host, too), and a small cookie jar.

import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
  /** over HTTPS: what the server presented */
  certificate?: DetailedPeerCertificate
}

/** How a test reaches a name over TLS on this machine. */
export interface TlsReach {
  port: number
  address?: string
  /** PEM of the authority to trust */
  ca: string
  /** false takes any certificate */
  verify?: boolean
}

export interface Ask {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

/** One visitor, which sends the site's cookies back with its next request. */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly #base: string
  readonly #tls: TlsReach | undefined
  readonly #from: string | undefined

  /**
   * @param base the site, without a path
   * @param tls  the real address of a site whose name is not in DNS
   * @param from the visitor's own IP address, such as 127.0.0.2
   */
  constructor(base: string, tls?: TlsReach, from?: string) {
    this.#base = base
    this.#tls = tls
    this.#from = from
  }

  /** The header of its cookies; empty while it has none. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    return this.ask(path, { headers })
  }

  /** Posts fields as a form; a string is sent as it stands. */
  post(
    path: string,
    fields: Record<string, string> | string,
    headers: OutgoingHttpHeaders = {},
  ): Promise<Reply> {
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    return this.ask(path, { method: 'POST', body, headers: { ...type, ...headers } })
  }

  async ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Reply> {
    const { cookie } = this
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const all = { ...(cookie ? { Cookie: cookie } : {}), ...length, ...headers }
    const from = this.#from === undefined ? {} : { localAddress: this.#from }
    const reply = await exchange(this.#base + path, { method, headers: all, ...from }, body, this.#tls)
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name && value !== undefined) this.cookies.set(name, value)
    }
    return reply
  }
}

function exchange(
  url: string,
  options: Required<Pick<Ask, 'method' | 'headers'>> & { localAddress?: string },
  body?: string | Buffer,
  tls?: TlsReach,
) {
  return new Promise<Reply>((resolve, reject) => {
    const ask = url.startsWith('https:') ? requestTls : request
    const { address, port, ca, verify = true } = tls ?? {}
    const reach = tls && {
      ...{ hostname: address ?? '127.0.0.1', port, ca, rejectUnauthorized: verify },
      ...(isIP(new URL(url).hostname) ? {} : { servername: new URL(url).hostname }),
      setDefaultHeaders: true,
    }
    const headers = tls ? { Host: new URL(url).host, ...options.headers } : options.headers
    const req = ask(url, { ...options, headers, ...reach, agent: false }, (res) => {
      const certificate = (res.socket as TLSSocket).getPeerCertificate?.(true)
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () => {
        const whole = Buffer.concat(chunks)
        resolve({
          status: res.statusCode ?? 0,
          ...(certificate && { certificate }),
          headers: res.headers,
          body: whole,
          text: whole.toString('utf8'),
        })
      })
    })
    req.on('error', reject)
    req.end(body)
  })
}

/** The title of a page. */
export function titleOf(html: string): string | undefined {
  return /<title>([^<]*)<\/title>/.exec(html)?.[1]
}

/** The SSB URI that a page links to, as an app gets it. */
export function ssbUriIn(html: string): URL {
  const [, uri = ''] = /href="(ssb:[^"]+)"/.exec(html) ?? []
  return new URL(uri.replaceAll('&amp;', '&'))
}
