// The `net` transport of secret-stack: TCP listeners that know their port, count their sockets and can be closed.

import { createServer, type Server, type Socket } from 'node:net'
import { RelayError } from '../../lib/errors.js'
import { CONNECTIONS_AT_ONCE } from '../../lib/limits.js'
import { createThrottledLog, type Log } from '../../lib/log.js'
import { createLink, type Link } from './link.js'

export interface ListenerOptions {
  /** name for logs and for what is trusted of its callers */
  name: string
  host: string
  /** 0 for any free port */
  port: number
  /** sockets at once; by default the limit. Each listener counts its own */
  connections?: number
}

export interface Listener {
  host: string
  port: number
}

export interface NetTransport {
  /** what secret-stack's `multiserver.transport` takes */
  plugin: { name: 'net'; create(options: unknown): unknown }
  /** Opens the listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /** Every open link, for the sweep of idle ones. */
  links(): Iterable<Link>
  /** Stops listening and cuts every socket. */
  close(): Promise<void>
}

type OnConnection = (link: Link) => void

export interface NetComponents {
  log: Log
  /** milliseconds, good for differences */
  now: () => number
  /** who makes room when all places are taken */
  leastMissed(links: Iterable<Link>): Link | undefined
}

export function createNetTransport({ log, now, leastMissed }: NetComponents): NetTransport {
  const servers = new Set<Server>()
  const links = new Map<Link, Socket>()
  let onConnection: OnConnection | null = null
  const tell = createThrottledLog(log, now)

  /** @param crowd who is connected through the same listener */
  function take(socket: Socket, listener: string, crowd: Set<Link>, most: number): void {
    if (!onConnection) {
      socket.destroy()
      return
    }
    if (crowd.size >= most) {
      // Turning the newest away would let a crowd of idlers lock everybody else out for as long as it likes.
      tell('warn', 'too many connections: one made room for the next')
      leastMissed(crowd)?.destroy()
    }
    const link = createLink(socket, listener, now, (err) =>
      log.debug({ err, listener }, 'a peer sent what muxrpc cannot take'),
    )
    links.set(link, socket)
    crowd.add(link)
    link.onClose(() => {
      links.delete(link)
      crowd.delete(link)
    })
    onConnection(link)
  }

  return {
    plugin: {
      name: 'net',
      // secret-stack asks for one server of the transport; we open the listeners ourselves, so that a port in use is
      // an error the operator sees (multiserver only prints it) and port 0 means a free one.
      create: (options) => ({
        name: 'net',
        scope: () => (options as { scope?: unknown }).scope,
        server(connected: OnConnection, started: (err?: Error) => void) {
          onConnection = connected
          started()
          return (done?: () => void) => done?.()
        },
        client(_address: unknown, cb: (err: Error) => void) {
          cb(new Error('the relay does not dial'))
        },
        parse: () => null,
        stringify: () => null,
      }),
    },

    listen: ({ name, host, port, connections = CONNECTIONS_AT_ONCE }) =>
      new Promise((resolve, reject) => {
        const crowd = new Set<Link>()
        const server = createServer({ pauseOnConnect: false }, (socket) =>
          take(socket, name, crowd, connections),
        )
        server.once('error', (err: NodeJS.ErrnoException) => {
          reject(
            new RelayError('address_unusable', `${host}:${port} (${err.code ?? err.message})`, {
              cause: err,
            }),
          )
        })
        server.listen(port, host, () => {
          server.on('error', (err) => log.error({ err }, 'a listener failed'))
          servers.add(server)
          const address = server.address()
          resolve({ host, port: typeof address === 'object' && address ? address.port : port })
        })
      }),

    links: () => links.keys(),

    async close() {
      const closing = [...servers].map((server) => new Promise((resolve) => server.close(resolve)))
      for (const link of [...links.keys()]) link.destroy()
      await Promise.all(closing)
    },
  }
}
