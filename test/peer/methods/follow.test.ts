// SPDX-License-Identifier: AGPL-3.0-or-later
// follow: a member's word for another feed, over the real socket.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { startTestPeer } from '../../helpers/peer.js'

t.test('a member vouches, gets `already following`, and withdraws', async (t) => {
  const { connect, follow, store } = await startTestPeer(t)
  const [member, other] = [ssbKeys.generate(), ssbKeys.generate()]
  await follow(member.id)
  await follow(other.id)
  const { rpc } = await connect(member)
  const friend = ssbKeys.generate().id
  t.match(await rpc.follow(friend), { key: /^%/, value: { content: { contact: friend, following: true } } })
  t.same(store.members.vouchedBy(member.id), [friend])
  await t.rejects(rpc.follow({ feed: friend }), { code: 'already_following', message: 'already following' })
  await t.rejects(rpc.follow({ feed: other.id }), { code: 'already_following' })
  await t.rejects(
    rpc.follow({ feed: other.id, following: false }),
    { code: 'not_following' },
    'another’s is not ours',
  )
  t.match(await rpc.follow({ feed: friend, following: false }), {
    value: { content: { contact: friend, following: false } },
  })
  t.notOk(store.members.has(friend))
})

t.test('invalid feeds are rejected', async (t) => {
  const { connect, follow, store, peer } = await startTestPeer(t)
  const member = ssbKeys.generate()
  await follow(member.id)
  const blocked = ssbKeys.generate().id
  await store.members.block(blocked, '')
  const { rpc } = await connect(member)
  const wrong: Array<[unknown, string]> = [
    [null, 'bad_argument'],
    [7, 'bad_argument'],
    [[], 'bad_argument'],
    [{}, 'bad_feed_id'],
    ['', 'bad_feed_id'],
    ['__proto__', 'bad_feed_id'],
    [{ feed: [blocked] }, 'bad_feed_id'],
    [{ feed: blocked, following: 'yes' }, 'bad_argument'],
    [{ feed: blocked }, 'not_allowed'],
    [{ feed: peer.id }, 'not_allowed'],
  ]
  for (const [argument, code] of wrong)
    await t.rejects(rpc.follow(argument), { code }, JSON.stringify(argument))
  t.same(store.members.vouchedBy(member.id), [])
})
