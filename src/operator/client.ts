// SPDX-License-Identifier: AGPL-3.0-or-later
// The control socket's client: the operator's methods as promises.

import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { AdvisedError, isErrorCode, RelayError } from '../lib/errors.js'
import { CONTROL_ANSWER_BYTES, CONTROL_REQUESTS, MINUTE, SECOND } from '../lib/limits.js'
import type { OnProgress, Progress } from './call.js'
import { decodeLine, encodeLine, readLines, SOCKET_PATH_BYTES } from './codec.js'
import { OPERATOR_METHODS, type Operator, PROTOCOL_VERSION } from './protocol.js'

export interface OperatorClient {
  operator: Operator
  close(): void
}

export interface ClientOptions {
  /** milliseconds without an answer, progress or heartbeat after which a call fails */
  patience?: number
}

/** A call that was sent or waits to be sent. */
interface PendingCall {
  method: string
  params: unknown[]
  onProgress: OnProgress | undefined
  resolve(value: unknown): void
  reject(err: RelayError): void
  timer?: NodeJS.Timeout
}

/** Advice when the relay or this process has no file descriptors left, or too many clients wait. */
const OVERLOADED =
  'raise the limit (ulimit -n; LimitNOFILE of the unit), or end programs that hold many files'

const PATIENCE_MS = MINUTE
const CONNECT_MS = 10 * SECOND

/**
 * Connects to the relay that runs on a data directory.
 * @throws RelayError `relay_not_running`; `not_allowed` if the socket belongs to another user
 */
export async function connectOperator(
  dataDir: string,
  { patience = PATIENCE_MS }: ClientOptions = {},
): Promise<OperatorClient> {
  const path = join(dataDir, 'control.sock')
  const socket = await open(path, dataDir)
  /** sent calls, by id */
  const calls = new Map<number, PendingCall>()
  /** calls above CONTROL_REQUESTS, not sent yet */
  const waiting: PendingCall[] = []
  let lastId = 0
  let lost: RelayError | null = null

  function ask(call: PendingCall): void {
    const id = ++lastId
    calls.set(id, call)
    call.timer = setTimeout(() => {
      calls.delete(id)
      call.reject(
        new RelayError('busy', `the relay did not answer within ${Math.round(patience / SECOND)} s`),
      )
    }, patience)
    socket.write(encodeLine({ id, method: call.method, params: call.params }))
  }

  function take(message: Record<string, unknown>): void {
    const { id, result, progress, error } = message
    if (error && id === null) return end(fromWire(error))
    const call = calls.get(id as number)
    // the call has timed out
    if (!call) return
    call.timer?.refresh()
    if ('progress' in message) {
      if (progress) call.onProgress?.(progress as Progress)
      return
    }
    clearTimeout(call.timer)
    calls.delete(id as number)
    if (error) call.reject(fromWire(error))
    else call.resolve(result)
    const next = waiting.shift()
    if (next) ask(next)
  }

  async function read(): Promise<void> {
    let isGreeted = false
    for await (const line of readLines(socket, CONTROL_ANSWER_BYTES)) {
      const message = decodeLine(line)
      if (isGreeted) take(message)
      else requireProtocol(message)
      isGreeted = true
    }
  }

  function end(err: RelayError): void {
    lost = err
    socket.destroy()
    const left = [...calls.values(), ...waiting.splice(0)]
    calls.clear()
    for (const call of left) {
      clearTimeout(call.timer)
      call.reject(err)
    }
  }

  async function hungUp(cause?: unknown): Promise<RelayError> {
    // a relay without free file descriptors accepts a connection and closes it at once
    if (await isTaken(path))
      return new AdvisedError(
        OVERLOADED,
        'busy',
        'the relay closed the connection before it answered, and still listens: it may be out of file descriptors',
      )
    return new RelayError('relay_not_running', 'the connection closed before an answer', { cause })
  }
  // the iterator reports errors; one after the last line does not matter
  socket.on('error', () => {})
  read().then(
    async () => end(await hungUp()),
    async (err) => end(asFault(err) ?? (await hungUp(err))),
  )

  const call = (method: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (lost) return reject(lost)
      const params = [...args]
      const onProgress = typeof params.at(-1) === 'function' ? (params.pop() as OnProgress) : undefined
      const pending: PendingCall = { method, params, onProgress, resolve, reject }
      if (calls.size < CONTROL_REQUESTS) ask(pending)
      else waiting.push(pending)
    })
  const operator = Object.fromEntries(
    OPERATOR_METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as Operator
  return { operator, close: () => end(new RelayError('relay_not_running', 'the connection was closed')) }
}

/** Whether a process listens at a path. */
function isTaken(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const end = (taken: boolean) => (): void => {
      socket.destroy()
      resolve(taken)
    }
    socket.once('connect', end(true))
    socket.once('error', end(false))
  })
}

function open(path: string, dataDir: string): Promise<Socket> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
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
  // a limit of this process or of the system: the relay may be running well
  if (err.code === 'EMFILE' || err.code === 'ENFILE' || err.code === 'EAGAIN')
    return new AdvisedError(OVERLOADED, 'busy', `${path} cannot be opened: ${err.code}`)
  const detail = err.code === 'ECONNREFUSED' ? `the one on ${dataDir} has ended` : `none on ${dataDir}`
  return new RelayError('relay_not_running', detail, { cause: err })
}

/** @throws RelayError `internal` for another protocol version, `body_malformed` for no greeting */
function requireProtocol({ tidepool, version }: Record<string, unknown>): void {
  if (tidepool === PROTOCOL_VERSION) return
  if (!Number.isSafeInteger(tidepool)) throw new RelayError('body_malformed')
  throw new AdvisedError(
    'restart the relay, so that it and this command are of one version',
    'internal',
    `the relay (${version}) speaks version ${tidepool} of the control protocol, this command ${PROTOCOL_VERSION}`,
  )
}

/** The error that ended the connection, for the caller; null if it was just closed. */
function asFault(err: unknown): RelayError | null {
  if (!(err instanceof RelayError)) return null
  return err.code === 'body_malformed' || err.code === 'message_too_large'
    ? new RelayError('internal', 'the program at this socket is not a relay')
    : err
}

/** An error from the relay as a RelayError with its code and message. */
function fromWire(value: unknown): RelayError {
  const { code, message } = value as Partial<Record<'code' | 'message', unknown>>
  const error = new RelayError(isErrorCode(code) ? code : 'internal')
  if (typeof message === 'string') error.message = message
  return error
}
