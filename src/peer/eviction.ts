// SPDX-License-Identifier: AGPL-3.0-or-later
// Chooses the connection to evict when a listener has reached its limit.

import type { TcpConnection } from '../wire/tcp-connection.js'
import { type Connection, isFollowed } from './connection.js'

/**
 * Evicts strangers and guests first, then connections in the handshake, members last; within a class the connection that
 * has been silent longest. Thus neither many new keys nor many idle connections lock members out. Connections in the
 * handshake can be members', and have a limit of their own.
 * @param open     all connections of the listener; not empty
 * @param admitted connections after the handshake
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
