// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection to the control socket: reads requests; sends answers, progress and heartbeats.

import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../lib/clock.js'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError, toPublicError } from '../lib/errors.js'
import {
  CONTROL_ANSWER_BYTES,
  CONTROL_HEARTBEAT_MS,
  CONTROL_LINES_TURN,
  CONTROL_PROGRESS_MS,
  CONTROL_REQUEST_BYTES,
  CONTROL_REQUESTS,
} from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { Call } from './call.js'
import {
  decodeLine,
  encodeLine,
  idOf,
  type Reply,
  type Request,
  readLines,
  requestOf,
  whenWritable,
} from './codec.js'
import type { OperatorHandlers } from './methods.js'
import { PROTOCOL_VERSION } from './protocol.js'

export interface ControlComponents {
  handlers: OperatorHandlers
  log: Log
  clock: Clock
  counters?: Counters
}

export interface Connection {
  /** Closes the connection; resolves when all its requests have ended. */
  close(): Promise<unknown>
}

/** The first line of a connection. */
export function greeting(version: string): string {
  return encodeLine({ tidepool: PROTOCOL_VERSION, version })
}

/** The answer for a thrown value. */
export function failure(id: number | null, thrown: unknown): Reply {
  const { code, message } = toPublicError(thrown)
  return { id, error: { code, message } }
}

/**
 * Serves a connection until it closes, which cancels its requests.
 * While a client does not read, its requests are not read either, so the queue is bounded.
 */
export function serveConnection(
  socket: Socket,
  { handlers, log, clock, counters = NO_COUNTERS }: ControlComponents,
  version: string,
): Connection {
  const hangUp = new AbortController()
  const underWay = new Map<number, Promise<void>>()
  let hasEnded = false

  const write = (line: string): void => {
    if (socket.writable) socket.write(line)
  }

  function send(reply: Reply): void {
    const line = encodeLine(reply)
    if (Buffer.byteLength(line) <= CONTROL_ANSWER_BYTES) write(line)
    else
      write(
        encodeLine(
          failure(reply.id, new RelayError('message_too_large', 'the answer is longer than a line')),
        ),
      )
  }

  /** Sends a heartbeat. If the client is gone, the write fails and closes the socket. */
  const beat = (id: number): void => {
    if (!socket.writableNeedDrain) send({ id, progress: null })
  }

  function begin({ id, method, params }: Request): void {
    if (!Object.hasOwn(handlers, method)) throw new RelayError('no_such_method', method.slice(0, 40))
    if (underWay.has(id)) throw new RelayError('bad_argument', `request ${id} is still in progress`)
    if (underWay.size >= CONTROL_REQUESTS)
      throw new RelayError('busy', undefined, { limit: 'control_requests' })
    const handler: (params: readonly unknown[], call: Call) => Promise<unknown> =
      handlers[method as keyof OperatorHandlers]
    let told = Number.NEGATIVE_INFINITY
    const call: Call = {
      signal: hangUp.signal,
      progress(progress) {
        if (socket.writableNeedDrain || clock.uptime() - told < CONTROL_PROGRESS_MS) return
        told = clock.uptime()
        send({ id, progress })
      },
    }
    const stopBeating = clock.every(CONTROL_HEARTBEAT_MS, () => beat(id))
    // started in a promise, so that a handler that throws synchronously is answered, too
    const work = Promise.resolve()
      .then(() => handler(params, call))
      .then((result) => send({ id, result: result ?? null }))
      .catch((err) => {
        if (hangUp.signal.aborted) return
        const reply = failure(id, err)
        counters.refused(toPublicError(err))
        if ('error' in reply && reply.error.code === 'internal')
          log.error({ err, method }, 'operator call failed')
        send(reply)
      })
      .then(() => {
        stopBeating()
        underWay.delete(id)
        if (hasEnded && underWay.size === 0) socket.end()
      })
    underWay.set(id, work)
  }

  function take(line: Buffer): void {
    let id: number | null = null
    try {
      const message = decodeLine(line)
      id = idOf(message)
      begin(requestOf(message))
    } catch (err) {
      if (err instanceof RelayError) counters.refused(err)
      send(failure(id, err))
    }
  }

  async function serve(): Promise<void> {
    write(greeting(version))
    let lines = 0
    for await (const line of readLines(socket, CONTROL_REQUEST_BYTES)) {
      // a person at a terminal may send blank lines
      if (line.length > 0 && !(line.length === 1 && line[0] === 13)) take(line)
      if (++lines % CONTROL_LINES_TURN === 0) await setImmediate()
      await whenWritable(socket)
    }
    hasEnded = true
    // the client has ended its side or is gone: only a write shows which
    for (const id of underWay.keys()) beat(id)
    if (underWay.size === 0) socket.end()
  }

  socket.on('close', () => hangUp.abort())
  serve().catch((err) => {
    // after a line that is too long, the start of the next one is unknown
    if (err instanceof RelayError) send(failure(null, err))
    socket.destroySoon()
  })
  return {
    close() {
      hangUp.abort()
      socket.destroy()
      return Promise.all(underWay.values())
    },
  }
}
