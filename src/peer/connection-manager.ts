// The life of a connection: its place in the room, what a change of role does to it, and its end when it goes silent.

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
  /** A connection is admitted and can be called. */
  connected(connection: Connection): void
  /** A connection is gone. */
  gone(connection: Connection): void
  close(): void
}

/** Milliseconds between looks for connections that have gone silent: one timer for all of them. */
const SWEEP_MS = 15 * SECOND

export function manageConnections(components: ConnectionManagerComponents): ConnectionManager {
  const { store, clock, listeners, connections, attendants, replication, recovery } = components
  const mode = () => store.settings.get().mode

  /** Gives a connection the role its identity has now; a connection that loses rights is closed, and may come back. */
  function applyRole(connection: Connection): void {
    const callerClass = classify(store, connection.id)
    const before = connection.callerClass
    // Streams that are open were granted under the old role; ending the connection ends them all.
    if (!callerClass || (isFollowed(before) && !isFollowed(callerClass)))
      return connection.close('it has lost its role')
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
        connection.close('the room is no longer open')
      else applyRole(connection)
    }
  })

  /** Asks those that know the room whether they are there; silence from them, or from any for long, is an end. */
  function sweep(): void {
    const now = clock.uptime()
    for (const tcp of listeners.connections()) {
      if (now - tcp.lastActive > IDLE_MS) tcp.destroy()
      else tcp.keepAlive()
    }
    for (const { roomAware, tcp, rpc } of connections.all()) {
      if (!roomAware || !rpc) continue
      const silent = now - tcp.lastHeard
      if (silent > ALIVE_ASK_MS + ALIVE_ANSWER_MS) tcp.destroy()
      // Any answer will do, a refusal too: that bytes come is what counts.
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
