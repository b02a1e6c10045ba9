// SPDX-License-Identifier: AGPL-3.0-or-later
// The sequence diagrams of Rooms 1, each a test whose steps are the diagram's lines.

import { createRequire } from 'node:module'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { collect } from '../helpers/client.js'
import { Visitor } from '../helpers/http.js'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'
import { connectRoomClient, type RoomClient, type Watched, watch } from '../helpers/room-client.js'
import { askWhois, openInviteOn, parseAddress, type Room, unwrapInvite } from '../helpers/room-visitor.js'

const require = createRequire(import.meta.url)
const { isOpenRoomInvite } = require('ssb-room-client/lib/utils')

const NAME = 'Rock pool'
const DESCRIPTION = 'Between the tides, <b>everyone</b> & nobody'

/** "The room has been set up as public." */
async function publicRoom(t: Test): Promise<BootedRelay> {
  const relay = await bootRelay(t)
  await relay.operator.setup({ name: NAME, description: DESCRIPTION })
  return relay
}

/** `A->>R: this.conn.connect(msAddr)` and `R-->>A: done`. */
async function connectTo(t: Test, relay: BootedRelay, { host, port, id }: Room): Promise<RoomClient> {
  t.same([host, port, id], ['127.0.0.1', relay.ssbPort, relay.id], 'the address is the relay’s')
  const client = await connectRoomClient(t, relay, { port })
  t.same(await client.rpc.whoami(), { id }, 'done')
  return client
}

/** `rpc.tunnel.isRoom`: yes; `rpc.tunnel.announce(id)`: ok; and `rpc.tunnel.endpoints()`, which stays open. */
async function enter(t: Test, client: RoomClient): Promise<Watched<string[]>> {
  t.match(await client.rpc.tunnel.isRoom(), { name: NAME, description: DESCRIPTION }, 'yes')
  t.ok(await client.rpc.tunnel.announce(client.id), 'ok')
  return watch(client.rpc.tunnel.endpoints())
}

async function listed(what: string, endpoints: Watched<string[]>, ids: string[]): Promise<void> {
  const wanted = JSON.stringify([...ids].sort())
  await until(what, () => JSON.stringify([...(endpoints.items.at(-1) ?? [])].sort()) === wanted)
}

/** Bob, already in the room. */
async function joined(t: Test, relay: BootedRelay): Promise<RoomClient> {
  const client = await connectRoomClient(t, relay)
  await client.rpc.tunnel.announce(client.id)
  return client
}

/**
 * `A->>R: rpc.tunnel.connect(bobId)`, `R->>B: rpc.tunnel.connect(bobId)`, and the streams set up both ways: a secret
 * handshake between the two apps runs in them, then each calls the other.
 */
async function meet(t: Test, relay: BootedRelay, alice: RoomClient, bob: RoomClient): Promise<void> {
  const before = bob.visitors.length
  const friend = await alice.dial(bob.id)
  t.match(bob.told.at(-1), { target: bob.id, origin: alice.id, portal: relay.id }, 'the room dials on')
  t.equal(friend.id, bob.id, 'the other end is who it should be')
  t.same(await friend.rpc.whoami(), { id: bob.id })
  const seen = await until('the other end to see who came', () => bob.visitors[before])
  t.equal(seen.id, alice.id)
  t.same(await seen.rpc.whoami(), { id: alice.id }, 'and calls back')
  // each reads the other's feed
  t.match(
    (await collect<{ value: unknown }>(seen.rpc.createHistoryStream({ id: alice.id }))).at(-1),
    { value: { author: alice.id, content: { type: 'contact', contact: bob.id, following: true } } },
    'whom it reads about itself',
  )
}

test('setting up a room', async (t) => {
  const relay = await bootRelay(t, { setUp: false })
  const alice = new Visitor(relay.webUrl)
  // the link of the installer's page is the one that `start` printed
  const { setup_token: token } = await relay.operator.settings()

  await t.test('A->>R: GET HTML page; R-->>A: page asking to configure NAME and DESCRIPTION', async (t) => {
    const first = await alice.get('/')
    t.match([first.status, first.headers.location], [303, '/setup'])
    const page = await alice.get(`/setup?token=${token}`)
    t.equal(page.status, 200)
    t.match(page.text, /<form[^>]+method="post"[^>]+action="\/setup"/)
    t.match(page.text, /<input[^>]+name="name"/)
    t.match(page.text, /<(input|textarea)[^>]+name="description"/)
    t.notOk(openInviteOn(page.text), 'and no invite yet')
  })

  await t.test('A->>R: POST with NAME and DESCRIPTION; R-->>A: the room’s info and SSB invite', async (t) => {
    const fields = { token: token ?? '', name: NAME, description: DESCRIPTION }
    const posted = await alice.post('/setup', fields)
    t.match(posted, { status: 200, text: `<h1>${NAME} is ready` })
    const page = await alice.get('/')
    t.equal(page.status, 200)
    t.match(page.text, NAME)
    t.match(page.text, 'Between the tides, &lt;b&gt;everyone&lt;/b&gt; &amp; nobody', 'as text')
    const invite = openInviteOn(page.text)
    t.ok(isOpenRoomInvite(invite), 'the invite is one to ssb-room-client')
    t.match(await relay.status(), { name: NAME, mode: 'open' })
  })
})

test('joining the room by visiting its website', async (t) => {
  const relay = await publicRoom(t)
  const bob = await joined(t, relay)
  const page = await new Visitor(relay.webUrl).get('/')
  t.match(page.text, NAME)
  const msAddr = unwrapInvite(openInviteOn(page.text) ?? '')
  const alice = await connectTo(t, relay, msAddr)
  const endpoints = await enter(t, alice)
  await listed('[aliceId, bobId]', endpoints, [alice.id, bob.id])

  const peers = [alice.id, bob.id]
  for (let n = 0; n < 3; n++) {
    const peer = await connectTo(t, relay, msAddr)
    await peer.rpc.tunnel.announce(peer.id)
    peers.push(peer.id)
    await listed('On announce(): [aliceId, bobId, ..., NEWPEER]', endpoints, peers)
  }
  t.equal(new Set(endpoints.items.at(-1)).size, 5, 'each once')
})

test('joining the room using only its hostname', async (t) => {
  const relay = await publicRoom(t)
  const reply = await askWhois(relay)
  t.equal(reply.status, 200)
  t.match(reply.headers['content-type'], /^text\/plain/)
  const alice = await connectTo(t, relay, parseAddress(reply.text.trim()))
  const endpoints = await enter(t, alice)
  await listed('[aliceId]', endpoints, [alice.id])
})

test("connecting to a friend's room alias", async (t) => {
  const relay = await publicRoom(t)
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const bob = await connectRoomClient(t, relay, { keys })
  await bob.rpc.tunnel.announce(bob.id)
  await bob.rpc.room.registerAlias('bob', signRegistration(keys, relay.id, 'bob'))

  const [, alias = '', hostname = ''] = '@bob@127.0.0.1'.split('@')
  const reply = await askWhois(relay)
  const room = parseAddress(reply.text.trim())
  t.equal(room.host, hostname)
  const alice = await connectTo(t, relay, room)
  const endpoints = await enter(t, alice)
  await listed('[aliceId, bobId]', endpoints, [alice.id, bob.id])
  const bobId = await alice.rpc.tunnel.whois(alias)
  t.equal(bobId, bob.id)
  alice.follow(bobId)
  await meet(t, relay, alice, bob)
})

/** "Alice has joined the Room. Bob has also joined the Room." */
async function bothIn(t: Test) {
  const relay = await publicRoom(t)
  const [alice, bob] = [await joined(t, relay), await joined(t, relay)]
  for (const { id, rpc } of [alice, bob])
    await listed(`${id} is told [aliceId, bobId]`, watch<string[]>(rpc.tunnel.endpoints()), [
      alice.id,
      bob.id,
    ])
  return { relay, alice, bob }
}

test('establishing new friendships through the room', async (t) => {
  const { relay, alice, bob } = await bothIn(t)
  await t.test('Alice follows Bob, and connects to him', async (t) => {
    alice.follow(bob.id)
    await meet(t, relay, alice, bob)
  })
  await t.test('Bob follows Alice, and connects to her', async (t) => {
    bob.follow(alice.id)
    await meet(t, relay, bob, alice)
  })
  t.equal((await relay.status()).tunnels, 2)
})

test('connecting to existing friendships through the room', async (t) => {
  for (const who of ['Alice follows Bob', 'Bob follows Alice'] as const) {
    await t.test(who, async (t) => {
      const { relay, alice, bob } = await bothIn(t)
      const [origin, target] = who.startsWith('Alice') ? [alice, bob] : [bob, alice]
      origin.follow(target.id)
      await meet(t, relay, origin, target)
      t.same(origin.told, [], 'and nobody else dials')
      t.equal((await relay.status()).tunnels, 1)
    })
  }
})
