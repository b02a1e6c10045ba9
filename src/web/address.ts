// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay's addresses: multiserver address, open room invite, and site origin.

import { ONION_PORTS } from '../lib/limits.js'
import { isLoopback, originOf } from '../lib/platform.js'
import type { RelayFace, RelayHostnames } from './contract.js'
import type { Listener } from './listen.js'

/** The seed of every open room (Rooms 1). It is public and the same everywhere. */
export const OPEN_ROOM_SEED = 'SSB+Room+PSK3TLYC2T86EHQCUHBUHASCASE18JBV24='

const isOnion = (host: string): boolean => host.endsWith('.onion')

/** The SSB port to use with a host of ours: fixed on the onion, configured elsewhere. */
export function ssbPortAt(host: string, { ssbPort }: Pick<RelayHostnames, 'ssbPort'>): number {
  return isOnion(host) ? ONION_PORTS.ssb : ssbPort
}

/**
 * The multiserver address by which a client reaches the relay.
 * @param host the hostname of ours by which the page was reached
 */
export function multiserverAddress(
  host: string,
  { id }: Pick<RelayFace, 'id'>,
  hostnames: Pick<RelayHostnames, 'ssbPort'>,
): string {
  // `onion` goes through Tor; `net` would send the onion name to a DNS server
  const transport = isOnion(host) ? 'onion' : 'net'
  return `${transport}:${host}:${ssbPortAt(host, hostnames)}~shs:${keyOf(id)}`
}

/** The multiserver address of the relay's WebSockets. @param origin of the pages, such as `https://pool.example` */
export function webSocketAddress(origin: string, { id }: Pick<RelayFace, 'id'>): string {
  return `${origin.replace(/^http/, 'ws').replace(/\/$/, '')}~shs:${keyOf(id)}`
}

const keyOf = (id: string): string => id.slice(1).replace(/\.ed25519$/, '')

/** The open invite at a multiserver address. Rooms 1 clients take it in place of an invite code. */
export function openInvite(address: string): string {
  return `${address}:${OPEN_ROOM_SEED}`
}

export interface Sites extends Pick<RelayHostnames, 'domain' | 'onion'> {
  /** origin of the site under the domain; null without a certificate */
  https: string | null
  /** the plain HTTP listener */
  plain: Pick<Listener, 'host' | 'port' | 'url'>
}

/** The site's origin at the given host; without one, the origin that most visitors can open. */
export function siteAt(host: string | undefined, { domain, onion, https, plain }: Sites): string {
  // a loopback listener is not reachable by another name
  const plainAt = (name: string | null): string =>
    name && !isLoopback(plain.host) ? originOf('http', name, plain.port) : plain.url
  if (onion && (host === onion || (!host && !https))) return originOf('http', onion, ONION_PORTS.web)
  return host && host !== domain ? plainAt(host) : (https ?? plainAt(domain))
}
