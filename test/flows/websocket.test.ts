// SPDX-License-Identifier: AGPL-3.0-or-later
// SSB over WebSocket: multiserver's own client joins, reads a history and opens a tunnel; bad upgrades and frames.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { WEBSOCKET_MESSAGE_BYTES } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { createAuthority, writePair } from '../helpers/certificates.js'
import { type Client, collect, connectClient } from '../helpers/client.js'
import { type BootedRelay, bootRelay, shortDir, until, within } from '../helpers/relay.js'

// its client half, which the relay does not use
const { WebSocket, createWebSocketStream } = createRequire(import.meta.url)('ws')

const NAME = 'relay.example.org'
const ON = ['web.ssb=true']

/** A client over WebSocket, closed with the test. */
async function dial(t: Test, relay: BootedRelay, keys = ssbKeys.generate(), api = {}): Promise<Client> {
  const client = await connectClient({ transport: 'ws', port: portOf(relay), relay: relay.id, keys, api })
  t.teardown(() => client.close())
  return client
}

const portOf = (relay: BootedRelay): number => Number(new URL(relay.webUrl).port)

// biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
const call = (method: any, ...args: unknown[]): Promise<any> =>
  new Promise((resolve, reject) =>
    method(...args, (err: unknown, value: unknown) => (err ? reject(err) : resolve(value))),
  )

/** The head of an upgrade request. */
function upgradeHead(relay: BootedRelay, path = '/', host = new URL(relay.webUrl).host): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n')
}

interface RawSocket {
  socket: Socket
  /** all bytes received, as Latin-1 */
  said(): string
  closed: Promise<unknown>
}

function open(t: Test, relay: BootedRelay, bytes: string | Buffer): RawSocket {
  const socket = connect(portOf(relay), '127.0.0.1')
  t.teardown(() => socket.destroy())
  let said = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1')
  })
  socket.write(bytes)
  return { socket, said: () => said, closed: once(socket, 'close') }
}

/** A masked frame of a client; the mask is zero. */
function frame(opcode: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(14)
  head.writeUInt8(0x80 | opcode, 0)
  head.writeUInt8(0x80 | 127, 1)
  head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, body])
}

const BINARY = 2
const TEXT = 1

t.test('a client over WebSocket joins, reads a history, and opens a tunnel to a TCP client', async (t) => {
  const relay = await bootRelay(t, { sets: ON })
  const { addresses } = await relay.status()
  const key = relay.id.slice(1, -8)
  t.ok(addresses.ssb.includes(`ws://127.0.0.1:${portOf(relay)}~shs:${key}`), 'status names the address')

  const code = parseInviteCode((await relay.operator.inviteCreate({})).code)
  const guest = await dial(t, relay, ssbKeys.generate('ed25519', code.seed))
  const keys = ssbKeys.generate()
  const contact = await call(guest.rpc.invite.use, { feed: keys.id })
  t.equal(contact.value?.content?.contact ?? contact.content?.contact, keys.id, 'the relay follows it')

  const member = await dial(t, relay, keys)
  const history = await collect<{ value: { author: string } }>(
    member.rpc.createHistoryStream({ id: relay.id, keys: true }),
  )
  t.ok(history.length > 0, 'it reads the feed of the relay')
  t.ok(history.every(({ value }) => value.author === relay.id))

  const origins: unknown[] = []
  const host = await connectClient({
    port: relay.ssbPort,
    relay: relay.id,
    api: {
      tunnel: {
        // answers each chunk with itself
        connect({ origin }: { origin: string }) {
          origins.push(origin)
          return echo()
        },
      },
    },
  })
  t.teardown(() => host.close())
  await call(host.rpc.tunnel.announce)
  const duplex = member.rpc.tunnel.connect({ portal: relay.id, target: host.id }, () => {})
  const sent = randomBytes(20_000)
  duplex.sink(onceOpen(sent))
  const back = within('the bytes', collectBytes(duplex.source, sent.length), 10_000)
  t.ok(sent.equals(await back), 'bytes come back through the tunnel')
  t.same(origins, [keys.id], 'the target knows the origin from the handshake')

  const open = [guest, member]
  await relay.close()
  await within('the goodbye', Promise.all(open.map(({ closed }) => closed)), 5000)
})

t.test('a client under the domain, over TLS', async (t) => {
  const authority = await createAuthority()
  const pair = writePair(join(await shortDir(t), 'pair'), await authority.issue(NAME))
  const own = [`domain.tls_key=${pair.key}`, `domain.tls_cert=${pair.cert}`]
  const ports = ['domain.host=127.0.0.1', 'domain.https_port=0', 'domain.http_port=0']
  const relay = await bootRelay(t, { sets: [...ON, `domain.name=${NAME}`, ...ports, ...own] })
  const { addresses } = await relay.status()
  const { port } = new URL(addresses.https ?? '')
  t.ok(addresses.ssb.includes(`wss://${NAME}:${port}~shs:${relay.id.slice(1, -8)}`))
  // the stock client knows no authority of ours: it connects to this bridge
  const bridge = createServer((socket) => {
    const options = { ca: authority.root, servername: NAME, headers: { Host: `${NAME}:${port}` } }
    const stream = createWebSocketStream(new WebSocket(`wss://127.0.0.1:${port}/`, options))
    stream.on('error', () => socket.destroy())
    socket.on('error', () => stream.destroy())
    socket.pipe(stream).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(bridge, 'listening')
  t.teardown(() => bridge.close())
  const keys = ssbKeys.generate()
  for (let i = 0; i < 100; i++) await relay.operator.membersAdd(i ? ssbKeys.generate().id : keys.id)
  const client = await connectClient({ port: (bridge.address() as AddressInfo).port, relay: relay.id, keys })
  t.teardown(() => client.close())
  const history = await collect(client.rpc.createHistoryStream({ id: relay.id }))
  t.ok(history.length >= 100, 'it reads a history of many boxes')
})

t.test('an upgrade elsewhere, for another host, or where WebSockets are off', async (t) => {
  const relay = await bootRelay(t, { sets: ON })
  const answer = async (bytes: string): Promise<string> => {
    const raw = open(t, relay, bytes)
    await within('the end', raw.closed, 5000)
    return raw.said().split('\r\n')[0] ?? ''
  }
  t.match(await answer(upgradeHead(relay, '/dashboard')), / 404 /)
  t.match(await answer(upgradeHead(relay, '/?x')), / 404 /)
  t.match(await answer(upgradeHead(relay, '/', 'evil.example')), / 421 /)
  t.match(await answer(upgradeHead(relay).replace('websocket', 'h2c')), / 400 /)
  t.match(await answer(upgradeHead(relay).replace('GET', 'POST')), / 405 /)
  t.match(await answer(upgradeHead(relay).replace('Version: 13', 'Version: 99')), / 400 /)
  const foreign = open(t, relay, upgradeHead(relay).replace('\r\n', '\r\nOrigin: https://evil.example\r\n'))
  await until('the upgrade', () => foreign.said().includes(' 101 '))

  const off = await bootRelay(t)
  const page = open(t, off, upgradeHead(off))
  await until('a page', () => page.said().includes('</html>'))
  t.match(page.said(), /^HTTP\/1\.1 200 /)
  t.notOk((await off.status()).addresses.ssb.some((address) => address.startsWith('ws')))
})

t.test('bad frames end the connection, and the relay serves others', async (t) => {
  const relay = await bootRelay(t, { sets: ON })
  const bad: Array<[name: string, bytes: Buffer]> = [
    ['a frame of 100 MB', frame(BINARY, Buffer.alloc(1000), 100_000_000)],
    ['a message one byte too long', frame(BINARY, Buffer.alloc(0), WEBSOCKET_MESSAGE_BYTES + 1)],
    ['a text message', frame(TEXT, Buffer.from('hello'))],
    ['random bytes', randomBytes(64 + 112)],
    ['an unmasked frame', Buffer.from([0x82, 1, 0])],
    ['a wrong hello', frame(BINARY, randomBytes(64))],
  ]
  for (const [name, bytes] of bad) {
    const raw = open(t, relay, upgradeHead(relay))
    await until(`the upgrade for ${name}`, () => raw.said().includes(' 101 '))
    raw.socket.write(bytes)
    await within(name, raw.closed, 5000)
    t.pass(name)
  }
  // the bytes of a frame may arrive with the request
  const early = open(t, relay, Buffer.concat([Buffer.from(upgradeHead(relay)), frame(TEXT, Buffer.alloc(1))]))
  await within('an early frame', early.closed, 5000)
  const fragments = open(t, relay, upgradeHead(relay))
  await until('the upgrade', () => fragments.said().includes(' 101 '))
  fragments.socket.write(
    Buffer.concat([
      Buffer.from([0x02, 0x80, 0, 0, 0, 0]),
      ...Array.from({ length: 1000 }, () => Buffer.from([0, 0x80, 0, 0, 0, 0])),
    ]),
  )
  await within('many fragments', fragments.closed, 5000)
  const metrics = await relay.operator.metrics()
  t.match(metrics, /tidepool_limits_reached_total\{limit="websocket_message"\} 3/)
  const client = await dial(t, relay)
  t.ok(await call(client.rpc.tunnel.isRoom), 'a client is served')
})

t.test('a ping is answered, and half-open upgrades take no place of others', async (t) => {
  const relay = await bootRelay(t, { sets: ON })
  const head = upgradeHead(relay)
  for (let i = 0; i < 50; i++) open(t, relay, head.slice(0, -2))
  const raw = open(t, relay, head)
  await until('the upgrade', () => raw.said().includes(' 101 '))
  raw.socket.write(frame(9, Buffer.from('tide')).fill(0x84, 1, 2).subarray(0, 2))
  raw.socket.write(Buffer.from([0, 0, 0, 0, ...Buffer.from('tide')]))
  await until('the pong', () => raw.said().endsWith('\x8a\x04tide'))
  const client = await dial(t, relay)
  t.ok(await call(client.rpc.tunnel.isRoom))
})

/** A duplex that returns what it gets. */
function echo() {
  const queue: Buffer[] = []
  // biome-ignore lint/suspicious/noExplicitAny: a pull-stream callback
  let waiting: any = null
  return {
    // biome-ignore lint/suspicious/noExplicitAny: a pull-stream callback
    source(end: any, cb: any) {
      if (end) return cb(end)
      const next = queue.shift()
      if (next) cb(null, next)
      else waiting = cb
    },
    // biome-ignore lint/suspicious/noExplicitAny: a pull-stream read
    sink(read: any) {
      read(null, function next(end: unknown, data: Buffer) {
        if (end) return
        const cb = waiting
        waiting = null
        if (cb) cb(null, data)
        else queue.push(data)
        read(null, next)
      })
    },
  }
}

/** A source of one chunk that stays open. */
function onceOpen(bytes: Buffer) {
  let sent = false
  // biome-ignore lint/suspicious/noExplicitAny: a pull-stream callback
  return (end: any, cb: any) => {
    if (end) return cb(end)
    if (!sent) {
      sent = true
      cb(null, bytes)
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a pull-stream read
function collectBytes(read: any, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    read(null, function next(end: unknown, data: Buffer) {
      if (end) return reject(end)
      chunks.push(data)
      const all = Buffer.concat(chunks)
      if (all.length >= length) resolve(all)
      else read(null, next)
    })
  })
}
