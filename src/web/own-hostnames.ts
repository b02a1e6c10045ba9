// Which of our own names a page was reached through: the only place where a Host header is read.

import { isIP, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from '../lib/platform.js'
import { isAlias, normalAlias } from '../ssb/alias.js'
import type { ListenerKind, RelayHostnames } from './contract.js'

/** A host and, ignored, a port. IPv6 stands in brackets. */
const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{0,5})?$/i

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** The name this machine has on its own network (mDNS). */
const MACHINE = `${hostname().split('.')[0]?.toLowerCase()}.local`

/**
 * The name of ours that a Host header says, or null if it is none of ours. An invite carries this name, so a
 * header is never believed: it must equal a name we were given, or an address the socket itself has.
 * @param header       the Host header as it came
 * @param localAddress our end of the socket
 */
export function ownHostname(
  header: string | undefined,
  localAddress: string | undefined,
  kind: ListenerKind,
  hostnames: Pick<RelayHostnames, 'domain' | 'onion' | 'local'>,
): string | null {
  const match = HOST.exec(header ?? '')
  const said = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '')
  if (!said) return null
  const is = (name: string | null) => name !== null && name.toLowerCase() === said
  // a public listener answers to its one name: a stranger on the onion must not learn or name what we are elsewhere
  if (kind === 'domain') return is(hostnames.domain) ? said : null
  if (kind === 'onion') return is(hostnames.onion) ? said : null
  if (is(hostnames.domain) || is(hostnames.onion) || hostnames.local?.includes(said)) return said
  return literal(said, canonical(localAddress ?? ''))
}

/** A name of ours as a page was reached by it. */
export interface OwnAddress {
  /** the name itself, without what may stand before it */
  host: string
  /** the alias that stood before the domain, where aliases may */
  alias: string | null
  /** scheme, whole host and port, as the visitor's browser has them: what absolute links to us begin with */
  origin: string
}

/**
 * Finds out by which of our names a request came, as `ownHostname` does, and also by whose name before the domain.
 * @param header the Host header as it came
 */
export function ownAddress(
  header: string | undefined,
  localAddress: string | undefined,
  kind: ListenerKind,
  hostnames: Pick<RelayHostnames, 'domain' | 'onion' | 'local' | 'aliasSubdomains'>,
): OwnAddress | null {
  const scheme = kind === 'domain' ? 'https' : 'http'
  const port = /:(\d{1,5})$/.exec(header ?? '')?.[1]
  const origin = (host: string): string => `${scheme}://${host}${port === undefined ? '' : `:${port}`}`
  const host = ownHostname(header, localAddress, kind, hostnames)
  if (host) return { host, alias: null, origin: origin(host.includes(':') ? `[${host}]` : host) }
  if (!hostnames.aliasSubdomains || hostnames.domain === null) return null
  const [, label = '', rest] = /^([^.]+)\.(.*)$/.exec(header ?? '') ?? []
  const alias = normalAlias(label)
  const domain = ownHostname(rest, undefined, kind, { domain: hostnames.domain, onion: null })
  // a reserved word is no name of anybody's: `www` is for the operator's other machines
  if (!domain || domain !== hostnames.domain.toLowerCase() || !isAlias(alias)) return null
  return { host: domain, alias, origin: origin(`${alias}.${domain}`) }
}

function literal(said: string, local: string): string | null {
  if (isLoopback(local) && LOOPBACK_NAMES.has(said)) return said
  if (said === MACHINE) return said
  return isIP(said) && canonical(said) === local ? local : null
}

/** One spelling per address; an IPv4 caller of a dual-stack socket shows as `::ffff:1.2.3.4`. */
export function canonical(address: string): string {
  const bare = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare
}
