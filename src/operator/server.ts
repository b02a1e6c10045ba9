// SPDX-License-Identifier: AGPL-3.0-or-later
// The control socket's server: a unix socket that only the relay's user can open, by its file mode.

import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CLOSE_MS, CONTROL_CONNECTIONS } from '../lib/limits.js'
import { encodeLine, SOCKET_PATH_BYTES } from './codec.js'
import { type Connection, type ControlComponents, failure, greeting, serveConnection } from './connection.js'

export interface Control {
  /** Cancels all requests, closes all connections and stops listening. */
  close(): Promise<void>
}

export interface ControlOptions {
  path: string
  /** the relay's version, for the greeting */
  version: string
}

/** The error for a connection above the limit. */
const REFUSAL = new RelayError('busy', undefined, { limit: 'control_connections' })
/** Milliseconds for cancelled requests to end before the store closes. */
const CANCEL_MS = CLOSE_MS / 4

/**
 * Listens at a path.
 * @throws RelayError `relay_running` if another relay listens there, `data_unusable` if the path cannot be used
 */
export async function createControl(
  { handlers, log, clock, counters = NO_COUNTERS }: ControlComponents,
  { path, version }: ControlOptions,
): Promise<Control> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
    throw new RelayError(
      'data_unusable',
      `the path of ${path} is too long for a socket; use a shorter --data`,
    )
  }
  await removeStale(path)
  const connections = new Set<Connection>()

  function accept(socket: Socket): void {
    // the client is gone
    socket.on('error', (err) => log.debug({ err }, 'control connection failed'))
    if (connections.size >= CONTROL_CONNECTIONS) {
      counters.refused(REFUSAL)
      socket.end(greeting(version) + encodeLine(failure(null, REFUSAL)))
      socket.resume()
      return
    }
    const connection = serveConnection(socket, { handlers, log, clock, counters }, version)
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
  }

  // half-open: `… | nc -U -N control.sock` ends its side after the last request and waits for the answers
  const server = createServer({ allowHalfOpen: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (err) =>
      reject(new RelayError('data_unusable', `${path}: ${err.message}`, { cause: err })),
    )
    server.listen(path, () => {
      // the data directory has mode 0700, but an operator may have opened it to a group
      chmodSync(path, 0o600)
      resolve()
    })
  })
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const settled = Promise.all([...connections].map((connection) => connection.close()))
      const patience = new Promise<void>((resolve) => setTimeout(resolve, CANCEL_MS).unref())
      await Promise.race([settled, patience])
      await closed
    },
  }
}

/** Removes the socket of a killed relay. @throws RelayError `relay_running` if a process listens at `path` */
export async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
  if (alive) throw new RelayError('relay_running', path)
  if (!lstatSync(path).isSocket())
    throw new RelayError('data_unusable', `${path} exists and is not a socket: remove it`)
  unlinkSync(path)
}
