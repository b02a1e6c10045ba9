// SPDX-License-Identifier: AGPL-3.0-or-later
// Manages admitted connections: attendance, role changes, and closing of silent connections.

import type { Clock } from '../lib/clock.js'
import { ALIVE_ANSWER_MS, ALIVE_ASK_MS, IDLE_MS, SECOND } from '../lib/limits.js'
import { encodeCall } from '../muxrpc/contract.js'
import type { Attendants } from '../room/attendants.js'
import type { Connections } from '../room/connections.js'
import type { Store } from '../store/store.js'
import type { TcpListeners } from '../wire/tcp-listener.js'
import { isInternal } from './access.js'
import { classify } from './admission.js'
import { type Connection, isFollowed } from './connection.js'
import { receiveGuest } from './methods/invite.js'
import type { Recovery } from './recovery.js'
import type { Replication } from './replication.js'

export interface ConnectionManagerComponents {
  store: Store
  clock: Clock
  listeners: TcpListeners
  connections: Connections<Connection>
  attendants: Attendants<Connection>
  replication: Replication
  recovery: Pick<Recovery, 'ask'>
}

export interface ConnectionManager {
  /** Called when a connection is admitted and its muxrpc session is ready. */
  connected(connection: Connection): void
  /** Called when a connection is closed. */
  gone(connection: Connection): void
  close(): void
}

/** Milliseconds between checks for silent connections; one timer for all. */
const SWEEP_MS = 15 * SECOND

export function manageConnections(components: ConnectionManagerComponents): ConnectionManager {
  const { store, clock, listeners, connections, attendants, replication, recovery } = components
  const mode = () => store.settings.get().mode

  /** Applies the current role of a connection's identity. A connection that loses rights is closed. */
  function applyRole(connection: Connection): void {
    const callerClass = classify(store, connection.id)
    const before = connection.callerClass
    // closing also ends the streams that were opened under the old role
    if (!callerClass || (isFollowed(before) && !isFollowed(callerClass))) return connection.close('role lost')
    connection.callerClass = callerClass
    if (isInternal(callerClass, mode()) && !connection.away) attendants.enter(connection)
    if (isFollowed(callerClass) && !isFollowed(before) && connection.rpc) replication.start(connection)
  }

  function recordSeen({ callerClass, id, log }: Connection): void {
    if (isFollowed(callerClass))
      store.members.recordSeen(id).catch((err) => log.debug({ err }, 'cannot store the last-seen time'))
  }

  const stopMembers = store.members.onChange(({ feed, now }) => {
    for (const connection of [...connections.of(feed)]) applyRole(connection)
    const voucher = now === 'followed' ? store.members.get(feed)?.voucher : null
    if (voucher) replication.vouched(voucher, feed)
  })
  const stopRoles = store.roles.onChange((feed) => {
    for (const connection of [...connections.of(feed)]) applyRole(connection)
  })
  const stopSettings = store.settings.onChange((now, before) => {
    if (now.mode === before.mode) return
    for (const connection of [...connections.all()]) {
      if (connection.callerClass === 'stranger' && before.mode === 'open')
        connection.close('room no longer open')
      else applyRole(connection)
    }
  })

  /** Pings silent clients that use room methods. Closes them if they do not answer, and others after a longer silence. */
  function sweep(): void {
    const now = clock.uptime()
    for (const wire of listeners.connections()) {
      if (now - wire.lastActive > IDLE_MS) wire.destroy()
      else wire.keepAlive()
    }
    for (const { roomAware, wire, rpc } of connections.all()) {
      if (!roomAware || !rpc) continue
      const silent = now - wire.lastHeard
      if (silent > ALIVE_ASK_MS + ALIVE_ANSWER_MS) wire.destroy()
      // any received bytes count, also an error
      else if (silent > ALIVE_ASK_MS) rpc.poke(PING)
    }
  }
  const stopSweeping = clock.every(SWEEP_MS, sweep)

  return {
    connected(connection) {
      const { callerClass } = connection
      connections.add(connection)
      if (callerClass === 'guest') return receiveGuest(clock, connection)
      recovery.ask(connection)
      if (isInternal(callerClass, mode())) attendants.enter(connection)
      if (isFollowed(callerClass)) replication.start(connection)
      recordSeen(connection)
    },
    gone(connection) {
      connections.remove(connection)
      attendants.leave(connection)
      recordSeen(connection)
    },
    close() {
      stopSweeping()
      stopMembers()
      stopRoles()
      stopSettings()
    },
  }
}

const PING = encodeCall(['tunnel', 'ping'], [])
