// SPDX-License-Identifier: AGPL-3.0-or-later
// Chooses the connection to evict when a listener has reached its limit.

import type { WireConnection } from '../wire/connection.js'
import { type Connection, isFollowed } from './connection.js'

/**
 * Evicts strangers and guests first, then connections in the handshake, members last; within a class the connection that
 * has been silent longest. Thus neither many new keys nor many idle connections lock members out. Connections in the
 * handshake can be members', and have a limit of their own.
 * @param open     all connections of the listener; not empty
 * @param admitted connections after the handshake
 */
export function chooseEviction(
  open: Iterable<WireConnection>,
  admitted: Iterable<Connection>,
): WireConnection | undefined {
  const ranks = new Map<WireConnection, number>()
  for (const { wire, callerClass } of admitted) ranks.set(wire, isFollowed(callerClass) ? 2 : 0)
  const rank = (wire: WireConnection): number => ranks.get(wire) ?? 1
  let chosen: WireConnection | undefined
  for (const wire of open) {
    const before = chosen ? rank(wire) - rank(chosen) || wire.lastHeard - chosen.lastHeard : -1
    if (before < 0) chosen = wire
  }
  return chosen
}
