// SPDX-License-Identifier: AGPL-3.0-or-later
// TCP listeners with a limit of connections each. WebSockets count as connections of a listener, too.

import { createServer, type Server } from 'node:net'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CONNECTIONS_AT_ONCE, WEBSOCKETS_AT_ONCE } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import type { ConnectionOwner, WireConnection } from './connection.js'
import { TcpConnection } from './tcp-connection.js'

export interface ListenerOptions {
  /** for logs, limits, and the addresses given to its callers */
  name: string
  host: string
  /** 0 for any free port */
  port: number
  /** most connections of this listener; default: the limit */
  connections?: number
}

export interface Listener {
  host: string
  port: number
}

export interface TcpListeners {
  /** Opens a listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /**
   * Adds a WebSocket, whose callers are treated as those of the named listener. WebSockets have a limit of their own.
   * @param make creates the connection; not called after the stop
   * @returns false after the stop
   */
  adopt(name: string, make: (owner: ConnectionOwner) => WireConnection): boolean
  /** Every open WebSocket. */
  adopted(): Iterable<WireConnection>
  /** Refuses further WebSockets. */
  stopAdopting(): void
  /** Every open connection, oldest first. */
  connections(): Iterable<WireConnection>
  /** Refuses new connections. */
  stop(): void
  /** Stops listening and closes every connection. */
  close(): Promise<void>
}

export interface TcpComponents {
  log: Log
  counters?: Counters
  /** monotonic time in milliseconds */
  now: () => number
  onConnection(connection: WireConnection): void
  /** the connection to close when a listener has reached its limit */
  chooseEviction(connections: Iterable<WireConnection>): WireConnection | undefined
}

/** The connections of one listener. */
interface Group {
  open: Set<WireConnection>
  owner: ConnectionOwner
  most: number
}

export function createTcpListeners({
  log,
  counters = NO_COUNTERS,
  now,
  onConnection,
  chooseEviction,
}: TcpComponents): TcpListeners {
  const servers = new Set<Server>()
  const connections = new Set<WireConnection>()
  /** WebSockets by the name of their listener */
  const adopted = new Map<string, Group>()
  const tell = createThrottledLog(log, now)
  let stopped = false
  let adopting = true

  function createGroup(name: string, most: number): Group {
    const open = new Set<WireConnection>()
    const owner: ConnectionOwner = {
      name,
      now,
      fault(err) {
        // a peer's mistake is worth debugging only; anything else is a fault of ours
        if (err instanceof RelayError) {
          counters.refused(err)
          log.debug({ err, listener: name }, 'connection closed after bad input')
        } else tell('error', 'connection failed', { err, listener: name })
      },
      gone(connection) {
        connections.delete(connection)
        open.delete(connection)
      },
    }
    return { open, owner, most }
  }

  function accept({ open, owner, most }: Group, make: (owner: ConnectionOwner) => WireConnection): void {
    if (open.size >= most) {
      // An old connection is closed: refusing new ones would let idle connections lock all others out.
      counters.evicted('connections')
      chooseEviction(open)?.destroy()
    }
    const connection = make(owner)
    connections.add(connection)
    open.add(connection)
    onConnection(connection)
  }

  return {
    listen: ({ name, host, port, connections: most = CONNECTIONS_AT_ONCE }) =>
      new Promise((resolve, reject) => {
        const group = createGroup(name, most)
        // otherwise Node makes a second system call to shut a socket down before it closes it
        const server = createServer({ allowHalfOpen: true }, (socket) => {
          if (stopped) socket.destroy()
          else accept(group, (owner) => new TcpConnection(socket, owner))
        })
        server.once('error', (err: NodeJS.ErrnoException) => {
          const detail = `${host}:${port} (${err.code ?? err.message})`
          reject(new RelayError('address_unusable', detail, { cause: err }))
        })
        server.listen(port, host, () => {
          server.on('error', (err) => log.error({ err, listener: name }, 'listener failed'))
          servers.add(server)
          const address = server.address()
          resolve({ host, port: typeof address === 'object' && address ? address.port : port })
        })
      }),

    adopt(name, make) {
      if (stopped || !adopting) return false
      const group = adopted.get(name) ?? createGroup(name, WEBSOCKETS_AT_ONCE)
      adopted.set(name, group)
      accept(group, make)
      return true
    },

    *adopted() {
      for (const { open } of adopted.values()) yield* open
    },

    stopAdopting() {
      adopting = false
    },

    connections: () => connections,

    stop() {
      stopped = true
    },

    async close() {
      stopped = true
      const closing = [...servers].map((server) => new Promise((resolve) => server.close(resolve)))
      for (const connection of [...connections]) connection.destroy()
      await Promise.all(closing)
    },
  }
}
