// SPDX-License-Identifier: AGPL-3.0-or-later
// Each listener counts its own connections: a full listener does not affect another.

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { HANDSHAKES_AT_ONCE, WEBSOCKETS_AT_ONCE } from '../../src/lib/limits.js'
import type { ConnectionOwner, WireConnection } from '../../src/wire/connection.js'
import type { KeyPair } from '../../src/wire/handshake.js'
import { createHandshakeServer } from '../../src/wire/handshake-server.js'
import { TcpConnection } from '../../src/wire/tcp-connection.js'
import { createTcpListeners } from '../../src/wire/tcp-listener.js'
import { silentLog } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const chloride = createRequire(import.meta.url)('chloride')
const KEYS = chloride.crypto_sign_seed_keypair(Buffer.alloc(32, 7)) as KeyPair

t.test('a full listener evicts its own connections only', async (t) => {
  const taken: WireConnection[] = []
  const listeners = createTcpListeners({
    log: silentLog,
    now: () => performance.now(),
    onConnection: (connection) => taken.push(connection),
    chooseEviction: (open) => [...open].sort((a, b) => a.lastHeard - b.lastHeard)[0],
  })
  t.teardown(() => listeners.close())
  const loopback = { host: '127.0.0.1', port: 0 }
  const open = await listeners.listen({ ...loopback, name: 'public' })
  const onion = await listeners.listen({ ...loopback, name: 'onion', connections: 3 })
  const dial = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  // the most silent of all, but alone where it is
  const friend = await dial(open.port)
  await until('the friend', () => taken.length === 1)
  for (let i = 1; i <= 10; i++) {
    await dial(onion.port)
    await until('it to be taken', () => taken.length === 1 + i)
  }
  const left = (name: string) => taken.filter(({ listener, closed }) => listener === name && !closed).length
  await until('the crowd to be cut', () => left('onion') === 3)
  t.equal(left('public'), 1)
  t.notOk(friend.destroyed)
})

t.test('WebSockets have a limit of their own, and none is taken after the stop', async (t) => {
  const taken: WireConnection[] = []
  const listeners = createTcpListeners({
    log: silentLog,
    now: () => performance.now(),
    onConnection: (connection) => taken.push(connection),
    chooseEviction: (open) => open[Symbol.iterator]().next().value,
  })
  t.teardown(() => listeners.close())
  const { port } = await listeners.listen({ name: 'public', host: '127.0.0.1', port: 0 })
  const friend = connect(port, '127.0.0.1')
  t.teardown(() => friend.destroy())
  await until('the friend', () => taken.length === 1)
  const adopt = () => listeners.adopt('public', (owner) => new TcpConnection(new Socket(), owner))
  for (let i = 0; i < WEBSOCKETS_AT_ONCE + 10; i++) {
    if (!adopt()) t.fail('a WebSocket was refused')
    // as sockets do, each comes in a turn of its own
    await turn()
  }
  await until('the oldest to be cut', () => [...listeners.adopted()].length === WEBSOCKETS_AT_ONCE)
  t.notOk(taken[0]?.closed, 'the friend keeps its place')
  t.equal(taken[1]?.closed, true)
  listeners.stopAdopting()
  t.notOk(adopt())
})

t.test('handshakes are counted per listener too', async (t) => {
  const handshakes = createHandshakeServer(
    { log: silentLog },
    {
      keys: KEYS,
      appKey: Buffer.alloc(32),
      prepare: () => Promise.reject(new Error('nobody comes that far')),
      admit() {},
      onAdmitted() {},
    },
  )
  const ended = new Set<WireConnection>()
  const open = new Set<WireConnection>()
  /** Somebody who says nothing. */
  const caller = (name: string): TcpConnection => {
    const owner: ConnectionOwner = {
      ...{ name, now: () => performance.now(), fault() {} },
      gone: (connection) => ended.add(connection),
    }
    const connection = new TcpConnection(new Socket(), owner)
    open.add(connection)
    handshakes.accept(connection)
    return connection
  }
  // nobody's deadline stays
  t.teardown(() => {
    for (const connection of open) connection.destroy()
  })
  const friend = caller('public')
  for (let i = 0; i < 300; i++) caller('onion')
  await until('the oldest to be cut', () => ended.size === 300 - HANDSHAKES_AT_ONCE)
  t.notOk(ended.has(friend))
  t.notOk(friend.closed)
})

t.test('a port in use is reported; nothing is accepted after the stop', async (t) => {
  const taken: WireConnection[] = []
  const listeners = createTcpListeners({
    log: silentLog,
    now: () => performance.now(),
    onConnection: (connection) => taken.push(connection),
    chooseEviction: () => undefined,
  })
  t.teardown(() => listeners.close())
  const { port } = await listeners.listen({ name: 'public', host: '127.0.0.1', port: 0 })
  await t.rejects(listeners.listen({ name: 'other', host: '127.0.0.1', port }), { code: 'address_unusable' })
  listeners.stop()
  const late = connect(port, '127.0.0.1')
  late.on('error', () => {})
  await once(late, 'close')
  t.same(taken, [])
})
