// SPDX-License-Identifier: AGPL-3.0-or-later
// Tunnels over real sockets: connecting, arguments, bytes, and their end.

import { randomBytes } from 'node:crypto'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import ssbKeys, { type Keys } from 'ssb-keys'
import t from 'tap'
import {
  HOUR,
  MIB,
  TUNNEL_BEGIN_MS,
  TUNNEL_IDLE_MS,
  TUNNEL_STALL_MS,
  TUNNELS_PER_PAIR,
} from '../../../src/lib/limits.js'
import type { TunnelCaps } from '../../../src/room/tunnels.js'
import { connectClient } from '../../helpers/client.js'
import { startTestPeer } from '../../helpers/peer.js'
import type { Duplex, End, Source } from '../../helpers/pull.js'
import { until } from '../../helpers/wait.js'

type Told = Record<string, unknown>

/** A duplex for the test: pushes bytes, records received bytes and the end. */
function handle() {
  const out: Buffer[] = []
  let waiting: ((end: End, data?: Buffer) => void) | null = null
  let reading = true
  let ended: End = null
  let pull: Source<Buffer> | null = null
  const received: Buffer[] = []
  const state = {
    received,
    get ended() {
      return ended
    },
    push(bytes: Buffer) {
      out.push(bytes)
      const cb = waiting
      waiting = null
      cb?.(null, out.shift())
    },
    end(end: End = true) {
      ended = end
      waiting?.(end)
      waiting = null
      pull?.(end, () => {})
    },
    /** stops reading */
    stall() {
      reading = false
    },
    duplex: {
      source(abort: End, cb: (end: End, data?: Buffer) => void) {
        if (abort) {
          ended ??= abort
          waiting?.(abort)
          waiting = null
          return cb(abort)
        }
        if (out.length > 0) cb(null, out.shift())
        else if (ended) cb(ended)
        else waiting = cb
      },
      sink(read: Source<Buffer>) {
        pull = read
        const next = (): void =>
          read(null, (end, data) => {
            if (end) {
              ended ??= end
              waiting?.(end)
              waiting = null
              return
            }
            received.push(data as Buffer)
            if (reading) next()
          })
        next()
      },
    } satisfies Duplex<Buffer>,
  }
  return state
}

async function setUp(t: { teardown(fn: () => unknown): void }, caps: Partial<TunnelCaps> = {}) {
  const started = await startTestPeer(t, caps)
  const { peer } = started
  /** a client that accepts tunnels and records their arguments */
  async function target(keys: Keys = ssbKeys.generate(), port = started.port) {
    const told: Told[] = []
    const ends: Array<ReturnType<typeof handle>> = []
    const api = {
      tunnel: {
        connect(options: Told) {
          told.push(options)
          const end = handle()
          ends.push(end)
          return end.duplex
        },
        ping: () => Date.now(),
      },
    }
    const client = await connectClient({ port, relay: peer.id, keys, api })
    t.teardown(() => client.close())
    await client.rpc.whoami()
    return { ...client, told, ends }
  }
  /** opens a tunnel and answers the caller's end of it */
  function dial(from: { rpc: Told }, options: object) {
    const end = handle()
    // biome-ignore lint/suspicious/noExplicitAny: muxrpc
    const remote = (from.rpc as any).tunnel.connect(options, () => {})
    end.duplex.sink(remote.source)
    remote.sink(end.duplex.source)
    return end
  }
  return { ...started, target, dial, portal: peer.id }
}

t.test('bytes pass both ways, and the target gets the origin from the handshake', async (t) => {
  const { target, dial, portal, peer } = await setUp(t)
  const [a, b] = [await target(), await target()]
  const end = dial(a, { portal, target: b.id, origin: '@forged', instance: 0 })
  await until('the target is dialled', () => b.told.length === 1)
  t.same(b.told[0], { portal, target: b.id, origin: a.id, instance: 0 })
  t.equal(peer.tunnels(), 1)
  const sent = [1, 4096, 100_000].map((size) => randomBytes(size))
  for (const bytes of sent) end.push(bytes)
  for (const bytes of sent) b.ends[0]?.push(bytes)
  const whole = Buffer.concat(sent)
  await until('there', () => Buffer.concat(b.ends[0]?.received ?? []).equals(whole))
  await until('and back', () => Buffer.concat(end.received).equals(whole))
  end.end()
  await until('one end closes the other', () => b.ends[0]?.ended != null)
  await until('the place is free', () => peer.tunnels() === 0)
})

t.test('a Rooms 1 client names no portal', async (t) => {
  const { target, dial } = await setUp(t)
  const [a, b] = [await target(), await target()]
  dial(a, { target: b.id, instance: 3 })
  await until('dialled', () => b.told.length === 1)
  t.match(b.told[0], { origin: a.id, instance: 3 })
})

t.test('every unreachable target gives the same error', async (t) => {
  const { target, portal, store } = await setUp(t)
  const a = await target()
  const gone = await target()
  await gone.close()
  const away = await target()
  await away.rpc.tunnel.leave()
  const blocked = ssbKeys.generate().id
  await store.members.block(blocked, '')
  const b = await target()
  const cases: Array<[string, unknown]> = [
    ['itself', { portal, target: a.id }],
    ['the relay', { portal, target: portal }],
    ['somebody unknown', { portal, target: ssbKeys.generate().id }],
    ['somebody gone', { portal, target: gone.id }],
    ['somebody away', { portal, target: away.id }],
    ['somebody blocked', { portal, target: blocked }],
    ['through another portal', { portal: b.id, target: b.id }],
  ]
  for (const [name, options] of cases) {
    const end = await new Promise((resolve) => a.rpc.tunnel.connect(options, () => {}).source(null, resolve))
    t.same(end, { name: 'Error', message: 'could not connect', code: 'not_attending' }, name)
  }
  for (const options of [
    null,
    7,
    [],
    {},
    { portal },
    { portal: 'x', target: b.id },
    { portal, target: [b.id] },
  ]) {
    const end = await new Promise((resolve) => a.rpc.tunnel.connect(options, () => {}).source(null, resolve))
    t.match(end, { code: /^bad_/ }, JSON.stringify(options))
  }
  t.same(b.told, [])
})

t.test('a client that goes takes its tunnels with it', async (t) => {
  const { target, dial, portal, peer } = await setUp(t)
  const [a, b] = [await target(), await target()]
  const end = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 1)
  await b.close()
  await until('the caller hears of it', () => end.ended != null)
  await until('the place is free', () => peer.tunnels() === 0)
  const [c, d] = [await target(), await target()]
  dial(c, { portal, target: d.id })
  await until('open', () => d.ends.length === 1)
  await c.close()
  await until('and the other way round', () => d.ends[0]?.ended != null)
})

t.test('tunnels are counted for each peer and in total, and refused beyond', async (t) => {
  const { target, dial, portal, peer } = await setUp(t, { total: 3, perPeer: 2 })
  const [a, b, c] = [await target(), await target(), await target()]
  const first = dial(a, { portal, target: b.id })
  dial(a, { portal, target: b.id })
  await until('two are open', () => b.ends.length === 2)
  const third = dial(a, { portal, target: c.id })
  await until('a third is refused', () => third.ended != null)
  t.match(third.ended, { code: 'busy' })
  first.end()
  await until('one is closed', () => peer.tunnels() === 1)
  dial(a, { portal, target: c.id })
  await until('then another opens', () => c.ends.length === 1)
})

t.test('a thousand at once leave nothing behind', async (t) => {
  const { target, dial, portal, peer, follow } = await setUp(t, { total: 50, perPeer: 50 })
  // a member: a stranger with so many requests at once is disconnected
  const keys = ssbKeys.generate()
  await follow(keys.id)
  const [a, b] = [await target(keys), await target()]
  const ends = Array.from({ length: 1000 }, () => dial(a, { portal, target: b.id }))
  await until('most are refused', () => ends.filter(({ ended }) => ended != null).length >= 950)
  t.equal(peer.tunnels(), TUNNELS_PER_PAIR)
  await a.close()
  await until('none is left', () => peer.tunnels() === 0)
  t.match(await b.rpc.whoami(), { id: portal })
})

t.test('bytes and time have a cap', async (t) => {
  const { target, dial, portal, clock, peer } = await setUp(t, { bytes: 10_000, ms: HOUR })
  const [a, b] = [await target(), await target()]
  const heavy = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 1)
  heavy.push(randomBytes(9000))
  await until('passes', () => (b.ends[0]?.received.length ?? 0) > 0)
  heavy.push(randomBytes(2000))
  await until('ended at the cap', () => b.ends[0]?.ended != null && heavy.ended != null)
  const long = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 2)
  clock.advance(HOUR)
  await until('ended in time', () => long.ended != null && b.ends[1]?.ended != null)
  t.equal(peer.tunnels(), 0)
})

t.test('a frame that is not binary ends the tunnel', async (t) => {
  const { target, dial, portal } = await setUp(t)
  const [a, b] = [await target(), await target()]
  const end = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 1)
  end.push('text' as unknown as Buffer)
  await until('ended', () => b.ends[0]?.ended != null && end.ended != null)
})

/** A connection that the test can pause, so that bytes wait at the relay. */
async function stoppableWire(t: { teardown(fn: () => unknown): void }, port: number) {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const relay = connectTcp(port, '127.0.0.1')
    sockets.push(client, relay)
    for (const socket of [client, relay]) socket.on('error', () => {})
    client.pipe(relay).pipe(client)
    client.on('close', () => relay.destroy())
    relay.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const [i, relay] of sockets.entries()) if (i % 2 === 1) relay.unpipe().pause()
    },
  }
}

t.test('a target that stops reading holds its caller back, and is cut off in the end', async (t) => {
  const { target, dial, portal, clock, peer, port } = await setUp(t)
  const wire = await stoppableWire(t, port)
  const a = await target()
  const b = await target(ssbKeys.generate(), wire.port)
  const end = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 1)
  const before = clock.pending()
  wire.stop()
  for (let i = 0; i < 256; i++) end.push(randomBytes(MIB / 16))
  await until('the caller is held, and the time runs', () => clock.pending() === before + 1)
  clock.advance(TUNNEL_STALL_MS)
  await until('and the tunnel is cut', () => end.ended != null)
  t.equal(peer.tunnels(), 0)
  const c = await target()
  const other = dial(a, { portal, target: c.id })
  await until('the caller is read again', () => c.ends.length === 1)
  other.push(Buffer.from('still here'))
  await until('and heard', () => Buffer.concat(c.ends[0]?.received ?? []).toString() === 'still here')
})

t.test('a target that does not read does not pause origins that send little', async (t) => {
  const { target, dial, portal, peer, port } = await setUp(t)
  const wire = await stoppableWire(t, port)
  const [flooder, bob] = [await target(), await target()]
  const deaf = await target(ssbKeys.generate(), wire.port)
  const flood = dial(flooder, { portal, target: deaf.id })
  const call = dial(deaf, { portal, target: bob.id })
  await until('both are open', () => deaf.ends.length === 1 && bob.ends.length === 1)
  call.push(Buffer.from('hello'))
  await until('bob is greeted', () => (bob.ends[0]?.received.length ?? 0) > 0)
  wire.stop()
  for (let i = 0; i < 256; i++) flood.push(randomBytes(MIB / 16))
  bob.ends[0]?.push(Buffer.from('hello yourself'))
  // the clock stands still: if he were held until the deaf one is cut off, he would never be answered
  for (let i = 0; i < 3; i++) t.match(await bob.rpc.whoami(), { id: portal })
  t.equal(peer.tunnels(), 2)
})

t.test('an idle tunnel is ended', async (t) => {
  const { target, dial, portal, peer, clock } = await setUp(t)
  const [a, b] = [await target(), await target()]
  const silent = dial(a, { portal, target: b.id })
  const used = dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 2)
  used.push(Buffer.from('x'))
  await until('passed', () => b.ends.some(({ received }) => received.length > 0))
  clock.advance(TUNNEL_BEGIN_MS)
  await until('the one nobody began to use', () => silent.ended != null)
  t.equal(peer.tunnels(), 1)
  // the clients' own connections must not be taken for dead meanwhile
  const stay = async (ms: number): Promise<void> => {
    for (const client of [a, b]) await client.rpc.whoami()
    clock.advance(ms)
    for (const client of [a, b]) await client.rpc.whoami()
  }
  for (let passed = TUNNEL_BEGIN_MS; passed < TUNNEL_IDLE_MS - 1; passed += TUNNEL_BEGIN_MS)
    await stay(Math.min(TUNNEL_BEGIN_MS, TUNNEL_IDLE_MS - 1 - passed))
  t.equal(peer.tunnels(), 1, 'the other may be quiet for a while')
  await stay(1)
  await until('not for ever', () => used.ended != null)
  t.equal(peer.tunnels(), 0)
})

t.test('the limit of tunnels tells nothing of the target', async (t) => {
  const { target, dial, portal, peer } = await setUp(t, { total: 100, perPeer: 1 })
  const [a, b, c, d] = [await target(), await target(), await target(), await target()]
  dial(a, { portal, target: b.id })
  await until('open', () => b.ends.length === 1)
  for (const id of [c.id, ssbKeys.generate().id]) {
    const refused = dial(a, { portal, target: id })
    await until('refused', () => refused.ended != null)
    t.match(refused.ended, { code: 'busy' })
  }
  const full = dial(c, { portal, target: b.id })
  await until('refused', () => full.ended != null)
  t.match(full.ended, { code: 'not_attending' }, 'one that takes no more is as good as away')
  dial(b, { portal, target: d.id })
  await until('being dialled is no hindrance to dialling', () => d.ends.length === 1)
  t.equal(peer.tunnels(), 2)
})
