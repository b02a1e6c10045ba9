// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits of a web listener: sockets, requests in work, and which connection is closed when all sockets are taken.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import type { Handler } from './contract.js'

/** Open sockets; a browser uses up to six. */
export const SOCKETS = 512
/** Requests in work at once: each takes some 10 KB and some milliseconds of a core. */
export const REQUESTS_AT_ONCE = 128
/** Unanswered requests per socket; browsers do not pipeline. */
export const UNANSWERED_PER_SOCKET = 8

interface Connection {
  /** the TCP socket, below TLS */
  socket: Socket
  /** uptime in ms of the last response, or of the connect */
  lastServed: number
  unanswered: Set<IncomingMessage>
}

/** The slot of each request in work. */
const slots = new WeakMap<IncomingMessage, { release(): void; take(): void }>()

/**
 * Awaits something without holding the request's slot. Otherwise a few clients that send their body slowly could take
 * all slots. The caller limits how many requests wait.
 */
export async function withoutSlot<T>(req: IncomingMessage, wait: () => Promise<T>): Promise<T> {
  const slot = slots.get(req)
  slot?.release()
  try {
    return await wait()
  } finally {
    slot?.take()
  }
}

export interface ConnectionLimitsOptions {
  counters?: Counters | undefined
  /** milliseconds of a monotonic clock; injected by tests */
  uptime?: () => number
}

/** Wraps a handler. Call `watch` with the server before it listens. */
export function createConnectionLimits(
  handler: Handler,
  { counters = NO_COUNTERS, uptime = () => performance.now() }: ConnectionLimitsOptions = {},
) {
  /** by remote address and port, which are the same for a TCP socket and the TLS socket on it */
  const connections = new Map<string, Connection>()
  let inWork = 0

  const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

  /**
   * The connection to close: the longest unserved one, and one without a complete request first. Rejecting the newest
   * instead would let idle connections lock everybody else out.
   */
  function chooseEviction(): Connection | undefined {
    const isWaiting = ({ unanswered }: Connection): boolean =>
      [...unanswered].some(({ complete }) => complete)
    let chosen: Connection | undefined
    for (const each of connections.values()) {
      const order = chosen
        ? Number(isWaiting(each)) - Number(isWaiting(chosen)) || each.lastServed - chosen.lastServed
        : -1
      if (order < 0) chosen = each
    }
    return chosen
  }

  function add(socket: Socket): void {
    if (connections.size >= SOCKETS) {
      counters.evicted('web_sockets')
      chooseEviction()?.socket.destroy()
    }
    const key = keyOf(socket)
    const connection = { socket, lastServed: uptime(), unanswered: new Set<IncomingMessage>() }
    connections.set(key, connection)
    socket.once('close', () => {
      // a new connection may have the same port already
      if (connections.get(key) === connection) connections.delete(key)
    })
  }

  async function run(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let hasSlot = false
    const setSlot = (wanted: boolean): void => {
      if (hasSlot !== wanted) inWork += wanted ? 1 : -1
      hasSlot = wanted
    }
    setSlot(true)
    slots.set(req, { release: () => setSlot(false), take: () => setSlot(true) })
    try {
      await handler(req, res)
    } finally {
      setSlot(false)
      // a late `withoutSlot` must not take the slot again
      slots.delete(req)
    }
  }

  return {
    watch(server: Server): void {
      server.on('connection', add)
    },
    handler(req: IncomingMessage, res: ServerResponse): void {
      const connection = connections.get(keyOf(req.socket))
      if (connection) {
        if (connection.unanswered.size >= UNANSWERED_PER_SOCKET) {
          counters.evicted('requests_per_socket')
          connection.socket.destroy()
          return
        }
        connection.unanswered.add(req)
        res.once('close', () => {
          connection.unanswered.delete(req)
          connection.lastServed = uptime()
        })
      }
      if (inWork >= REQUESTS_AT_ONCE) {
        counters.reached('web_requests')
        res.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '1', Connection: 'close' })
        res.end('too busy, try again later\n')
        return
      }
      // errors were answered or logged by the handler
      run(req, res).catch(() => res.destroy())
    },
    /** Forgets a socket that has become a WebSocket: it has limits of its own. */
    release(socket: Socket): void {
      connections.delete(keyOf(socket))
    },
    /** all open sockets */
    *sockets(): Iterable<Socket> {
      for (const { socket } of connections.values()) yield socket
    },
  }
}
