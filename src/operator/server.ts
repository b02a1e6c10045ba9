// The control socket: the local operator's muxrpc over a unix socket, whose file mode is its only lock.

import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import muxrpc from 'muxrpc'
import { RelayError } from '../lib/errors.js'
import type { Log } from '../lib/log.js'
import { type Answer, reply } from '../peer/arguments.js'
import { createOutgoing } from '../peer/wire/frames.js'
import { createLink } from '../peer/wire/link.js'
import type { Duplex, End, Source } from '../peer/wire/pull.js'
import { OPERATOR_MANIFEST, type Operator } from './protocol.js'

export interface Control {
  close(): Promise<void>
}

/** Unix limits a socket's path to 108 bytes, its terminator included. */
const PATH_BYTES = 107

/**
 * Listens at `path`, which only the relay's own user can open.
 * @throws RelayError `relay_running` when another relay answers there, `data_unusable` when the path cannot be used
 */
export async function createControl(
  { operator, log, now }: { operator: Operator; log: Log; now: () => number },
  path: string,
): Promise<Control> {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new RelayError(
      'data_unusable',
      `the path of ${path} is longer than a socket's may be; use a shorter --data`,
    )
  }
  await removeStale(path)
  const sockets = new Set<Socket>()
  const api = Object.fromEntries(
    Object.keys(OPERATOR_MANIFEST).map((name) => [name, answer(operator, name as keyof Operator, log)]),
  )
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const link = createLink(socket, 'control', now, (err) =>
      log.debug({ err }, 'the control socket was misused'),
    )
    const rpc = muxrpc(null, OPERATOR_MANIFEST, api, 'operator', { allow: null, deny: null }, false)
    const stream = rpc.stream as Duplex<Buffer>
    link.sink(scrubbed(stream.source))
    stream.sink(link.source)
  })
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
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
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

function answer(operator: Operator, name: keyof Operator, log: Log) {
  return (...args: unknown[]): void => {
    const cb = args.pop() as Answer
    const method = operator[name] as (...args: unknown[]) => Promise<unknown>
    // begun in a promise: a method that throws before it returns one is answered like any other
    const result = Promise.resolve().then(() => method(...args))
    reply(result, (err) => log.error({ err }, `the operator's ${name} failed`), cb)
  }
}

/** The same look over outgoing frames that the wire gives: errors carry their code and no stack. */
function scrubbed(read: Source<Buffer>): Source<Buffer> {
  const look = createOutgoing(() => {})
  const ready: Buffer[] = []
  return function source(abort: End, cb) {
    const chunk = abort ? undefined : ready.shift()
    if (chunk) return cb(null, chunk)
    read(abort, (end, data) => {
      if (end || !data) return cb(end ?? true)
      look(data, (out) => ready.push(out))
      source(null, cb)
    })
  }
}
