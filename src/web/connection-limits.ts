// A web listener's crowd: how many sockets and requests are borne at once, and who makes room for the next.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import type { Handler } from './contract.js'

/** Sockets at once: a page takes a browser's handful, and a board has better uses for its memory. */
export const SOCKETS = 512
/** Requests at work at once: each is some 10 KB and some milliseconds of a core, which all others wait for. */
export const REQUESTS_AT_ONCE = 128
/** Requests on one socket without an answer: no browser sends a second one there. */
export const UNANSWERED_PER_SOCKET = 8

/** A socket of the listener, below TLS where there is any. */
interface Caller {
  socket: Socket
  /** when it last had an answer, or connected, by uptime */
  since: number
  /** requests it waits for */
  waitsFor: Set<IncomingMessage>
}

/** What gives a request's place away, and takes it again. */
const places = new WeakMap<IncomingMessage, { leave(): void; back(): void }>()

/**
 * Runs what only waits, for a body or for somebody's word, without the place that a request at work has: else few could
 * keep all places by saying nothing. How many wait so is for whoever lets them.
 */
export async function waiting<T>(req: IncomingMessage, wait: () => Promise<T>): Promise<T> {
  const place = places.get(req)
  place?.leave()
  try {
    return await wait()
  } finally {
    place?.back()
  }
}

export interface ConnectionLimitsOptions {
  counters?: Counters | undefined
  /** milliseconds of a monotonic clock; injected by tests */
  uptime?: () => number
}

/** Wraps a handler; `watch` has to be told of the server before it listens. */
export function createConnectionLimits(
  handler: Handler,
  { counters = NO_COUNTERS, uptime = () => performance.now() }: ConnectionLimitsOptions = {},
) {
  /** by address and port, which a socket and the TLS in it have in common */
  const callers = new Map<string, Caller>()
  let atWork = 0

  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

  /**
   * Who has had nothing for longest: first those that have not said all they want, then those that wait for an answer.
   * Turning the newest away would let a crowd of idlers keep everybody else out.
   */
  function leastMissed(): Caller | undefined {
    const waits = ({ waitsFor }: Caller): boolean => [...waitsFor].some(({ complete }) => complete)
    let found: Caller | undefined
    for (const caller of callers.values()) {
      const sooner = found ? Number(waits(caller)) - Number(waits(found)) || caller.since - found.since : -1
      if (sooner < 0) found = caller
    }
    return found
  }

  function enter(socket: Socket): void {
    if (callers.size >= SOCKETS) {
      counters.evicted('web_sockets')
      leastMissed()?.socket.destroy()
    }
    const name = nameOf(socket)
    const caller = { socket, since: uptime(), waitsFor: new Set<IncomingMessage>() }
    callers.set(name, caller)
    socket.once('close', () => {
      // the port may be somebody else's already
      if (callers.get(name) === caller) callers.delete(name)
    })
  }

  async function work(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let here = false
    const step = (to: boolean): void => {
      if (here !== to) atWork += to ? 1 : -1
      here = to
    }
    step(true)
    places.set(req, { leave: () => step(false), back: () => step(true) })
    try {
      await handler(req, res)
    } finally {
      step(false)
      // whatever was waited for is over
      places.delete(req)
    }
  }

  return {
    watch(server: Server): void {
      server.on('connection', enter)
    },
    handler(req: IncomingMessage, res: ServerResponse): void {
      const caller = callers.get(nameOf(req.socket))
      if (caller) {
        if (caller.waitsFor.size >= UNANSWERED_PER_SOCKET) {
          counters.evicted('requests_per_socket')
          caller.socket.destroy()
          return
        }
        caller.waitsFor.add(req)
        res.once('close', () => {
          caller.waitsFor.delete(req)
          caller.since = uptime()
        })
      }
      if (atWork >= REQUESTS_AT_ONCE) {
        counters.reached('web_requests')
        res.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '1', Connection: 'close' })
        res.end('too busy, try again later\n')
        return
      }
      // what fails has been answered or logged where it failed
      work(req, res).catch(() => res.destroy())
    },
    /** the sockets there are */
    *sockets(): Iterable<Socket> {
      for (const { socket } of callers.values()) yield socket
    },
  }
}
