// Our address as SSB clients write it, the room's open invite made from it, and where our pages are.

import { ONION_PORTS } from '../lib/limits.js'
import { isLoopback, originOf } from '../lib/platform.js'
import type { RelayFace, RelayHostnames } from './contract.js'
import type { Listener } from './listen.js'

/** The seed that says "this is a room, and open": the same for all rooms (Rooms 1), a secret of nobody's. */
export const OPEN_ROOM_SEED = 'SSB+Room+PSK3TLYC2T86EHQCUHBUHASCASE18JBV24='

const isOnion = (host: string): boolean => host.endsWith('.onion')

/** The SSB port under a name of ours. */
export function ssbPortAt(host: string, { ssbPort }: Pick<RelayHostnames, 'ssbPort'>): number {
  return isOnion(host) ? ONION_PORTS.ssb : ssbPort
}

/**
 * The multiserver address by which a client reaches us.
 * @param host the name of ours by which the page was reached
 */
export function multiserverAddress(
  host: string,
  { id }: Pick<RelayFace, 'id'>,
  hostnames: Pick<RelayHostnames, 'ssbPort'>,
): string {
  // `onion` is the transport that goes through Tor: `net` would ask the name server for the name, and tell it
  const transport = isOnion(host) ? 'onion' : 'net'
  return `${transport}:${host}:${ssbPortAt(host, hostnames)}~shs:${id.slice(1).replace(/\.ed25519$/, '')}`
}

/** The open invite of the room at an address: what Rooms 1 clients take in place of an invite code. */
export function openInvite(address: string): string {
  return `${address}:${OPEN_ROOM_SEED}`
}

export interface Sites extends Pick<RelayHostnames, 'domain' | 'onion'> {
  /** the pages under the domain; null while there is no certificate to show */
  https: string | null
  /** the listener without a name */
  plain: Pick<Listener, 'host' | 'port' | 'url'>
}

/** Where our pages are, without a path: at the host that one asks for, else where most can open them. */
export function siteAt(host: string | undefined, { domain, onion, https, plain }: Sites): string {
  /** by that name, unless it is for this machine alone */
  const plainAt = (name: string | null): string =>
    name && !isLoopback(plain.host) ? originOf('http', name, plain.port) : plain.url
  if (onion && (host === onion || (!host && !https))) return originOf('http', onion, ONION_PORTS.web)
  return host && host !== domain ? plainAt(host) : (https ?? plainAt(domain))
}
