// Which connection is evicted when a listener has no place left.

import type { TcpConnection } from '../wire/tcp-connection.js'
import { type Connection, isFollowed } from './connection.js'

/**
 * First strangers and guests, then connections in the handshake (which may be members', and are few, as handshakes have a
 * limit of their own), members last; of each kind the one that has been silent for longest. So neither a crowd of fresh
 * keys nor of idle connections locks members out.
 * @param open     every open connection of the listener; not empty
 * @param admitted those that are past the handshake
 */
export function chooseEviction(
  open: Iterable<TcpConnection>,
  admitted: Iterable<Connection>,
): TcpConnection | undefined {
  const ranks = new Map<TcpConnection, number>()
  for (const { tcp, callerClass } of admitted) ranks.set(tcp, isFollowed(callerClass) ? 2 : 0)
  const rank = (tcp: TcpConnection): number => ranks.get(tcp) ?? 1
  let chosen: TcpConnection | undefined
  for (const tcp of open) {
    const before = chosen ? rank(tcp) - rank(chosen) || tcp.lastHeard - chosen.lastHeard : -1
    if (before < 0) chosen = tcp
  }
  return chosen
}
