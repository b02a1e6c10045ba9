// Our address as SSB clients write it, and the room's open invite made from it.

import { ONION_PORTS } from '../limits.js'
import type { RelayFace, RelayNames } from './components.js'

/** The seed that says "this is a room, and open": the same for all rooms (Rooms 1), a secret of nobody's. */
export const OPEN_ROOM_SEED = 'SSB+Room+PSK3TLYC2T86EHQCUHBUHASCASE18JBV24='

const isOnion = (host: string): boolean => host.endsWith('.onion')

/** The SSB port under a name of ours. */
export function ssbPortAt(host: string, { ssbPort }: Pick<RelayNames, 'ssbPort'>): number {
  return isOnion(host) ? ONION_PORTS.ssb : ssbPort
}

/**
 * The multiserver address by which a client reaches us.
 * @param host the name of ours by which the page was reached
 */
export function multiserverAddress(
  host: string,
  { id }: Pick<RelayFace, 'id'>,
  names: Pick<RelayNames, 'ssbPort'>,
): string {
  // `onion` is the transport that goes through Tor: `net` would ask the name server for the name, and tell it
  const transport = isOnion(host) ? 'onion' : 'net'
  return `${transport}:${host}:${ssbPortAt(host, names)}~shs:${id.slice(1).replace(/\.ed25519$/, '')}`
}

/** The open invite of the room at an address: what Rooms 1 clients take in place of an invite code. */
export function openInvite(address: string): string {
  return `${address}:${OPEN_ROOM_SEED}`
}
