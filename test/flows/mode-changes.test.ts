// SPDX-License-Identifier: AGPL-3.0-or-later
// Changes of mode, role and block: they survive a restart and take effect at once on connections, streams and tunnels.

import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { type BootedRelay, bootRelay, until, within } from '../helpers/relay.js'
import { connectRoomClient, presentIn, type RoomClient, watch } from '../helpers/room-client.js'
import { MODES } from './table.js'

/** Milliseconds that "at once" may take on a busy machine. */
const AT_ONCE = 2000

type Change = { type: string; id?: string; ids?: string[] }

async function connectFollowed(t: Test, relay: BootedRelay, role?: 'moderator'): Promise<RoomClient> {
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  if (role) await relay.operator.membersRole(keys.id, role)
  const client = await connectRoomClient(t, relay, { keys })
  await client.rpc.whoami()
  return client
}

const fresh = () => ({ feed: ssbKeys.generate().id })

test('a mode is kept over a restart and holds from its first moment', async (t) => {
  const relay = await bootRelay(t)
  t.match(await relay.status(), { mode: 'open' }, 'the default')
  for (const mode of MODES) {
    await relay.operator.mode(mode)
    await relay.restart()
    t.match(await relay.status(), { mode })
    const coming = connectRoomClient(t, relay)
    if (mode === 'restricted') await t.rejects(coming, 'refused')
    else {
      const client = await coming
      const { membership } = await client.rpc.room.metadata()
      t.equal(membership, mode === 'open')
      await client.close()
    }
  }
  await t.rejects(relay.operator.mode('shut' as 'open'), { code: 'bad_argument' })
  t.match(await relay.status(), { mode: 'restricted' })
})

for (const mode of ['community', 'restricted'] as const) {
  test(`strangers are cut off when an open room becomes ${mode}, and members stay`, async (t) => {
    const relay = await bootRelay(t)
    const member = await connectFollowed(t, relay)
    const stranger = await connectRoomClient(t, relay)
    const other = await connectRoomClient(t, relay)
    const endpoints = watch<string[]>(stranger.rpc.tunnel.endpoints())
    const attendants = watch<Change>(stranger.rpc.room.attendants())
    const seen = watch<string[]>(member.rpc.tunnel.endpoints())
    const told = watch<Change>(member.rpc.room.attendants())
    const tunnel = await member.dial(stranger.id)
    const between = await stranger.dial(other.id)
    t.same(await tunnel.rpc.whoami(), { id: stranger.id })
    t.same(await between.rpc.whoami(), { id: other.id })
    await until('all three to be listed', () => seen.items.at(-1)?.length === 3)

    await relay.operator.mode(mode)
    await within('both to be cut off', Promise.all([stranger.closed, other.closed]), AT_ONCE)
    await within('their tunnels to end', Promise.all([tunnel.closed, between.closed]), AT_ONCE)
    await until('their streams to end', () => endpoints.ended && attendants.ended, AT_ONCE)
    t.equal((await relay.status()).tunnels, 0)
    await until('the list to say so', () => seen.items.at(-1)?.length === 1)
    t.same(seen.items.at(-1), [member.id])
    await until('and the changes', () => presentIn(told).size === 1)
    t.equal(seen.ended, null, 'the streams of members go on')
    t.same(await member.rpc.whoami(), { id: relay.id })
    await t.rejects(member.dial(stranger.id), 'who is gone is not reached')
  })
}

test('external users are cut off when a community becomes restricted', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.mode('community')
  const member = await connectFollowed(t, relay)
  const stranger = await connectRoomClient(t, relay)
  const tunnel = await stranger.dial(member.id)
  t.same(await tunnel.rpc.whoami(), { id: member.id }, 'who knows a member may call at its door')
  await relay.operator.mode('restricted')
  await within('the stranger to be cut off', stranger.closed, AT_ONCE)
  await within('its tunnel to end', tunnel.closed, AT_ONCE)
  t.same(await member.rpc.whoami(), { id: relay.id })
})

test('external users become internal when a community opens, without coming again', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.mode('community')
  const member = await connectFollowed(t, relay)
  const told = watch<Change>(member.rpc.room.attendants())
  const stranger = await connectRoomClient(t, relay)
  await stranger.rpc.whoami()
  t.match(await stranger.rpc.room.metadata(), { membership: false })
  await t.rejects(stranger.rpc.tunnel.announce(), { code: 'not_allowed' })
  await relay.operator.mode('open')
  await until('it to be listed', () => presentIn(told).has(stranger.id))
  t.match(await stranger.rpc.room.metadata(), { membership: true })
  const friend = await member.dial(stranger.id)
  t.same(await friend.rpc.whoami(), { id: stranger.id }, 'and it is reached')
  const endpoints = watch<string[]>(stranger.rpc.tunnel.endpoints())
  await until('it may list', () => endpoints.items[0]?.length === 2)
})

test('calls on a live connection are judged by the mode and the role of the moment', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const member = await connectFollowed(t, relay)
  const warden = await connectFollowed(t, relay, 'moderator')
  let names = 0
  const name = ({ rpc, keys }: RoomClient) => {
    names += 1
    return rpc.room.registerAlias(`n${names}`, signRegistration(keys, relay.id, `n${names}`))
  }
  const refused = { code: 'not_allowed' }

  await member.rpc.follow(fresh())
  await member.rpc.room.createInvite({})
  await name(member)

  await operator.mode('restricted')
  await t.rejects(member.rpc.follow(fresh()), refused)
  await t.rejects(member.rpc.room.createInvite({}), refused)
  await t.rejects(name(member), refused)
  await t.rejects(name(warden), refused, 'no aliases, whoever asks')
  await t.rejects(member.rpc.tunnel.whois('n1'), { code: 'not_found' })
  await warden.rpc.follow(fresh())
  await warden.rpc.room.createInvite({})

  await operator.membersRole(warden.id, 'member')
  await t.rejects(warden.rpc.follow(fresh()), refused, 'a moderator no more')
  await operator.membersRole(member.id, 'moderator')
  await member.rpc.follow(fresh())
  await operator.membersRole(member.id, 'admin')
  await member.rpc.room.createInvite({})

  await operator.mode('community')
  await warden.rpc.follow(fresh())
  await name(warden)
  t.equal(await warden.rpc.tunnel.whois('n1'), member.id, 'the names are back')
  t.equal(member.rpc.closed, false)
})

test('whoever is blocked or unfollowed loses streams and tunnels at once', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const member = await connectFollowed(t, relay)
  const told = watch<Change>(member.rpc.room.attendants())
  const cases: Array<[string, () => Promise<RoomClient>, (id: string) => Promise<unknown>]> = [
    ['a stranger is blocked', () => connectRoomClient(t, relay), (id) => operator.block(id)],
    ['a member is blocked', () => connectFollowed(t, relay), (id) => operator.block(id)],
    ['a moderator is blocked', () => connectFollowed(t, relay, 'moderator'), (id) => operator.block(id)],
    ['a member is unfollowed', () => connectFollowed(t, relay), (id) => operator.membersRemove(id)],
  ]
  for (const [what, come, act] of cases) {
    await t.test(what, async (t) => {
      const client = await come()
      const streams = [watch(client.rpc.tunnel.endpoints()), watch(client.rpc.room.attendants())]
      const tunnel = await client.dial(member.id)
      const back = await member.dial(client.id)
      await until('it to be listed', () => presentIn(told).has(client.id))
      await act(client.id)
      await within('the connection to end', client.closed, AT_ONCE)
      await within('the tunnels to end', Promise.all([tunnel.closed, back.closed]), AT_ONCE)
      await until('the streams to end', () => streams.every(({ ended }) => ended), AT_ONCE)
      await until('it to be told', () => !presentIn(told).has(client.id))
      const again = connectRoomClient(t, relay, { keys: client.keys })
      if (what.endsWith('blocked')) await t.rejects(again, 'the door is shut')
      else {
        const { rpc } = await again
        t.match(await rpc.room.metadata(), { membership: true }, 'it may come back as a stranger may')
        await t.rejects(rpc.follow(fresh()), { code: 'not_allowed' })
      }
    })
  }
})

test('a stranger who is followed is a member on the connection it has', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.mode('community')
  const client = await connectRoomClient(t, relay)
  t.match(await client.rpc.room.metadata(), { membership: false })
  await relay.operator.membersAdd(client.id)
  t.match(await client.rpc.room.metadata(), { membership: true })
  await client.rpc.follow(fresh())
  t.equal((await relay.status()).online, 1)
})
