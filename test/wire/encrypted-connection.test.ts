// SPDX-License-Identifier: AGPL-3.0-or-later
// Encrypted connections over sockets: a peer that never reads, one that half-closes, and a goodbye inside a frame.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import ssbKeys, { type Keys } from 'ssb-keys'
import t, { type Test } from 'tap'
import { Registry } from '../../src/muxrpc/registry.js'
import { MuxrpcSession } from '../../src/muxrpc/session.js'
import { TotalLimits } from '../../src/muxrpc/stream-limits.js'
import type { EncryptedConnection } from '../../src/wire/encrypted-connection.js'
import type { KeyPair } from '../../src/wire/handshake.js'
import { dial } from '../../src/wire/handshake-client.js'
import { createHandshakeServer } from '../../src/wire/handshake-server.js'
import { createTcpListeners } from '../../src/wire/tcp-listener.js'
import { createCaller, EVERYBODY, frameOf, JSON_BODY } from '../helpers/session.js'
import { silentLog } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const appKey = Buffer.alloc(32, 1)
const bytes = (key: string): Buffer => Buffer.from(key.replace('.ed25519', ''), 'base64')
const pair = ({ public: publicKey, private: secretKey }: Keys): KeyPair => ({
  publicKey: bytes(publicKey),
  secretKey: bytes(secretKey),
})
const server = pair(ssbKeys.generate())

/** One end of a connection, and what has come on it. */
interface End {
  connection: EncryptedConnection
  heard: Buffer[]
  /** bytes that have left for the kernel */
  flushed: number
  /** how often it was told of an end */
  closed: number
}

function keep(connection: EncryptedConnection): End {
  const end: End = { connection, heard: [], flushed: 0, closed: 0 }
  connection.receiver = {
    receive: (plain) => void end.heard.push(Buffer.from(plain)),
    flushed(count) {
      end.flushed += count
    },
    closed() {
      end.closed += 1
    },
  }
  return end
}

/** Our listener and handshake; `admitted` takes each connection. */
async function listen(t: Test, admitted: (connection: EncryptedConnection) => void): Promise<number> {
  const handshakes = createHandshakeServer<null>(
    { log: silentLog },
    { ...{ keys: server, appKey }, prepare: () => null, admit: () => null, onAdmitted: admitted },
  )
  const listeners = createTcpListeners({
    log: silentLog,
    now: () => performance.now(),
    onConnection: (tcp) => handshakes.accept(tcp),
    chooseEviction: () => undefined,
  })
  t.teardown(() => listeners.close())
  return (await listeners.listen({ name: 'test', host: '127.0.0.1', port: 0 })).port
}

/** A client of ours, and the socket under it. */
async function call(t: Test, port: number): Promise<End & { socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const keys = pair(ssbKeys.generate())
  return Object.assign(keep(await dial(socket, { keys, appKey, server: server.publicKey })), { socket })
}

const text = ({ heard }: End): string => Buffer.concat(heard).toString()

t.test('a peer that never reads: its data waits, its socket is paused, and others are served', async (t) => {
  const ends: End[] = []
  const port = await listen(t, (connection) => void ends.push(keep(connection)))
  const deaf = await call(t, port)
  deaf.connection.wire.hold()
  const ours = ends[0] as End
  const piece = Buffer.alloc(64 * 1024, 'x')
  const whole = 256 * piece.length
  for (let sent = 0; sent < whole; sent += piece.length) ours.connection.write(piece)
  await until('the socket to be full', () => ours.connection.wire.full)
  t.ok(ours.flushed < whole, 'the kernel has not taken all')
  deaf.connection.write(Buffer.from('asks on'))
  const other = await call(t, port)
  other.connection.write(Buffer.from('hello'))
  await until('the other to be heard', () => ends[1] && text(ends[1]) === 'hello')
  ends[1]?.connection.write(Buffer.from('served'))
  await until('the other to be answered', () => text(other) === 'served')
  t.equal(text(ours), '', 'nothing more is read from a peer that does not read')
  deaf.connection.wire.release()
  await until('all to have come', () => Buffer.concat(deaf.heard).length === whole)
  t.equal(ours.flushed, whole)
  await until('its question to be read now', () => text(ours) === 'asks on')
})

t.test('a peer that half-closes gets the data on its way; the end is reported once', async (t) => {
  const ends: End[] = []
  const port = await listen(t, (connection) => void ends.push(keep(connection)))
  const client = await call(t, port)
  client.connection.wire.hold()
  const ours = ends[0] as End
  const piece = Buffer.alloc(64 * 1024, 'x')
  for (let i = 0; i < 256; i++) ours.connection.write(piece)
  await until('the socket to be full', () => ours.connection.wire.full)
  const { flushed } = ours
  client.socket.end()
  // the relay does not read while its own bytes wait, so the end is seen once the peer takes them
  client.connection.wire.release()
  await until('the end to be told', () => ours.closed > 0)
  await until('the connection to be gone', () => ours.connection.wire.closed)
  t.equal(ours.closed, 1)
  await until('what had left for the kernel to come', () => Buffer.concat(client.heard).length >= flushed)
})

t.test('a box stream goodbye inside a muxrpc frame ends the session and frees its memory', async (t) => {
  const totals = new TotalLimits(() => {})
  const sessions: Array<MuxrpcSession<ReturnType<typeof createCaller>>> = []
  const ends: unknown[] = []
  const registry = new Registry<ReturnType<typeof createCaller>>()
  registry.add({
    duplex: {
      ...{ type: 'duplex', access: EVERYBODY },
      open(_, stream) {
        stream.handler = { ended: (err) => void ends.push(err) }
      },
    },
  })
  const port = await listen(t, (connection) => {
    const session = new MuxrpcSession(connection, createCaller(), { registry, totals, onFault() {} })
    connection.receiver = session
    sessions.push(session)
  })
  const client = await call(t, port)
  client.connection.write(frameOf(8 | JSON_BODY, 1, { name: ['duplex'], args: [], type: 'duplex' }))
  client.connection.write(frameOf(8 | JSON_BODY, 1, 'y'.repeat(9000)).subarray(0, 5000))
  await until('half a frame to be gathered', () => totals.total('gathered') > 0)
  client.connection.end()
  await until('the session to be closed', () => sessions[0]?.isClosed)
  t.same(ends, [true], 'streams are told of a good end')
  t.same([totals.total('streams'), totals.total('gathered'), totals.total('queued')], [0, 0, 0])
  await until('the goodbye to be answered', () => client.connection.wire.closed)
})

t.test('an invalid box ends the connection', async (t) => {
  const ends: End[] = []
  const port = await listen(t, (connection) => void ends.push(keep(connection)))
  const client = await call(t, port)
  client.socket.write(Buffer.alloc(34 + 10))
  await until('the connection to be cut', () => ends[0]?.connection.wire.closed)
  t.equal(ends[0]?.closed, 1)
  t.equal(text(ends[0] as End), '')
})
