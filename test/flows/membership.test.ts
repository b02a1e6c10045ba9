// SPDX-License-Identifier: AGPL-3.0-or-later
// Changes of membership: a removed member is disconnected at once, and a code lets in exactly as many as it has uses.

import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { type BootedRelay, bootRelay, connectMember, until, within } from '../helpers/relay.js'
import { at } from './checks.js'

/** Connects and reads a history; the handshake or the call is refused, depending on the mode. */
async function readAs(t: Test, relay: BootedRelay, keys: Keys): Promise<unknown[]> {
  const client = await connectClient({ ...at(relay), keys })
  t.teardown(() => client.close())
  return collect(client.rpc.createHistoryStream({ id: relay.id }))
}

test('losing the membership cuts connections at once', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const witness = await connectMember(t, relay, { keys: ssbKeys.generate() })

  const cases: Array<[string, (id: string) => Promise<unknown>]> = [
    ['unfollowed', (id) => operator.membersRemove(id)],
    ['blocked', (id) => operator.block(id, 'a test')],
  ]
  for (const [name, act] of cases) {
    await t.test(name, async (t) => {
      const keys = ssbKeys.generate()
      const first = await connectMember(t, relay, { keys })
      const second = await connectMember(t, relay, { keys })
      // with an open stream, so that there is one to end
      const stream = collect(first.rpc.createHistoryStream({ id: relay.id, live: true, old: false })).catch(
        (err) => err,
      )
      await first.rpc.whoami()
      await act(keys.id)
      await within('both connections to be cut', Promise.all([first.closed, second.closed]), 2000)
      await within('the stream to end', stream, 2000)
      await t.rejects(readAs(t, relay, keys), 'and there is no way back in')
      t.same(await witness.rpc.whoami(), { id: relay.id }, 'nobody else is cut')
    })
  }

  await t.test('by whoever vouched', async (t) => {
    const keys = ssbKeys.generate()
    const contact = await witness.rpc.follow({ feed: keys.id })
    t.match(contact.value.content, { contact: keys.id, following: true })
    const friend = await connectClient({ ...at(relay), keys })
    t.teardown(() => friend.close())
    await witness.rpc.follow({ feed: keys.id, following: false })
    await within('the friend to be cut', friend.closed, 2000)
    await t.rejects(readAs(t, relay, keys))
  })

  await t.test('a blocked feed gets in by no invite and learns no reason', async (t) => {
    const keys = ssbKeys.generate()
    await operator.block(keys.id, 'secret')
    const { code } = await operator.inviteCreate({})
    const guest = await connectClient({
      ...at(relay),
      keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
    })
    t.teardown(() => guest.close())
    await t.rejects(guest.rpc.invite.use({ feed: keys.id }), { message: 'invite unknown' })
    t.match((await operator.inviteList()).at(-1), { used: 0 }, 'and uses nothing up')
    await operator.unblock(keys.id)
    t.match(await guest.rpc.invite.use({ feed: keys.id }), { value: { content: { contact: keys.id } } })
  })

  await t.test('its feed reads like one that never was', async (t) => {
    const feed = createTestFeed()
    feed.post(3)
    const author = await connectMember(t, relay, {
      keys: feed.keys,
      api: { createHistoryStream: historyOf(feed) },
    })
    await collect(author.rpc.createHistoryStream({ id: feed.id }))
    const read = (id: string): Promise<unknown[]> => collect(witness.rpc.createHistoryStream({ id }))
    await until('the feed', async () => (await read(feed.id)).length === 3)
    await operator.membersRemove(feed.id)
    t.same(await read(feed.id), await read(ssbKeys.generate().id))
  })
})

test('fifty connections use one code at once: exactly as many win as it has uses', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  for (const uses of [1, 3]) {
    await t.test(`${uses} of 50`, async (t) => {
      const { code } = await operator.inviteCreate({ uses })
      const { seed } = parseInviteCode(code)
      const before = (await operator.status()).members
      const guests = await Promise.all(
        Array.from({ length: 50 }, () =>
          connectClient({ ...at(relay), keys: ssbKeys.generate('ed25519', seed) }),
        ),
      )
      for (const guest of guests) t.teardown(() => guest.close())
      const feeds = guests.map(() => ssbKeys.generate().id)
      const answers = await Promise.allSettled(
        guests.map((guest, i) => guest.rpc.invite.use({ feed: feeds[i] })),
      )
      const won = feeds.filter((_, i) => answers[i]?.status === 'fulfilled')
      const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
      t.equal(won.length, uses)
      t.same(
        new Set(lost.map(({ message, code }) => `${message} (${code})`)),
        new Set(['invite used up (invite_used_up)']),
      )
      const members = new Set((await operator.membersList()).map(({ id }) => id))
      t.equal(members.size, before + uses)
      t.ok(
        won.every((id) => members.has(id)),
        'those who were told so are in',
      )
    })
  }

  await t.test('and for one and the same feed it is used once', async (t) => {
    const { code } = await operator.inviteCreate({ uses: 5 })
    const { seed } = parseInviteCode(code)
    const feed = ssbKeys.generate().id
    const guests = await Promise.all(
      Array.from({ length: 50 }, () =>
        connectClient({ ...at(relay), keys: ssbKeys.generate('ed25519', seed) }),
      ),
    )
    for (const guest of guests) t.teardown(() => guest.close())
    const answers = await Promise.allSettled(guests.map((guest) => guest.rpc.invite.use({ feed })))
    const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.message] : []))
    t.same(lost, Array(49).fill('already following'))
    t.match((await operator.inviteList()).at(-1), { used: 1, state: 'live' })
  })

  const contacts = (await operator.membersList()).length
  const own = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const feed = await collect(own.rpc.createHistoryStream({ id: relay.id }))
  t.equal(feed.length, contacts + 1, "the relay's own feed holds one contact message for each, and no more")
})
