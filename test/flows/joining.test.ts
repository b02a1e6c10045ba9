// SPDX-License-Identifier: AGPL-3.0-or-later
// Joining, in each mode (Rooms 2) and by each way of the join workflow: invitation, directory, public join and knock.

import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { DAY, HOUR } from '../../src/lib/limits.js'
import type { Operator } from '../../src/operator/protocol.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { type BootedRelay, bootRelay, until, within } from '../helpers/relay.js'
import { connectRoomClient, type RoomClient, watch } from '../helpers/room-client.js'
import { MODES, type Mode } from './table.js'

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

const followed = async ({ operator }: { operator: Operator }, id: string): Promise<boolean> =>
  (await operator.membersList()).some((row) => row.id === id)

async function connectFollowed(t: Test, relay: BootedRelay, role?: 'moderator'): Promise<RoomClient> {
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  if (role) await relay.operator.membersRole(keys.id, role)
  return connectRoomClient(t, relay, { keys })
}

/** What an app does with a code: the guest's handshake, the use, the goodbye. */
async function useCode(t: Test, relay: BootedRelay, code: string, feed: string): Promise<unknown> {
  const guest = await connectClient({
    ...at(relay),
    keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
  })
  t.teardown(() => guest.close())
  try {
    return await guest.rpc.invite.use({ feed })
  } finally {
    await guest.close()
  }
}

/** True if this key is an internal user: it is admitted and listed. */
async function isInternal(t: Test, relay: BootedRelay, keys: Keys): Promise<boolean> {
  const client = await connectRoomClient(t, relay, { keys }).catch(() => null)
  if (!client) return false
  const { membership } = await client.rpc.room.metadata()
  await client.close()
  return membership
}

/** Who may create invites in each mode, and who may not. */
const MAKERS: Record<Mode, { may: 'member' | 'moderator'; mayNot: 'stranger' | 'member' }> = {
  open: { may: 'member', mayNot: 'stranger' },
  community: { may: 'member', mayNot: 'stranger' },
  restricted: { may: 'moderator', mayNot: 'member' },
}

for (const mode of MODES) {
  test(`joining by a one-time code: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const { may, mayNot } = MAKERS[mode]
    await relay.operator.mode(mode)
    const bob = await connectFollowed(t, relay, may === 'moderator' ? may : undefined)
    const mallory = await (mayNot === 'member' ? connectFollowed(t, relay) : connectRoomClient(t, relay))
    await t.rejects(mallory.rpc.room.createInvite({}), { code: 'not_allowed' }, `no ${mayNot} makes one`)
    const { code, link, expires } = await bob.rpc.room.createInvite({ note: 'for Alice' })
    t.match(code, /^127\.0\.0\.1:\d+:@[^~]+\.ed25519~[A-Za-z0-9+/]{43}=$/)
    t.equal(link === null || link.startsWith('http'), true)
    t.ok(expires > Date.now() + 6 * DAY, 'it expires, in a week')

    const alice = ssbKeys.generate()
    const before = await isInternal(t, relay, alice)
    t.equal(before, mode === 'open', 'Alice is external, except where everyone is internal')
    t.match(await useCode(t, relay, code, alice.id), { value: { content: { contact: alice.id } } })
    t.ok(await followed(relay, alice.id))
    t.ok(await isInternal(t, relay, alice), 'Alice is an internal user')
    const mel = ssbKeys.generate()
    await t.rejects(useCode(t, relay, code, mel.id), { message: 'invite used up' })
    await t.rejects(useCode(t, relay, code, alice.id), { message: 'already following' })
    t.notOk(await followed(relay, mel.id))
    const forged = code.replace(/~.*/, `~${ssbKeys.generate().public.replace('.ed25519', '')}`)
    const words =
      mode === 'restricted' ? /could not connect|ended|hung up|closed|authorized/ : /^invite unknown$/
    await t.rejects(useCode(t, relay, forged, mel.id), { message: words }, 'a key of no code is a stranger')
    t.match(
      (await relay.operator.inviteList()).map(({ used, note }) => [used, note]),
      [[1, 'for Alice']],
    )
  })

  test(`a directed invitation: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const { may, mayNot } = MAKERS[mode]
    await relay.operator.mode(mode)
    const bob = await connectFollowed(t, relay, may === 'moderator' ? may : undefined)
    const mallory = await (mayNot === 'member' ? connectFollowed(t, relay) : connectRoomClient(t, relay))
    const [alice, carol, mel] = [ssbKeys.generate(), ssbKeys.generate(), ssbKeys.generate()]
    await t.rejects(mallory.rpc.room.createInvite({ for: alice.id }), { code: 'not_allowed' })
    for (const wrong of ['alice', 7, {}, [alice.id]])
      await t.rejects(bob.rpc.room.createInvite({ for: wrong }), { code: 'bad_feed_id' })

    await bob.rpc.room.createInvite({ for: alice.id })
    t.notOk(await followed(relay, alice.id), 'nothing happens until she comes')
    const client = await connectRoomClient(t, relay, { keys: alice })
    t.match(await client.rpc.room.metadata(), { membership: true }, 'connecting is enough')
    t.ok(await followed(relay, alice.id))
    t.match((await relay.operator.inviteList())[0], { for: alice.id, used: 1, state: 'used up' })
    await client.close()
    t.ok(await isInternal(t, relay, alice), 'and she may come again')
    t.equal((await relay.operator.inviteList())[0]?.used, 1)

    const { code } = await bob.rpc.room.createInvite({ for: carol.id })
    await t.rejects(useCode(t, relay, code, mel.id), { message: 'invite unknown' }, 'no use to anyone else')
    t.notOk(await followed(relay, mel.id))
    t.match((await relay.operator.inviteList()).at(-1), { used: 0, state: 'live' }, 'and it is not spent')
    t.match(await useCode(t, relay, code, carol.id), { value: { content: { contact: carol.id } } })
    t.ok(await isInternal(t, relay, carol))
  })

  test(`invitations are listed and withdrawn: ${mode}`, async (t) => {
    const relay = await bootRelay(t)
    const { operator } = relay
    await operator.mode(mode)
    const [alice, carol] = [ssbKeys.generate(), ssbKeys.generate()]
    const directed = await operator.inviteCreate({ for: alice.id })
    const open = await operator.inviteCreate({ note: 'whoever' })
    t.same(
      (await operator.inviteList()).map(({ id, for: to, state }) => [id, to, state]).sort(),
      [
        [directed.id, alice.id, 'live'],
        [open.id, null, 'live'],
      ].sort(),
    )
    await operator.inviteRevoke(directed.id)
    await operator.inviteRevoke(open.code)
    t.equal(await isInternal(t, relay, alice), mode === 'open', 'she is whoever she was without it')
    t.notOk(await followed(relay, alice.id))
    for (const { code } of [directed, open])
      await t.rejects(useCode(t, relay, code, carol.id), { message: 'invite unknown' })
    t.same(new Set((await operator.inviteList()).map(({ state }) => state)), new Set(['revoked']))
  })
}

test('a blocked feed comes in by no invitation, and others like it are not spent', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const alice = ssbKeys.generate()
  const { code } = await operator.inviteCreate({ for: alice.id })
  await operator.block(alice.id)
  await t.rejects(connectClient({ ...at(relay), keys: alice }))
  await t.rejects(useCode(t, relay, code, alice.id), { message: 'invite unknown' })
  t.match(await operator.inviteList(), [{ used: 0, state: 'revoked' }])
  await operator.unblock(alice.id)
  await isInternal(t, relay, alice)
  t.notOk(await followed(relay, alice.id), 'unblocked is not invited')
})

test('a directory: the name of a member leads to its id, in the mode that lets it', async (t) => {
  const relay = await bootRelay(t)
  const bob = await connectFollowed(t, relay)
  const stranger = await connectRoomClient(t, relay)
  await bob.rpc.room.registerAlias('bob', signRegistration(bob.keys, relay.id, 'bob'))
  for (const spelling of ['bob', 'Bob', 'BOB'])
    t.equal(await stranger.rpc.tunnel.whois(spelling), bob.id, spelling)
  await relay.operator.mode('community')
  const outsider = await connectRoomClient(t, relay)
  await t.rejects(outsider.rpc.tunnel.whois('bob'), { code: 'not_found' }, 'for members only')
  const carol = await connectFollowed(t, relay)
  t.equal(await carol.rpc.tunnel.whois('bob'), bob.id)
  await relay.operator.mode('restricted')
  await t.rejects(carol.rpc.tunnel.whois('bob'), { code: 'not_found' })
  await relay.operator.mode('open')
  await relay.operator.membersRemove(bob.id)
  await t.rejects(carol.rpc.tunnel.whois('bob'), { code: 'not_found' }, 'its owner is a member no more')
})

test('a public join: in an open room, coming is joining', async (t) => {
  const relay = await bootRelay(t)
  const bob = await connectFollowed(t, relay)
  const endpoints = watch<string[]>(bob.rpc.tunnel.endpoints())
  const alice = await connectRoomClient(t, relay)
  await until('Alice to be listed', () => endpoints.items.at(-1)?.includes(alice.id))
  t.notOk(await followed(relay, alice.id), 'a place in the room is no membership')
  await alice.close()
  await until('Alice to be gone', () => !endpoints.items.at(-1)?.includes(alice.id))
})

test('an expiry is kept over restarts, and each kind of invitation ends by it', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const bob = await connectFollowed(t, relay)
  const [alice, carol] = [ssbKeys.generate(), ssbKeys.generate()]
  const { code: plain, expires } = await bob.rpc.room.createInvite({})
  const { code: directed } = await bob.rpc.room.createInvite({ for: alice.id })
  await bob.rpc.room.createInvite({ for: carol.id, expires_days: 8 })
  t.equal(expires, clock.now() + 7 * DAY)
  await bob.close()
  await relay.operator.mode('community')

  clock.advance(6 * DAY)
  await relay.restart()
  t.same(
    (await relay.operator.inviteList()).map(({ state }) => state),
    ['live', 'live', 'live'],
  )
  clock.advance(DAY)
  await relay.restart()
  t.same((await relay.operator.inviteList()).map(({ state }) => state).sort(), ['expired', 'expired', 'live'])
  await t.rejects(useCode(t, relay, plain, alice.id), { message: 'invite expired' })
  await t.rejects(useCode(t, relay, directed, alice.id), { message: 'invite expired' })
  t.notOk(await isInternal(t, relay, alice), 'an invitation that has expired lets nobody in')
  t.ok(await isInternal(t, relay, carol), 'one that has not, does')

  clock.advance(33 * DAY)
  await relay.restart()
  await until('all to be forgotten', async () => (await relay.operator.inviteList()).length === 0)
  await t.rejects(useCode(t, relay, plain, alice.id), { message: 'invite unknown' })
})

test('an invitation expires while the relay runs, without a restart', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const alice = ssbKeys.generate()
  await relay.operator.inviteCreate({ for: alice.id, expires_days: 1 / 24 })
  await relay.operator.mode('restricted')
  clock.advance(HOUR)
  t.match(await relay.operator.inviteList(), [{ state: 'expired' }])
  await t.rejects(within('the door', connectClient({ ...at(relay), keys: alice })))
})
