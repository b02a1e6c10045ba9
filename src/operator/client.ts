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
  /** milliseconds without a word about a call after which it is given up; the relay says every few seconds that it is at work */
  patience?: number
}

/** A call that the relay has been asked, or that waits for its turn. */
interface PendingCall {
  method: string
  params: unknown[]
  onProgress: OnProgress | undefined
  resolve(value: unknown): void
  reject(err: RelayError): void
  timer?: NodeJS.Timeout
}

/** What to do where there are no file descriptors left, or too many callers wait. */
const OVERLOADED =
  'raise the limit (ulimit -n; LimitNOFILE of the unit), or end programs that hold many files'

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
  const path = join(dataDir, 'control.sock')
  const socket = await open(path, dataDir)
  /** asked, by id */
  const calls = new Map<number, PendingCall>()
  /** beyond what the relay takes at a time */
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
    // given up already
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
    // a relay without file descriptors takes a caller's connection and ends it at once
    if (await isTaken(path))
      return new AdvisedError(OVERLOADED, 'busy', 'the relay hung up before it answered, and still listens')
    return new RelayError('relay_not_running', 'it hung up before it answered', { cause })
  }
  // told of by the iterator; an error after the last line is nobody's business
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

/** Whether somebody listens at a path. */
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
  // ours or the system's, not the relay's: it may be running well
  if (err.code === 'EMFILE' || err.code === 'ENFILE' || err.code === 'EAGAIN')
    return new AdvisedError(OVERLOADED, 'busy', `${path} cannot be opened: ${err.code}`)
  const detail = err.code === 'ECONNREFUSED' ? `the one on ${dataDir} has ended` : `none on ${dataDir}`
  return new RelayError('relay_not_running', detail, { cause: err })
}

/** @throws RelayError `internal` where the relay greets with another version of the protocol, or not at all */
function requireProtocol({ tidepool, version }: Record<string, unknown>): void {
  if (tidepool === PROTOCOL_VERSION) return
  if (!Number.isSafeInteger(tidepool)) throw new RelayError('body_malformed')
  throw new AdvisedError(
    'restart the relay, so that it and this command are of one version',
    'internal',
    `the relay (${version}) speaks version ${tidepool} of the control protocol, this command ${PROTOCOL_VERSION}`,
  )
}

/** What ended the connection, as the caller is told; null where it just ended. */
function asFault(err: unknown): RelayError | null {
  if (!(err instanceof RelayError)) return null
  return err.code === 'body_malformed' || err.code === 'message_too_large'
    ? new RelayError('internal', 'what answers there is no relay')
    : err
}

/** An error of the relay in our own class again, detail and all. */
function fromWire(value: unknown): RelayError {
  const { code, message } = value as Partial<Record<'code' | 'message', unknown>>
  const error = new RelayError(isErrorCode(code) ? code : 'internal')
  if (typeof message === 'string') error.message = message
  return error
}
