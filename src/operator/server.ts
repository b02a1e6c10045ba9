// The control socket's server: a unix socket that only the relay's own user can open; its file mode is its lock.

import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CLOSE_MS, CONTROL_CONNECTIONS } from '../lib/limits.js'
import { encodeLine, SOCKET_PATH_BYTES } from './codec.js'
import { type Connection, type ControlComponents, failure, greeting, serveConnection } from './connection.js'

export interface Control {
  /** Cancels what is under way, hangs up and stops listening. */
  close(): Promise<void>
}

export interface ControlOptions {
  path: string
  /** the relay's, for the greeting */
  version: string
}

/** What a connection beyond the limit is answered. */
const REFUSAL = new RelayError('busy', undefined, { limit: 'control_connections' })
/** Milliseconds that cancelled requests have to end before the relay closes what they work on. */
const CANCEL_MS = CLOSE_MS / 4

/**
 * Listens at a path.
 * @throws RelayError `relay_running` when another relay answers there, `data_unusable` when the path cannot be used
 */
export async function createControl(
  { handlers, log, clock, counters = NO_COUNTERS }: ControlComponents,
  { path, version }: ControlOptions,
): Promise<Control> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
    throw new RelayError(
      'data_unusable',
      `the path of ${path} is longer than a socket's may be; use a shorter --data`,
    )
  }
  await removeStale(path)
  const connections = new Set<Connection>()

  function accept(socket: Socket): void {
    // a client that goes away is no fault of ours
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

  // half-open: `… | nc -U -N control.sock` ends its side with the last request, and waits for the answers
  const server = createServer({ allowHalfOpen: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (err) =>
      reject(new RelayError('data_unusable', `${path}: ${err.message}`, { cause: err })),
    )
    server.listen(path, () => {
      // the data directory is 0700 already; this holds even where an operator has opened it to a group
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

/** @throws RelayError `relay_running` if somebody listens at `path`; removes what a killed relay left there. */
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
    throw new RelayError('data_unusable', `${path} is in the way: it is no socket of ours`)
  unlinkSync(path)
}
