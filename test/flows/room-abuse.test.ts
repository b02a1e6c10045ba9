// SPDX-License-Identifier: AGPL-3.0-or-later
// Clients that never read, vanish, or connect twice: memory stays bounded and the list of attendants stays correct.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { ALIVE_ANSWER_MS, ALIVE_ASK_MS, PRESENCE_MS, PRESENCE_STREAMS } from '../../src/lib/limits.js'
import { type Client, connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { bootRelay, until, within } from '../helpers/relay.js'
import { connectRoomClient, presentIn, watch } from '../helpers/room-client.js'
import { stretchWire } from '../helpers/room-wire.js'
import { connectRaw } from './raw.js'

type Change = { type: string; id?: string; ids?: string[] }

/** Streams of each kind that are opened and never read: more are refused. */
const UNREAD = PRESENCE_STREAMS
const COMING = 200
const WAVES = 20

test('presence that nobody reads costs the relay a bounded amount, and the others are told', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const wire = await stretchWire(t, relay.ssbPort)
  const raw = await connectRaw({ port: wire.port, relay: relay.id })
  t.teardown(raw.close)
  await raw.answer(raw.call('whoami', 'sync', '[]'))
  wire.stop()
  for (let i = 0; i < UNREAD; i++) {
    raw.call('tunnel.endpoints', 'source', '[]')
    raw.call('room.attendants', 'source', '[]')
  }
  const refused = ['tunnel.endpoints', 'room.attendants'].map((name) => raw.call(name, 'source', '[]'))
  const witness = await connectRoomClient(t, relay)
  const seen = watch<Change>(witness.rpc.room.attendants())
  const lists = watch<string[]>(witness.rpc.tunnel.endpoints())
  await until('the first list', () => lists.items.length > 0)

  const came: Client[] = []
  t.teardown(() => Promise.all(came.map((client) => client.close())))
  for (let wave = 0; wave < WAVES; wave++) {
    const size = COMING / WAVES
    const arriving = Array.from({ length: size }, () =>
      connectClient({ port: relay.ssbPort, relay: relay.id }),
    )
    came.push(...(await Promise.all(arriving)))
    await until('all to be in', async () => (await relay.status()).online === came.length + 2)
    clock.advance(PRESENCE_MS)
    await until('the others to be told', () => lists.items.at(-1)?.length === came.length + 2)
  }
  t.equal(presentIn(seen).size, COMING + 2)
  t.same(await witness.rpc.whoami(), { id: relay.id }, 'others are served')

  // the client that did not read gets what was queued, then the latest state once
  wire.flow()
  await raw.answer(raw.call('whoami', 'sync', '[]'))
  for (const request of refused) t.match((await raw.answer(request)).body, /busy/)
  const newest = JSON.stringify(lists.items.at(-1))
  await until(
    'every stream to end up with the newest list',
    () =>
      new Set(raw.frames.filter(({ body }) => body === newest).map(({ request }) => request)).size === UNREAD,
  )

  // after they disconnect nothing of them is left
  await Promise.all(came.splice(0).map((client) => client.close()))
  await until('all to be gone', async () => (await relay.status()).online === 2)
  clock.advance(PRESENCE_MS)
  await until('that to be told', () => presentIn(seen).size === 2)
  raw.close()
  await until('the idle one to be gone', async () => (await relay.status()).online === 1)
})

test('a client that vanishes without a word leaves the list, and its tunnels end', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const wire = await stretchWire(t, relay.ssbPort)
  const lost = await connectRoomClient(t, relay, { port: wire.port })
  const quiet = await connectRoomClient(t, relay)
  const witness = await connectRoomClient(t, relay)
  const lists = watch<string[]>(witness.rpc.tunnel.endpoints())
  await until('the list', () => lists.items.length > 0)
  for (const client of [lost, quiet]) t.ok(await client.rpc.tunnel.isRoom())
  const tunnel = await witness.dial(lost.id)
  t.same(await tunnel.rpc.whoami(), { id: lost.id })
  clock.advance(PRESENCE_MS)
  await until('three to be listed', () => lists.items.at(-1)?.length === 3)

  wire.vanish()
  // the sweep runs every 15 s: by now it has pinged all silent clients
  clock.advance(ALIVE_ASK_MS + ALIVE_ANSWER_MS / 2)
  await until('those who can to be asked', () => quiet.pings === 1 && witness.pings === 1)
  t.equal(lost.pings, 0, 'the question did not reach the other')
  // their answers were sent before these calls, and the relay reads in order
  for (const client of [quiet, witness]) t.same(await client.rpc.whoami(), { id: relay.id })
  t.equal((await relay.status()).online, 3, 'it is given time to answer')

  clock.advance(ALIVE_ANSWER_MS)
  await within('the tunnel to end', tunnel.closed)
  await until('it to be gone', async () => (await relay.status()).online === 2)
  clock.advance(PRESENCE_MS)
  await until('it to be listed no more', () => !lists.items.at(-1)?.includes(lost.id))
  t.equal(wire.cut, 1)
  t.same(await quiet.rpc.whoami(), { id: relay.id }, 'who answered stays')
  await t.rejects(witness.dial(lost.id), 'nobody is there')
})

test('whoever is asked and answers stays, however little it says otherwise', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const quiet = await connectRoomClient(t, relay)
  t.ok(await quiet.rpc.tunnel.isRoom())
  for (let round = 1; round <= 10; round++) {
    const heard = await relay.status()
    t.equal(heard.online, 1)
    clock.advance(ALIVE_ASK_MS + ALIVE_ANSWER_MS / 2)
    await until('the question', () => quiet.pings === round)
    // the answer reaches the relay's socket first: two turns of the same event loop
    for (let turn = 0; turn < 3; turn++) await relay.status()
  }
  t.same(await quiet.rpc.whoami(), { id: relay.id })
})

test('a client with two connections is one attendant, until the last of them closes', async (t) => {
  const relay = await bootRelay(t)
  const witness = await connectRoomClient(t, relay)
  const told = watch<Change>(witness.rpc.room.attendants())
  const lists = watch<string[]>(witness.rpc.tunnel.endpoints())
  await until('the first words', () => told.items.length > 0 && lists.items.length > 0)
  const keys = ssbKeys.generate()
  const first = await connectRoomClient(t, relay, { keys })
  const second = await connectRoomClient(t, relay, { keys })
  await Promise.all([first.rpc.tunnel.announce(), second.rpc.tunnel.announce()])
  // lists may be told later than changes
  await until('it to be told', () => presentIn(told).has(keys.id) && lists.items.at(-1)?.includes(keys.id))
  t.equal(lists.items.at(-1)?.filter((id) => id === keys.id).length, 1, 'listed once')
  t.equal((await relay.status()).online, 2)

  const friend = await witness.dial(keys.id)
  t.same([first.told.length, second.told.length], [0, 1], 'the newest connection is dialled')
  await second.close()
  await within('what hung on it to end', friend.closed)
  const again = await witness.dial(keys.id)
  t.same(await again.rpc.whoami(), { id: keys.id }, 'the other one is reached')
  t.equal(first.told.length, 1)
  t.equal((await relay.status()).online, 2)
  t.notOk(
    told.items.some(({ type, id }) => type === 'left' && id === keys.id),
    'nobody has left',
  )
  await first.close()
  await until('it to have left', () => !presentIn(told).has(keys.id))
  t.same(
    told.items.filter(({ id }) => id === keys.id).map(({ type }) => type),
    ['joined', 'left'],
    'once each',
  )
  await until('the list to say so', () => lists.items.at(-1)?.length === 1)
})
