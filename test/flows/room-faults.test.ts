// SPDX-License-Identifier: AGPL-3.0-or-later
// Known faults of the room: each test here fails until the fault is fixed, and then moves to its own file.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { type BootedRelay, bootRelay, connectMember, knownCaptchas } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { knockAt } from '../helpers/room-visitor.js'

test('who came in by another door waits at the first no longer', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const { operator } = relay
  await operator.mode('community')
  const bob = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const ways: Array<[string, (keys: ReturnType<typeof ssbKeys.generate>) => Promise<unknown>]> = [
    ['a member vouches', ({ id }) => bob.rpc.follow({ feed: id })],
    ['the operator adds them', ({ id }) => operator.membersAdd(id)],
    [
      'they connect with a directed invite',
      async (keys) => {
        await operator.inviteCreate({ for: keys.id })
        const client = await connectRoomClient(t, relay, { keys })
        await client.rpc.whoami()
      },
    ],
    ['they are blocked', ({ id }) => operator.block(id)],
  ]
  for (const [what, come] of ways) {
    await t.test(what, async (t) => {
      const keys = ssbKeys.generate()
      await knockAt(relay, captchas, keys.id)
      await come(keys)
      t.same(await listedAt(relay), [], 'nobody is left to be answered')
    })
    for (const id of await listedAt(relay)) await operator.knockDecline(id)
  }
})

const listedAt = async ({ operator }: BootedRelay): Promise<string[]> =>
  (await operator.knocksList()).map(({ id }) => id)

test('inviting somebody who has knocked lets them in at once (Matrix: "immediately accept")', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  await relay.operator.mode('community')
  const bob = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const alice = ssbKeys.generate().id
  await knockAt(relay, captchas, alice)
  await bob.rpc.room.createInvite({ for: alice })
  t.ok((await relay.operator.membersList()).some(({ id }) => id === alice))
})

test('a Kelvin sign is no k: only ASCII letters have another case here', async (t) => {
  const relay = await bootRelay(t)
  const bob = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const name = '\u212aelp'
  const signature = signRegistration(bob.keys, relay.id, name)
  await t.rejects(bob.rpc.room.registerAlias(name, signature), { code: 'alias_invalid' })
  await t.rejects(bob.rpc.tunnel.whois(name), { code: 'not_found' })
})
