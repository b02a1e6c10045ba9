// SPDX-License-Identifier: AGPL-3.0-or-later
// TCP listeners with a limit of connections each.

import { createServer, type Server, type Socket } from 'node:net'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CONNECTIONS_AT_ONCE } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import { type ConnectionOwner, TcpConnection } from './tcp-connection.js'

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
  /** Every open connection, oldest first. */
  connections(): Iterable<TcpConnection>
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
  onConnection(connection: TcpConnection): void
  /** the connection to close when a listener has reached its limit */
  chooseEviction(connections: Iterable<TcpConnection>): TcpConnection | undefined
}

export function createTcpListeners({
  log,
  counters = NO_COUNTERS,
  now,
  onConnection,
  chooseEviction,
}: TcpComponents): TcpListeners {
  const servers = new Set<Server>()
  const connections = new Set<TcpConnection>()
  const tell = createThrottledLog(log, now)
  let stopped = false

  function accept(socket: Socket, owner: ConnectionOwner, own: Set<TcpConnection>, most: number): void {
    if (stopped) {
      socket.destroy()
      return
    }
    if (own.size >= most) {
      // An old connection is closed: refusing new ones would let idle connections lock all others out.
      counters.evicted('connections')
      chooseEviction(own)?.destroy()
    }
    const connection = new TcpConnection(socket, owner)
    connections.add(connection)
    own.add(connection)
    onConnection(connection)
  }

  return {
    listen: ({ name, host, port, connections: most = CONNECTIONS_AT_ONCE }) =>
      new Promise((resolve, reject) => {
        const own = new Set<TcpConnection>()
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
            own.delete(connection)
          },
        }
        // otherwise Node makes a second system call to shut a socket down before it closes it
        const server = createServer({ allowHalfOpen: true }, (socket) => accept(socket, owner, own, most))
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
