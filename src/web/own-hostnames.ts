// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks the Host header against the relay's own hostnames. No other code reads it.

import { isIP, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from '../lib/platform.js'
import { isAlias, normalAlias } from '../ssb/alias.js'
import type { ListenerKind, RelayHostnames } from './contract.js'

/** Host and optional port; IPv6 in brackets. */
const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{0,5})?$/i

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** This machine's mDNS name. */
const MACHINE = `${hostname().split('.')[0]?.toLowerCase()}.local`

/**
 * The relay's hostname in a Host header, or null. Invites carry this name, so the header must equal a configured name
 * or the socket's own address.
 * @param header       Host header as received
 * @param localAddress local IP address of the socket
 */
export function ownHostname(
  header: string | undefined,
  localAddress: string | undefined,
  kind: ListenerKind,
  hostnames: Pick<RelayHostnames, 'domain' | 'onion' | 'local' | 'lan'>,
): string | null {
  const match = HOST.exec(header ?? '')
  const said = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '')
  if (!said) return null
  const is = (name: string | null) => name !== null && name.toLowerCase() === said
  // a visitor of the onion must not learn the domain, nor the other way round
  if (kind === 'domain') return is(hostnames.domain) ? said : null
  if (kind === 'onion') return is(hostnames.onion) ? said : null
  const lan = (name: string): boolean => hostnames.lan?.includes(name) ?? false
  if (kind === 'lan' && (lan(said) || lan(withoutNumber(said)))) return said
  if (kind === 'lan') return literal(said, canonical(localAddress ?? ''))
  if (is(hostnames.domain) || is(hostnames.onion) || hostnames.local?.includes(said)) return said
  return literal(said, canonical(localAddress ?? ''))
}

/** How a page was reached. */
export interface OwnAddress {
  /** hostname without an alias subdomain */
  host: string
  /** the alias in the subdomain, or null */
  alias: string | null
  /** scheme, host and port as in the visitor's browser; absolute links begin with it */
  origin: string
}

/**
 * Like `ownHostname`, and also accepts an alias as a subdomain of the domain.
 * @param header Host header as received
 */
export function ownAddress(
  header: string | undefined,
  localAddress: string | undefined,
  kind: ListenerKind,
  hostnames: Pick<RelayHostnames, 'domain' | 'onion' | 'local' | 'lan' | 'aliasSubdomains'>,
): OwnAddress | null {
  const scheme = kind === 'domain' ? 'https' : 'http'
  const port = /:(\d{1,5})$/.exec(header ?? '')?.[1]
  const origin = (host: string): string => `${scheme}://${host}${port === undefined ? '' : `:${port}`}`
  const host = ownHostname(header, localAddress, kind, hostnames)
  if (host) return { host, alias: null, origin: origin(host.includes(':') ? `[${host}]` : host) }
  if (!hostnames.aliasSubdomains || hostnames.domain === null || kind === 'lan') return null
  const [, label = '', rest] = /^([^.]+)\.(.*)$/.exec(header ?? '') ?? []
  const alias = normalAlias(label)
  const domain = ownHostname(rest, undefined, kind, { domain: hostnames.domain, onion: null })
  // reserved words such as `www` are no aliases
  if (!domain || domain !== hostnames.domain.toLowerCase() || !isAlias(alias)) return null
  return { host: domain, alias, origin: origin(`${alias}.${domain}`) }
}

/** A name without the number that mDNS appends where two machines of a network have one name: `tidepool-2.local`. */
function withoutNumber(name: string): string {
  return name.replace(/-\d{1,3}(?=\.local$)/, '')
}

function literal(said: string, local: string): string | null {
  if (isLoopback(local) && LOOPBACK_NAMES.has(said)) return said
  if (said === MACHINE) return said
  return isIP(said) && canonical(said) === local ? local : null
}

/** Normalises an IP address; an IPv4 address on a dual-stack socket looks like `::ffff:1.2.3.4`. */
export function canonical(address: string): string {
  const bare = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare
}
