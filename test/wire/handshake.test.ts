// SPDX-License-Identifier: AGPL-3.0-or-later
// The secret handshake, byte for byte against npm's secret-handshake: its server beside ours, its client against ours.

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys, { type Keys } from 'ssb-keys'
import t from 'tap'
import { Boxer, sealedBytes } from '../../src/wire/box-stream.js'
import { ByteQueue } from '../../src/wire/byte-queue.js'
import type { EncryptedConnection } from '../../src/wire/encrypted-connection.js'
import {
  boxKeys,
  createServerIdentity,
  HELLO_BYTES,
  type KeyPair,
  PROOF_BYTES,
  ServerHandshake,
} from '../../src/wire/handshake.js'
import { ClientHandshake } from '../../src/wire/handshake-client.js'
import { createHandshakeServer } from '../../src/wire/handshake-server.js'
import { loadSecretbox } from '../../src/wire/secretbox.js'
import { TcpConnection } from '../../src/wire/tcp-connection.js'
import type { Duplex } from '../helpers/pull.js'
import { duplexOf } from '../helpers/pull-socket.js'
import { silentLog } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const require = createRequire(import.meta.url)
const stock = require('secret-handshake/crypto')
const secretHandshake = require('secret-handshake')

type State = Record<string, Buffer> & { local: Record<string, Buffer>; remote: Record<string, Buffer> }

const appKey = randomBytes(32)
const bytes = (text: string): Buffer => Buffer.from(text.replace('.ed25519', ''), 'base64')
const pair = ({ public: publicKey, private: secretKey }: Keys): KeyPair => ({
  publicKey: bytes(publicKey),
  secretKey: bytes(secretKey),
})
const bob = pair(ssbKeys.generate())
const alice = pair(ssbKeys.generate())
const identity = createServerIdentity(bob, appKey)

const stockServer = (): State =>
  stock.initialize({ app_key: appKey, local: bob, random: randomBytes(32) }) as State
const stockClient = (options: object = {}): State =>
  stock.initialize({
    app_key: appKey,
    local: alice,
    remote: { publicKey: bob.publicKey },
    random: randomBytes(32),
    ...options,
  }) as State

/** A handshake of ours with the same keys as one of npm's. */
const twin = ({ local }: State): ServerHandshake =>
  new ServerHandshake(identity, {
    publicKey: Buffer.from(local.kx_pk as Buffer),
    secretKey: Buffer.from(local.kx_sk as Buffer),
  })

t.test("every byte equals that of npm's server", async (t) => {
  for (let i = 0; i < 8; i++) {
    const theirs = stockServer()
    const ours = twin(theirs)
    const client = stockClient()
    const hello = stock.createChallenge(client)
    t.ok(stock.verifyChallenge(theirs, hello))
    const answer = ours.hello(hello) as Buffer
    t.ok(answer.equals(stock.createChallenge(theirs)), 'hello')
    t.ok(stock.clientVerifyChallenge(client, answer))
    const proof = stock.clientCreateAuth(client)
    t.ok(stock.serverVerifyAuth(theirs, proof))
    t.ok(ours.prove(proof)?.equals(alice.publicKey), 'who calls')
    const acceptance = ours.accept()
    t.ok(acceptance.equals(stock.serverCreateAccept(theirs)), 'acceptance')
    t.ok(stock.clientVerifyAccept(client, acceptance))
    stock.clean(client)
    stock.clean(theirs)
    const keys = ours.finish()
    t.ok(
      keys.encryptKey.equals(theirs.encryptKey as Buffer) &&
        keys.encryptKey.equals(client.decryptKey as Buffer),
    )
    t.ok(
      keys.decryptKey.equals(theirs.decryptKey as Buffer) &&
        keys.decryptKey.equals(client.encryptKey as Buffer),
    )
    t.ok(keys.encryptNonce.equals((theirs.remote.app_mac as Buffer).subarray(0, 24)))
    t.ok(keys.decryptNonce.equals((theirs.local.app_mac as Buffer).subarray(0, 24)))
    t.ok(keys.remote.equals(alice.publicKey))
  }
})

t.test('an invalid hello', async (t) => {
  const hello: Buffer = stock.createChallenge(stockClient())
  for (let at = 0; at < HELLO_BYTES; at += 9) {
    const touched = Buffer.from(hello)
    touched[at] = (touched[at] as number) ^ 1
    t.equal(new ServerHandshake(identity).hello(touched), null, `byte ${at}`)
  }
  t.equal(new ServerHandshake(identity).hello(hello.subarray(1)), null, 'too short')
  t.equal(new ServerHandshake(identity).hello(Buffer.concat([hello, hello])), null, 'too long')
  const foreign: Buffer = stock.createChallenge(stockClient({ app_key: randomBytes(32) }))
  t.equal(new ServerHandshake(identity).hello(foreign), null, 'of another network')
})

t.test('an invalid proof', async (t) => {
  /** A handshake of ours that has answered a client's hello, and that client. */
  function halfway(options: object = {}): { ours: ServerHandshake; client: State } {
    const client = stockClient(options)
    const ours = new ServerHandshake(identity)
    stock.clientVerifyChallenge(client, ours.hello(stock.createChallenge(client)))
    return { ours, client }
  }
  for (let at = 0; at < PROOF_BYTES; at += 13) {
    const { ours, client } = halfway()
    const proof: Buffer = stock.clientCreateAuth(client)
    proof[at] = (proof[at] as number) ^ 1
    t.equal(ours.prove(proof), null, `byte ${at}`)
  }
  const short = halfway()
  t.equal(short.ours.prove(stock.clientCreateAuth(short.client).subarray(1)), null, 'too short')
  const wrong = halfway({ remote: { publicKey: pair(ssbKeys.generate()).publicKey } })
  t.equal(wrong.ours.prove(stock.clientCreateAuth(wrong.client)), null, 'meant for another server')
  const liar = halfway({ local: { ...alice, publicKey: pair(ssbKeys.generate()).publicKey } })
  t.equal(liar.ours.prove(stock.clientCreateAuth(liar.client)), null, "with somebody else's name on it")
  const again = halfway()
  const proof = stock.clientCreateAuth(again.client)
  const other = new ServerHandshake(identity)
  other.hello(stock.createChallenge(again.client))
  t.equal(other.prove(proof), null, 'from another handshake')
})

t.test('points of low order', async (t) => {
  const authenticated = (key: Buffer): Buffer =>
    Buffer.concat([require('chloride').crypto_auth(key, appKey), key])
  const one = Buffer.alloc(32)
  one[0] = 1
  const eight = Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')
  for (const point of [Buffer.alloc(32), one, eight])
    t.equal(new ServerHandshake(identity).hello(authenticated(point)), null, point.toString('hex', 0, 4))

  // With a signing key of low order anyone can sign: the empty signature holds for it in a careless check.
  const client = stockClient()
  const ours = new ServerHandshake(identity)
  stock.clientVerifyChallenge(client, ours.hello(stock.createChallenge(client)))
  for (const point of [Buffer.alloc(32), one]) {
    const forged = Buffer.concat([one, Buffer.alloc(32), point])
    const proof = require('chloride').crypto_secretbox_easy(forged, Buffer.alloc(24), client.secret2)
    t.equal(ours.prove(proof), null, 'as an identity')
  }
})

// --- over sockets ------------------------------------------------------------------------------------------------

/** An encrypted connection, and what has come on it. */
interface Server {
  connection: EncryptedConnection
  heard: Buffer[]
  closed: boolean
}

interface Listening {
  port: number
  servers: Server[]
  asked: Buffer[]
}

/** Our handshake behind a listener; `admit` lets everybody in until it is told otherwise. */
async function listen(
  t: { teardown(fn: () => unknown): void },
  { admit = () => {}, timeout = 5000 }: { admit?: () => unknown; timeout?: number } = {},
): Promise<Listening> {
  const found: Listening = { port: 0, servers: [], asked: [] }
  let refused: unknown = null
  const handshakes = createHandshakeServer<unknown>(
    { log: silentLog },
    {
      keys: bob,
      ...{ appKey, timeout },
      prepare(id) {
        found.asked.push(Buffer.from(id))
        refused = null
        try {
          const answer = admit()
          return answer instanceof Promise ? answer : null
        } catch (err) {
          refused = err
          return null
        }
      },
      admit() {
        if (refused) throw refused
      },
      onAdmitted(connection) {
        const server: Server = { connection, heard: [], closed: false }
        connection.receiver = {
          receive: (plain) => void server.heard.push(Buffer.from(plain)),
          flushed() {},
          closed() {
            server.closed = true
          },
        }
        found.servers.push(server)
      },
    },
  )
  const links: TcpConnection[] = []
  const owner = { name: 'test', now: () => performance.now(), fault() {}, gone() {} }
  const server = createServer((socket) => {
    const link = new TcpConnection(socket, owner)
    links.push(link)
    handshakes.accept(link)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const link of links) link.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  found.port = (server.address() as AddressInfo).port
  return found
}

/** A bare socket, and what came back on it until it was closed. */
function raw(port: number): { socket: Socket; closed: Promise<Buffer> } {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  return {
    socket,
    closed: new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks)))),
  }
}

/** npm's client over a socket. */
function call(port: number, { key = appKey, server = bob.publicKey } = {}): Promise<Duplex<Buffer>> {
  return new Promise((resolve, reject) => {
    const socket = duplexOf(connect(port, '127.0.0.1'))
    const shake = secretHandshake.createClient(
      alice,
      key,
      5000,
    )(server, (err: Error | null, stream: Duplex<Buffer>) => (err ? reject(err) : resolve(stream)))
    shake.sink(socket.source)
    socket.sink(shake.source)
  })
}

/** The next chunk of what npm's client reads. */
const next = ({ source }: Duplex<Buffer>): Promise<Buffer> =>
  new Promise((resolve) => source(null, (_end, data) => resolve(data as Buffer)))

for (const [how, admit] of [
  ['at once', () => {}],
  ['later', () => delay(20)],
] as const)
  t.test(`npm's client connects when admitted ${how}; both directions work`, async (t) => {
    const listening = await listen(t, { admit })
    const client = await call(listening.port)
    t.same(listening.asked, [alice.publicKey])
    await until('we have it', () => listening.servers.length === 1)
    const [server] = listening.servers as [Server]
    t.ok(server.connection.remote.equals(alice.publicKey))
    let asked = false
    client.sink((abort, cb) => {
      if (abort || asked) return
      asked = true
      cb(null, Buffer.from('hello'))
    })
    await until('it is heard', () => Buffer.concat(server.heard).toString() === 'hello')
    server.connection.write(Buffer.from('wor'))
    server.connection.write(Buffer.from('ld'))
    t.equal((await next(client)).toString(), 'world', 'one box for one turn')
  })

t.test('a refused client is closed without our acceptance', async (t) => {
  const no = (): never => {
    throw new Error('not admitted')
  }
  for (const admit of [() => Promise.reject(new Error('not admitted')), no]) {
    const refusing = await listen(t, { admit })
    await t.rejects(call(refusing.port))
    t.equal(refusing.asked.length, 1)
    t.equal(refusing.servers.length, 0)
  }

  const listening = await listen(t)
  await t.rejects(call(listening.port, { key: randomBytes(32) }), 'of another network')
  await t.rejects(call(listening.port, { server: alice.publicKey }), 'who wants another server')
  const garbage = raw(listening.port)
  garbage.socket.write(randomBytes(500))
  t.equal((await garbage.closed).length, 0, 'garbage is answered nothing')
  const half = raw(listening.port)
  half.socket.end(stock.createChallenge(stockClient()).subarray(0, 40))
  t.equal((await half.closed).length, 0, 'nor is half a hello')
  const unproven = raw(listening.port)
  unproven.socket.write(stock.createChallenge(stockClient()))
  unproven.socket.write(randomBytes(PROOF_BYTES))
  t.equal((await unproven.closed).length, HELLO_BYTES, 'a false proof gets our hello and no more')
  t.equal(listening.asked.length, 0, 'and nobody of them was asked about')
})

t.test('bytes cut anywhere and sent slowly within the deadline', async (t) => {
  const listening = await listen(t, { timeout: 400 })
  const client = stockClient()
  const { socket, closed } = raw(listening.port)
  socket.setNoDelay(true)
  const answers: Buffer[] = []
  socket.on('data', (chunk) => answers.push(chunk))
  const hello: Buffer = stock.createChallenge(client)
  for (const at of [0, 1, 2, 40]) {
    socket.write(hello.subarray(at, at === 40 ? undefined : at === 2 ? 40 : at + 1))
    await delay(5)
  }
  while (Buffer.concat(answers).length < HELLO_BYTES) await delay(2)
  stock.clientVerifyChallenge(client, Buffer.concat(answers))
  const proof: Buffer = stock.clientCreateAuth(client)
  socket.write(proof.subarray(0, 111))
  await delay(5)
  socket.write(proof.subarray(111))
  while (listening.servers.length === 0) await delay(2)
  t.equal(listening.asked.length, 1)

  const idle = raw(listening.port)
  const began = Date.now()
  const dribbling = setInterval(() => idle.socket.write('x'), 50)
  await idle.closed
  clearInterval(dribbling)
  t.ok(Date.now() - began < 2000, 'a byte now and then does not put the deadline off')
  await delay(450)
  t.notOk(socket.destroyed, 'and who is in stays in')
  socket.destroy()
  await closed
})

t.test('boxes that a client sends before it has our acceptance are not lost', async (t) => {
  for (const admit of [() => {}, () => delay(20)]) {
    const listening = await listen(t, { admit })
    const client = new ClientHandshake(alice, appKey, bob.publicKey)
    const { socket } = raw(listening.port)
    const answers: Buffer[] = []
    socket.on('data', (chunk) => answers.push(chunk))
    const hello = client.hello()
    socket.write(hello)
    await until('the hello', () => Buffer.concat(answers).length === HELLO_BYTES)
    const answer = Buffer.concat(answers)
    const proof = client.prove(answer) as Buffer
    // all that the keys of the boxes are made from is known by now
    const { boxSecret } = client as unknown as { boxSecret: Buffer }
    const keys = boxKeys({
      ...{ boxSecret, local: alice.publicKey, remote: bob.publicKey },
      ...{ localMac: hello.subarray(0, 32), remoteMac: answer.subarray(0, 32) },
    })
    const boxer = new Boxer(loadSecretbox(), keys.encryptKey, keys.encryptNonce)
    const plain = new ByteQueue()
    plain.add(Buffer.from('in a hurry'))
    const box = Buffer.alloc(sealedBytes(plain.size))
    boxer.fill(box, plain)
    socket.write(Buffer.concat([proof, box]))
    await until('it is heard', () => Buffer.concat(listening.servers[0]?.heard ?? []).length > 0)
    t.equal(Buffer.concat(listening.servers[0]?.heard ?? []).toString(), 'in a hurry')
    socket.destroy()
  }
})
