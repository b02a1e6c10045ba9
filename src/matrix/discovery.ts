// SPDX-License-Identifier: AGPL-3.0-or-later
// Resolves server names (server-server API, "Resolving server names"): literal, port, .well-known, SRV, 8448.

import { resolveSrv } from 'node:dns/promises'
import { SECOND } from '../lib/limits.js'
import { MATRIX_NAME_MS, MATRIX_NAMES_KEPT } from '../lib/matrix-limits.js'
import { parseServerName } from './ids.js'
import { isObject, parseJson } from './json.js'

/** The address of a server. */
export interface Destination {
  host: string
  port: number
  /** the `Host` header */
  header: string
  /** the name the certificate must be for */
  certificate: string
}

/** What a GET of `.well-known` answered. */
export interface WellKnownAnswer {
  status: number
  body: string
  headers: Record<string, string | string[] | undefined>
}

export interface DiscoveryComponents {
  /** GET over HTTPS, follows redirects; the answer is at most `MATRIX_SMALL_ANSWER_BYTES`. */
  fetch(url: string): Promise<WellKnownAnswer>
  now(): number
  srv?: (name: string) => Promise<Array<{ name: string; port: number; priority: number; weight: number }>>
}

const FEDERATION_PORT = 8448
const bracketed = (host: string, ip: number): string => (ip === 6 ? `[${host}]` : host)

/** Resolves server names; caches `.well-known` as its headers allow. */
export function createDiscovery({ fetch, now, srv = resolveSrv }: DiscoveryComponents) {
  const known = new Map<string, { delegate: string | null; until: number }>()

  async function wellKnown(name: string): Promise<string | null> {
    const held = known.get(name)
    if (held && held.until > now()) return held.delegate
    const found = await ask(name)
    known.delete(name)
    known.set(name, { delegate: found.delegate, until: now() + found.ms })
    const oldest = known.keys().next().value
    if (known.size > MATRIX_NAMES_KEPT && oldest !== undefined) known.delete(oldest)
    return found.delegate
  }

  async function ask(name: string): Promise<{ delegate: string | null; ms: number }> {
    const failed = { delegate: null, ms: MATRIX_NAME_MS.failed }
    try {
      const { status, body, headers } = await fetch(`https://${name}/.well-known/matrix/server`)
      if (status !== 200) return failed
      const parsed = parseJson(body)
      const delegate = isObject(parsed) ? parsed['m.server'] : undefined
      if (!parseServerName(delegate)) return failed
      return { delegate: delegate as string, ms: lifetime(headers) }
    } catch {
      return failed
    }
  }

  async function service(name: string): Promise<{ name: string; port: number } | null> {
    for (const prefix of ['_matrix-fed._tcp', '_matrix._tcp']) {
      const records = await srv(`${prefix}.${name}`).catch(() => [])
      const usable = records.filter(({ name: host }) => host !== '' && host !== '.')
      const [best] = usable.sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      if (best) return best
    }
    return null
  }

  /** The destination of an IP literal or a name with a port; null for a plain name. */
  async function locate(name: string): Promise<Destination | null> {
    const parsed = parseServerName(name)
    if (!parsed) return null
    const { host, port, ip } = parsed
    const plain = bracketed(host, ip)
    if (ip !== 0) return { host, port: port ?? FEDERATION_PORT, header: name, certificate: host }
    if (port !== null) return { host, port, header: `${plain}:${port}`, certificate: host }
    return null
  }

  async function byService(host: string): Promise<Destination> {
    const found = await service(host)
    return {
      host: found?.name ?? host,
      port: found?.port ?? FEDERATION_PORT,
      header: host,
      certificate: host,
    }
  }

  return {
    /** @throws Error for an invalid server name */
    async find(server: string): Promise<Destination> {
      const own = await locate(server)
      if (own) return own
      const parsed = parseServerName(server)
      if (!parsed) throw new Error(`${server} is not a server name`)
      const delegate = await wellKnown(parsed.host)
      if (delegate === null) return byService(parsed.host)
      return (await locate(delegate)) ?? byService(delegate)
    },
    /** Shortens the cache time of a server that could not be reached. */
    forget(server: string): void {
      const { host = server } = parseServerName(server) ?? {}
      const held = known.get(host)
      if (held) held.until = Math.min(held.until, now() + MATRIX_NAME_MS.least)
    },
  }
}

export type Discovery = ReturnType<typeof createDiscovery>

/** Milliseconds for which an answer may be kept, by its own headers and within our bounds. */
function lifetime(headers: WellKnownAnswer['headers']): number {
  const { least, usual, most } = MATRIX_NAME_MS
  const control = String(headers['cache-control'] ?? '')
  if (/no-store|no-cache/i.test(control)) return least
  const age = /max-age=(\d{1,9})/i.exec(control)?.[1]
  const expires = Date.parse(String(headers.expires ?? ''))
  const ms = age !== undefined ? Number(age) * SECOND : Number.isNaN(expires) ? usual : expires - Date.now()
  return Math.min(most, Math.max(least, ms))
}
