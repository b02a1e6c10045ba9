// SPDX-License-Identifier: AGPL-3.0-or-later
// Rooms 1 clients: npm's ssb-tunnel as target and as origin, its protocol word for word, and pairs of both kinds.

import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'
import { openRoomApp, type RoomApp } from '../helpers/room-app.js'
import { connectRoomClient, watch } from '../helpers/room-client.js'

const shsOf = (id: string): string => id.slice(1, -8)

/** Addresses as each kind of client writes them. */
const rooms1Address = (portal: string, target: string): string =>
  `tunnel:${portal}:${target}:0~shs:${shsOf(target)}`
const rooms2Address = (portal: string, target: string): string =>
  `tunnel:${portal}:${target}~shs:${shsOf(target)}`

/** An ssb-tunnel that has announced itself here: listed, without having called anything but `announce`. */
async function openTarget(t: Test, relay: BootedRelay): Promise<RoomApp> {
  const before = (await relay.status()).online
  const app = await openRoomApp(t, { plugin: 'ssb-tunnel', portal: relay })
  const listening = new Promise((resolve) => app.ssb.once('tunnel:listening', resolve))
  t.equal(await listening, relay.id, 'ssb-tunnel says that it listens')
  t.equal((await relay.status()).online, before + 1)
  return app
}

async function talk(t: Test, origin: RoomApp, target: RoomApp, address: string): Promise<void> {
  const rpc = await origin.connect(address)
  t.equal(rpc.id, target.id)
  t.same(await origin.call(rpc.manifest), target.manifest(), 'the origin calls the target')
  const seen = await until('the target to see who came', () =>
    target.visitors.find(({ id }) => id === origin.id),
  )
  t.same(await target.call(seen.manifest), origin.manifest(), 'and the target the origin')
}

test('two ssb-tunnels, one reached through us by the other', async (t) => {
  const relay = await bootRelay(t)
  const bob = await openTarget(t, relay)
  const alice = await openRoomApp(t, { plugin: 'ssb-tunnel' })
  await alice.join(relay)
  await talk(t, alice, bob, rooms1Address(relay.id, bob.id))
  t.equal((await relay.status()).tunnels, 1)
  await alice.close()
  await until('the tunnel to be gone', async () => (await relay.status()).tunnels === 0)
})

test('a Rooms 2 client reaches an ssb-tunnel, and an ssb-tunnel a Rooms 2 client', async (t) => {
  const relay = await bootRelay(t)
  const bob = await openTarget(t, relay)
  const alice = await openRoomApp(t)
  await alice.join(relay)
  await until('Alice to have discovered Bob', () => alice.discovered.has(bob.id))
  await talk(t, alice, bob, rooms2Address(relay.id, bob.id))

  const carol = await openRoomApp(t, { plugin: 'ssb-tunnel' })
  await carol.join(relay)
  await talk(t, carol, alice, rooms1Address(relay.id, alice.id))
})

test('ssb-tunnel is told when nobody is there', async (t) => {
  const relay = await bootRelay(t)
  const alice = await openRoomApp(t, { plugin: 'ssb-tunnel' })
  await alice.join(relay)
  const nobody = ssbKeys.generate().id
  await t.rejects(alice.connect(rooms1Address(relay.id, nobody)))
  t.ok(alice.isIn(relay), 'and stays connected')
})

test('ssb-tunnel comes back by itself after the relay restarts', async (t) => {
  const first = await bootRelay(t)
  const { ssbPort, dataDir } = first
  const bob = await openTarget(t, first)
  const lost = new Promise<void>((resolve) => bob.ssb.once('tunnel:closed', resolve))
  await first.close()
  await lost
  const second = await bootRelay(t, { dataDir, sets: [`ssb.port=${ssbPort}`] })
  await until('Bob to be back', async () => (await second.status()).online === 1, 30_000)
  const alice = await openRoomApp(t)
  await alice.join(second)
  await talk(t, alice, bob, rooms2Address(second.id, bob.id))
})

test('the protocol of a Rooms 1 client: isRoom, announce, endpoints, connect', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.setup({ name: 'Rock pool', description: 'Between the tides' })
  const bob = await connectRoomClient(t, relay)
  const alice = await connectRoomClient(t, relay)
  const names = { name: 'Rock pool', description: 'Between the tides' }
  for (const client of [bob, alice]) {
    t.same(await client.rpc.tunnel.isRoom(), names, 'yes, and which')
    t.ok(await client.rpc.tunnel.announce(client.id), 'announced')
  }
  const [of, to] = [
    watch<string[]>(alice.rpc.tunnel.endpoints()),
    watch<string[]>(bob.rpc.tunnel.endpoints()),
  ]
  await until('both to be told of both', () =>
    [of, to].every(({ items }) => [alice.id, bob.id].every((id) => items.at(-1)?.includes(id))),
  )
  // as Rooms 1 has it: no portal, and an instance
  const friend = await alice.dial(bob.id, { portal: undefined, instance: 0 })
  t.same(await friend.rpc.whoami(), { id: bob.id })
  const seen = await until('Bob to see her', () => bob.visitors[0])
  t.equal(seen.id, alice.id)
  t.same(await seen.rpc.whoami(), { id: alice.id })
  t.match(bob.told, [{ target: bob.id, origin: alice.id, portal: relay.id }])

  t.ok(await alice.rpc.tunnel.leave())
  await until('Bob to be told that she left', () => !to.items.at(-1)?.includes(alice.id))
  await t.rejects(bob.dial(alice.id), 'who has left is not reached')
  t.same(await friend.rpc.whoami(), { id: bob.id }, 'a tunnel that stands, stands')
  t.ok(await alice.rpc.tunnel.announce())
  await until('Bob to be told that she is back', () => to.items.at(-1)?.includes(alice.id))
  t.type(await alice.rpc.tunnel.ping(), 'number')
})
