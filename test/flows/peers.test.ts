// SPDX-License-Identifier: AGPL-3.0-or-later
// Two relays keep each other's feeds: one is lost for good, and the other has the feeds of its members whole.

import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { CALL_AGAIN_MS } from '../../src/peer/exchange/link.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { createTestFeed, historyOf, type TestFeed } from '../helpers/feed.js'
import { type BootedRelay, bootRelay, connectMember, until } from '../helpers/relay.js'

interface Stored {
  value: { sequence: number }
}

/** What a member of a relay can read of a feed there. */
async function readAt(t: Test, relay: BootedRelay, id: string): Promise<number[]> {
  const { rpc } = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const stored = await collect<Stored>(rpc.createHistoryStream({ id }))
  return stored.map(({ value }) => value.sequence)
}

/** A member whose app sends its feed to a relay. */
async function author(t: Test, relay: BootedRelay, count: number): Promise<TestFeed> {
  const feed = createTestFeed()
  feed.post(count)
  const app = await connectMember(t, relay, {
    keys: feed.keys,
    api: { createHistoryStream: historyOf(feed) },
  })
  await app.rpc.whoami()
  await until('the feed', async () => (await stored(relay, feed.id)) === count)
  return feed
}

async function stored(relay: BootedRelay, id: string): Promise<number | undefined> {
  return (await relay.operator.membersList()).find((member) => member.id === id)?.messages
}

/** Both operators add the other relay; the first one calls, with an invite of the second. */
async function introduce(one: BootedRelay, other: BootedRelay, feeds = 'both' as const): Promise<void> {
  const { code } = await other.operator.inviteCreate({ host: '127.0.0.1' })
  await one.operator.peerAdd(code, feeds)
  await other.operator.peerAdd(one.id, feeds)
  await until('a connection', async () => (await one.operator.peerList())[0]?.connected === true)
}

t.test('one of two relays is lost, and its members feeds are whole at the other', async (t) => {
  const [one, other] = [await bootRelay(t), await bootRelay(t)]
  const agreed = await author(t, one, 120)
  const silent = await author(t, one, 5)
  await one.operator.membersShare(agreed.id, true)
  await introduce(one, other)
  await until('the feed', async () => (await stored(other, agreed.id)) === 120)

  agreed.post(3)
  const app = await connectMember(t, one, {
    keys: agreed.keys,
    api: { createHistoryStream: historyOf(agreed) },
  })
  await app.rpc.whoami()
  await until('new messages', async () => (await stored(other, agreed.id)) === 123)
  t.match(await one.operator.peerList(), [
    { id: other.id, connected: true, ours: 1, theirs: 0, refusal: null },
  ])
  t.match(await other.operator.peerList(), [{ id: one.id, address: null, ours: 0, theirs: 1 }])

  await one.close()
  const whole = Array.from({ length: 123 }, (_, at) => at + 1)
  t.same(await readAt(t, other, agreed.id), whole, 'every message, after the first relay is gone')
  t.same(await readAt(t, other, silent.id), [], 'nothing of a member who did not agree')
})

t.test('a relay that lost its data gets the feeds back', async (t) => {
  const [one, other] = [await bootRelay(t), await bootRelay(t)]
  const feed = await author(t, one, 40)
  await one.operator.membersShare(feed.id, true)
  await introduce(one, other)
  await until('the feed', async () => (await stored(other, feed.id)) === 40)
  await one.operator.membersReset(feed.id)
  await one.restart()
  await until('the feed again', async () => (await stored(one, feed.id)) === 40)
})

t.test('another relay reads what it was offered, and nothing else', async (t) => {
  const relay = await bootRelay(t)
  const [agreed, silent] = [await author(t, relay, 3), await author(t, relay, 3)]
  const keys = ssbKeys.generate()
  await relay.operator.peerAdd(keys.id, 'both')
  await relay.operator.membersShare(agreed.id, true)
  const asked: unknown[] = []
  const follow = (argument: unknown, cb: (err: null, value: unknown) => void) => {
    asked.push(argument)
    cb(null, {})
  }
  const peer = await connectMember(t, relay, { keys, api: { follow } })
  await until('an offer', () => asked.length > 0)
  t.same(asked, [{ feed: agreed.id, following: true }])
  const read = async (id: string) => (await collect<Stored>(peer.rpc.createHistoryStream({ id }))).length
  t.equal(await read(agreed.id), 3)
  t.equal(await read(silent.id), 0)
  await t.rejects(peer.rpc.room.createInvite(), /not allowed/)
  const { online } = (await relay.operator.membersList()).find(({ id }) => id === keys.id) ?? {}
  t.equal(online, false, 'it is no attendant')

  await relay.operator.membersShare(agreed.id, false)
  await until('a withdrawal', () => asked.length > 1)
  t.same(asked[1], { feed: agreed.id, following: false })
  t.equal(await read(agreed.id), 0)
})

t.test('feeds that nobody asked for are refused', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  await relay.operator.peerAdd(keys.id, 'ours')
  const peer = await connectMember(t, relay, { keys })
  await t.rejects(peer.rpc.follow({ feed: ssbKeys.generate().id }), /not allowed/)
  t.equal((await relay.status()).members, 1)
})

t.test('feeds of a third relay are not passed on', async (t) => {
  const [one, two, three] = [await bootRelay(t), await bootRelay(t), await bootRelay(t)]
  const feed = await author(t, one, 4)
  await one.operator.membersShare(feed.id, true)
  await introduce(one, two)
  await introduce(two, three)
  await until('the feed', async () => (await stored(two, feed.id)) === 4)
  await two.operator.membersShare(feed.id, true)
  const mine = await author(t, two, 2)
  await two.operator.membersShare(mine.id, true)
  await until('a feed of the second', async () => (await stored(three, mine.id)) === 2)
  t.equal(await stored(three, feed.id), undefined)
})

t.test('a relay that answers with another key is not trusted, and is called again', async (t) => {
  const clock = createTestClock()
  const [one, other] = [await bootRelay(t, { clock }), await bootRelay(t)]
  const id = ssbKeys.generate().id
  await one.operator.peerAdd(`127.0.0.1:${other.ssbPort}:${id}`, 'both')
  const state = async () => (await one.operator.peerList())[0]
  await until('a failure', async () => (await state())?.reason !== null)
  t.match(await state(), { connected: false, next: Number })
  const { next } = (await state()) ?? {}
  clock.advance(CALL_AGAIN_MS[0])
  await until('the next call', async () => ((await state())?.next ?? 0) > (next ?? 0))
})

t.test('removing a relay keeps its feeds, or lets them go', async (t) => {
  const [one, other] = [await bootRelay(t), await bootRelay(t)]
  const feed = await author(t, one, 6)
  await one.operator.membersShare(feed.id, true)
  await introduce(one, other)
  await until('the feed', async () => (await stored(other, feed.id)) === 6)
  await other.operator.peerRemove(one.id, { feeds: false })
  t.same(await other.operator.peerList(), [])
  t.equal(await stored(other, feed.id), 6)
  t.equal((await other.operator.membersList()).length, 1, 'the relay is no member')

  await introduce(one, other)
  await other.operator.peerRemove(one.id, { feeds: false })
  t.same(await other.operator.peerRemove(one.id, { feeds: true }), { feeds: 1 }, 'also later')
  t.equal(await stored(other, feed.id), undefined)
})

t.test('an address that cannot be reached at all does no harm', async (t) => {
  const relay = await bootRelay(t)
  // fails before the socket has a listener
  await relay.operator.peerAdd(`net:[fe80::1]:8008~shs:${ssbKeys.generate().id.slice(1, -8)}`, 'both')
  const state = await until('the failure', async () =>
    (await relay.operator.peerList()).find(({ reason }) => reason !== null),
  )
  t.match(state, { connected: false })
  await relay.restart()
  t.match((await relay.status()).peers, { known: 1, connected: 0 })
})

t.test('a withdrawal is repeated until the other relay has let the feed go', async (t) => {
  const relay = await bootRelay(t)
  const feed = await author(t, relay, 2)
  await relay.operator.membersShare(feed.id, true)
  const keys = ssbKeys.generate()
  await relay.operator.peerAdd(keys.id, 'both')
  const asked: boolean[] = []
  let code: string | null = null
  const follow = ({ following }: { following: boolean }, cb: (err: unknown, value?: unknown) => void) => {
    asked.push(following)
    cb(code && Object.assign(new Error('no'), { name: code }), {})
  }
  const first = await connectMember(t, relay, { keys, api: { follow } })
  await until('the offer', () => asked.includes(true))
  code = 'quota_reached'
  await relay.operator.membersShare(feed.id, false)
  await until('the refused withdrawal', () => asked.includes(false))
  await first.close()
  asked.length = 0
  code = null
  await connectMember(t, relay, { keys, api: { follow } })
  await until('the withdrawal', () => asked.length > 0)
  t.same(asked, [false])
})

t.test('a feed that joined by itself stays when the relay that vouched lets it go', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  await relay.operator.peerAdd(keys.id, 'both')
  const peer = await connectMember(t, relay, { keys })
  const [joined, seen, absent] = [ssbKeys.generate(), ssbKeys.generate(), ssbKeys.generate()]
  for (const { id } of [joined, seen, absent]) await peer.rpc.follow({ feed: id })
  const { code } = await relay.operator.inviteCreate({ host: '127.0.0.1' })
  const guest = await connectClient({
    ...{ port: relay.ssbPort, relay: relay.id },
    keys: ssbKeys.generate('ed25519', Buffer.from(code.split('~')[1] ?? '', 'base64')),
  })
  await guest.rpc.invite.use({ feed: joined.id })
  await (await connectMember(t, relay, { keys: seen })).rpc.whoami()
  for (const { id } of [joined, seen])
    await t.rejects(peer.rpc.follow({ feed: id, following: false }), /not following/)
  await peer.rpc.follow({ feed: absent.id, following: false })
  const members = (await relay.operator.membersList()).map(({ id, by, voucher }) => ({ id, by, voucher }))
  const byId = (id: string) => members.find((each) => each.id === id)
  t.match(byId(joined.id), { by: 'invite', voucher: null })
  t.match(byId(seen.id), { by: 'voucher', voucher: keys.id })
  t.equal(byId(absent.id), undefined)
  t.same(
    (await relay.operator.doctor({ rebuild: true })).checks.find(({ name }) => name === 'rebuild')?.ok,
    true,
  )
})

t.test('unusable names of relays', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  await t.rejects(operator.peerAdd('nobody', 'both'), { code: 'bad_argument' })
  await t.rejects(operator.peerAdd(relay.id, 'both'), { code: 'not_allowed' })
  await t.rejects(operator.peerAdd('127.0.0.1:1:@x.ed25519~y', 'both'), { code: 'invite_malformed' })
  const { code } = await operator.inviteCreate({ host: '127.0.0.1' })
  const elsewhere = code.replace(relay.id, ssbKeys.generate().id)
  await t.rejects(operator.peerAdd(elsewhere, 'both'), { code: 'peer_unreachable' })
  t.same(await operator.peerList(), [], 'nothing is added')
})

t.test('another relay is asked for a feed when it offers it, at each connection', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  const feed = ssbKeys.generate().id
  await relay.operator.peerAdd(keys.id, 'both')
  const asked: string[] = []
  const api = {
    createHistoryStream({ id }: { id: string }) {
      asked.push(id)
      return (abort: unknown, cb: (end: unknown) => void) => abort && cb(abort)
    },
  }
  const first = await connectMember(t, relay, { keys, api })
  await first.rpc.follow({ feed })
  await until('the request', () => asked.includes(feed))
  await first.close()
  asked.length = 0
  const second = await connectMember(t, relay, { keys, api })
  await until('the request for its own feed', () => asked.length > 0)
  t.same(asked, [keys.id], 'before an offer the feed is not readable there')
  for (let i = 0; i < 2; i++) await t.rejects(second.rpc.follow({ feed }), /already following/)
  await until('the request', () => asked.includes(feed))
  t.same(asked, [keys.id, feed], 'once')
})
