// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-room-client with ssb-conn, as Manyverse runs them: presence, tunnels to friends, aliases, and coming back.

import { createRequire } from 'node:module'
import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { type BootedRelay, bootRelay, until, within } from '../helpers/relay.js'
import { openRoomApp, type RoomApp } from '../helpers/room-app.js'
import { connectRoomClient } from '../helpers/room-client.js'

const require = createRequire(import.meta.url)
const { toTunnelAddress } = require('ssb-room-client/lib/utils')

/** An app of a member, in the room and told who else is. */
async function enter(t: Test, relay: BootedRelay, keys: Keys = ssbKeys.generate()): Promise<RoomApp> {
  const members = await relay.operator.membersList()
  if (!members.some(({ id }) => id === keys.id)) await relay.operator.membersAdd(keys.id)
  const app = await openRoomApp(t, { keys })
  await app.join(relay)
  return app
}

/** Who one app finds in the other, on each side, and that both can be called through the tunnel. */
async function callEachOther(t: Test, relay: BootedRelay, alice: RoomApp, bob: RoomApp): Promise<void> {
  const rpc = await alice.connect(toTunnelAddress(relay.id, bob.id))
  t.equal(rpc.id, bob.id, 'the handshake inside the tunnel is with Bob')
  t.same(await alice.call(rpc.manifest), bob.manifest(), 'who answers as he would anyone')
  const seen = await until('Bob to see who came', () => bob.visitors.find(({ id }) => id === alice.id))
  t.equal(seen.stream.address.split('~')[0], `tunnel:${relay.id}:${alice.id}`)
  t.same(await bob.call(seen.manifest), alice.manifest(), 'and he can call her by the same tunnel')
}

test('two apps see each other in the room, and talk through a tunnel both ways', async (t) => {
  const relay = await bootRelay(t)
  const alice = await enter(t, relay)
  const bob = await enter(t, relay)
  await until('each to have discovered the other', () =>
    [alice.discovered.has(bob.id), bob.discovered.has(alice.id)].every(Boolean),
  )
  t.match(alice.discovered.get(bob.id), { room: relay.id, address: toTunnelAddress(relay.id, bob.id) })
  await until('both to be counted', () => alice.roomData().onlineCount === 2)
  t.match(alice.roomData(), { type: 'room', membership: true, openInvites: true, supportsRoom2: true })
  await callEachOther(t, relay, alice, bob)
  t.equal((await relay.status()).tunnels, 1)

  await bob.close()
  await until('Alice to be told that Bob left', () => alice.roomData().onlineCount === 1)
  await until('the tunnel to be gone', async () => (await relay.status()).tunnels === 0)
})

test('and the other way round, by whoever dials', async (t) => {
  const relay = await bootRelay(t)
  const alice = await enter(t, relay)
  const bob = await enter(t, relay)
  await callEachOther(t, relay, bob, alice)
})

test('in a community and in a restricted room, members meet and strangers do not', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.mode('community')
  const alice = await enter(t, relay)
  const bob = await enter(t, relay)
  await callEachOther(t, relay, alice, bob)
  t.notOk(alice.roomData().openInvites)

  const stranger = await openRoomApp(t)
  await stranger.join(relay)
  await until('it to have looked', () => stranger.roomData().type === 'room')
  t.notOk(stranger.roomData().membership)
  t.same([...stranger.discovered.keys()], [], 'it sees nobody')
  await relay.operator.mode('restricted')
  await until('it to be cut off', () => !stranger.isIn(relay))
  await t.rejects(stranger.join(relay), 'and not let in again')
  t.ok(alice.isIn(relay))
})

test("a friend's alias: ssb-room-client registers it, and gives it up", async (t) => {
  const relay = await bootRelay(t)
  const bob = await enter(t, relay)
  const alice = await enter(t, relay)
  const register = (app: RoomApp, alias: string) =>
    app.call(app.ssb.roomClient.registerAlias, relay.id, alias)
  await register(bob, 'bob')
  const finder = await connectRoomClient(t, relay)
  t.equal(await finder.rpc.tunnel.whois('bob'), bob.id)
  await t.rejects(register(alice, 'bob'), { message: /alias taken/ })
  await bob.call(bob.ssb.roomClient.revokeAlias, relay.id, 'bob')
  await t.rejects(finder.rpc.tunnel.whois('bob'), { code: 'not_found' })
  await register(alice, 'bob')
  t.equal(await finder.rpc.tunnel.whois('bob'), alice.id)
})

test('ssb-conn comes back by itself after the relay restarts', async (t) => {
  // the port must be the same: it is all that the app remembers of us
  const first = await bootRelay(t)
  const { ssbPort, dataDir } = first
  const alice = await enter(t, first)
  const bob = await enter(t, first)
  alice.remember()
  bob.remember()
  alice.startScheduler()
  bob.startScheduler()
  await first.close()
  await until('both to notice', () => !alice.isIn(first) && !bob.isIn(first))
  alice.discovered.clear()
  bob.discovered.clear()
  const second = await bootRelay(t, { dataDir, sets: [`ssb.port=${ssbPort}`] })
  await until('both to be back', async () => (await second.status()).online === 2, 60_000)
  // connected is not yet ready: the apps take tunnels only once they have found out that this is a room
  await until(
    'each to see the other again',
    () => alice.discovered.has(bob.id) && bob.discovered.has(alice.id),
  )
  alice.visitors.length = 0
  bob.visitors.length = 0
  await within('them to talk', callEachOther(t, second, alice, bob), 20_000)
})
