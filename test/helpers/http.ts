// An HTTP caller for tests: any header (Host too), a little cookie jar, nothing hidden.

import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
}

export interface Ask {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

/** One visitor: what a site sets as cookies comes back with the next request. */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly #base: string

  /** @param base the site, without a path */
  constructor(base: string) {
    this.#base = base
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
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const all = { ...(cookie ? { Cookie: cookie } : {}), ...length, ...headers }
    const reply = await exchange(this.#base + path, { method, headers: all }, body)
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name && value !== undefined) this.cookies.set(name, value)
    }
    return reply
  }
}

function exchange(url: string, options: Required<Pick<Ask, 'method' | 'headers'>>, body?: string | Buffer) {
  return new Promise<Reply>((resolve, reject) => {
    const req = request(url, { ...options, agent: false }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () => {
        const whole = Buffer.concat(chunks)
        resolve({
          status: res.statusCode ?? 0,
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

/** What stands in a page's title. */
export function titleOf(html: string): string | undefined {
  return /<title>([^<]*)<\/title>/.exec(html)?.[1]
}
