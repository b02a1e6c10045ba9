// The client's end of the control socket: the operator's methods as promises.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import muxrpc from 'muxrpc'
import { AdvisedError, isErrorCode, RelayError } from '../lib/errors.js'
import { MINUTE, SECOND } from '../lib/limits.js'
import { createLink } from '../peer/wire/link.js'
import type { Duplex } from '../peer/wire/pull.js'
import { OPERATOR_MANIFEST, type Operator } from './protocol.js'

export interface OperatorClient {
  operator: Operator
  close(): void
}

export interface ClientOptions {
  /** milliseconds to wait for an answer; `doctor`, which may read the whole store, gets ten times as long */
  patience?: number
}

/** Bytes a unix socket's path may have. */
const PATH_BYTES = 107
const PATIENCE_MS = MINUTE
const CONNECT_MS = 10 * SECOND

/**
 * Connects to the relay that runs on a data directory.
 * @throws RelayError `relay_not_running`; `not_allowed` where the socket is somebody else's
 */
export async function connectOperator(
  dataDir: string,
  { patience = PATIENCE_MS }: ClientOptions = {},
): Promise<OperatorClient> {
  const socket = await open(join(dataDir, 'control.sock'), dataDir)
  const rpc = muxrpc(OPERATOR_MANIFEST, {}, {}, 'relay', null, false)
  const stream = rpc.stream as Duplex<Buffer>
  let fault: unknown = null
  const link = createLink(socket, 'control', Date.now, (err) => {
    fault = err
  })
  link.sink(stream.source)
  stream.sink(link.source)

  const lost = (): RelayError =>
    fault
      ? new RelayError('internal', 'what answers there is no relay')
      : new RelayError('relay_not_running', 'it hung up before it answered')
  const call = (method: keyof Operator, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const wait = method === 'doctor' ? patience * 10 : patience
      const timer = setTimeout(() => {
        reject(new RelayError('busy', `the relay did not answer within ${Math.round(wait / SECOND)} s`))
      }, wait)
      const gone = (): void => {
        clearTimeout(timer)
        reject(lost())
      }
      link.onClose(gone)
      if (link.closed) return
      rpc[method](...args, (err: unknown, value: unknown) => {
        clearTimeout(timer)
        if (err) reject(fromWire(err) ?? lost())
        else resolve(value)
      })
    })
  const methods = Object.keys(OPERATOR_MANIFEST) as Array<keyof Operator>
  const operator = Object.fromEntries(
    methods.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as Operator
  return { operator, close: () => link.destroy() }
}

function open(path: string, dataDir: string): Promise<Socket> {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new RelayError('data_unusable', `${path} is longer than a unix socket's path may be`)
  }
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const give = (err: RelayError): void => {
      socket.destroy()
      reject(err)
    }
    const timer = setTimeout(() => give(new RelayError('busy', `nothing answers at ${path}`)), CONNECT_MS)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (err: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      give(unreachable(err, path, dataDir))
    })
  })
}

function unreachable(err: NodeJS.ErrnoException, path: string, dataDir: string): RelayError {
  if (err.code === 'EACCES' || err.code === 'EPERM') {
    const advice = 'run this as the user that runs the relay, for example with: sudo -u USER tidepool …'
    return new AdvisedError(advice, 'not_allowed', `${path} belongs to another user`)
  }
  const detail = err.code === 'ECONNREFUSED' ? `the one on ${dataDir} has ended` : `none on ${dataDir}`
  return new RelayError('relay_not_running', detail, { cause: err })
}

/** An error of the relay in our own class again; null for what muxrpc makes up when the socket ends. */
function fromWire(err: unknown): RelayError | null {
  const { code, message } = err as Partial<Record<'code' | 'message', unknown>>
  if (!isErrorCode(code)) return null
  const error = new RelayError(code)
  // the words have come whole, detail and all
  if (typeof message === 'string') error.message = message
  return error
}
