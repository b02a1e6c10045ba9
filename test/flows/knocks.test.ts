// SPDX-License-Identifier: AGPL-3.0-or-later
// Knocks in a community: captcha, feed id and note; listed, accepted, declined or expired.

import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { DAY } from '../../src/lib/limits.js'
import { createTestClock } from '../helpers/clock.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { type BootedRelay, type BootOptions, bootRelay, knownCaptchas } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { KNOCK_PATH, knockAt, parseAddress, solveCaptcha } from '../helpers/room-visitor.js'

async function community(t: Test, options: BootOptions = {}) {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { ...options, drawCaptcha: captchas.draw })
  await relay.operator.mode('community')
  return { relay, captchas, knock: (feed: string, note?: string) => knockAt(relay, captchas, feed, note) }
}

const followed = async ({ operator }: BootedRelay, id: string): Promise<boolean> =>
  (await operator.membersList()).some((row) => row.id === id)

/** Knockers as the operator sees them. */
const waiting = async ({ operator }: BootedRelay): Promise<string[]> =>
  (await operator.knocksList()).map(({ id }) => id)

async function isInternal(t: Test, relay: BootedRelay, keys = ssbKeys.generate()): Promise<boolean> {
  const client = await connectRoomClient(t, relay, { keys })
  const { membership } = await client.rpc.room.metadata()
  await client.close()
  return membership
}

test('leave, list, accept: and the one who knocked is a member', async (t) => {
  const { relay, captchas } = await community(t)
  const alice = ssbKeys.generate()
  const visitor = new Visitor(relay.webUrl)
  const form = await solveCaptcha(visitor, captchas)
  t.equal(form.status, 200)
  t.match(form.text, /<form[^>]+method="post"[^>]+action="\/invite\/knock"/, 'a form, and no code')
  t.notMatch(form.text, /~[A-Za-z0-9+/]{43}=/)
  const page = await visitor.post(KNOCK_PATH, { feed: alice.id, note: 'Bob knows me <b>' })
  t.equal(page.status, 200)
  const [address = ''] = /net:[^<>"\s]+~shs:[A-Za-z0-9+/=]+/.exec(page.text) ?? []
  t.match(parseAddress(address), { port: relay.ssbPort, id: relay.id }, 'told where to connect, later')

  t.match(await relay.operator.knocksList(), [{ id: alice.id, note: 'Bob knows me <b>' }])
  t.same(await relay.operator.inviteList(), [], 'no invite was made of it')
  t.notOk(await followed(relay, alice.id))
  t.notOk(await isInternal(t, relay, alice), 'waiting is not being in')

  const message = await relay.operator.knockAccept(alice.id)
  t.match(message, { value: { content: { type: 'contact', contact: alice.id, following: true } } })
  t.same(await waiting(relay), [])
  t.match(await relay.operator.membersList(), [{ id: alice.id, by: 'knock' }])
  t.ok(await isInternal(t, relay, alice))
  await t.rejects(relay.operator.knockAccept(alice.id), { code: 'not_found' })
})

test('one captcha is worth one knock, and none without a captcha', async (t) => {
  const { relay, captchas } = await community(t)
  const feeds = Array.from({ length: 5 }, () => ssbKeys.generate().id)
  const uninvited = new Visitor(relay.webUrl)
  await uninvited.get('/invite/')
  t.equal((await uninvited.post(KNOCK_PATH, { feed: feeds[0] ?? '', note: '' })).status, 403)
  t.same(await waiting(relay), [])
  const visitor = new Visitor(relay.webUrl)
  await solveCaptcha(visitor, captchas)
  const replies = await Promise.all(feeds.map((feed) => visitor.post(KNOCK_PATH, { feed, note: '' })))
  t.same(replies.map(({ status }) => status).sort(), [200, 403, 403, 403, 403])
  t.equal((await waiting(relay)).length, 1)
})

test('what is no feed id, or too long a note, is said so and costs nothing', async (t) => {
  const { relay, captchas } = await community(t)
  const alice = ssbKeys.generate().id
  const visitor = new Visitor(relay.webUrl)
  await solveCaptcha(visitor, captchas)
  const wrong: Array<[string, string]> = [
    ['', ''],
    ['alice', ''],
    ['__proto__', ''],
    [alice.slice(1), ''],
    [`${alice} ${alice}`, ''],
    [alice.replace('ed25519', 'sha256'), ''],
    [relay.id, ''],
    [alice, 'x'.repeat(201)],
  ]
  for (const [feed, note] of wrong) {
    const { status } = await visitor.post(KNOCK_PATH, { feed, note })
    t.ok(status >= 400 && status < 500, `${JSON.stringify(feed)}: ${status}`)
  }
  t.same(await waiting(relay), [])
  t.equal((await visitor.post(KNOCK_PATH, { feed: alice, note: 'x'.repeat(200) })).status, 200)
  t.same(await waiting(relay), [alice])
})

test('decline: nobody waits, nobody is followed, and one may knock again', async (t) => {
  const { relay, knock } = await community(t)
  const alice = ssbKeys.generate()
  await knock(alice.id)
  await relay.operator.knockDecline(alice.id)
  t.same(await waiting(relay), [])
  t.notOk(await followed(relay, alice.id))
  await t.rejects(relay.operator.knockDecline(alice.id), { code: 'not_found' })
  await t.rejects(relay.operator.knockAccept(alice.id), { code: 'not_found' }, 'what is declined is gone')
  await knock(alice.id, 'please')
  t.match(await relay.operator.knocksList(), [{ id: alice.id, note: 'please' }])
})

test('a knock that meets a directed invite joins at once', async (t) => {
  const { relay, knock } = await community(t)
  const alice = ssbKeys.generate()
  await relay.operator.inviteCreate({ for: alice.id })
  const page = await knock(alice.id)
  t.match([page.status, titleOf(page.text)], [200, 'You have joined'])
  t.ok(await followed(relay, alice.id))
  t.same(await waiting(relay), [])
  t.match(await relay.operator.inviteList(), [{ for: alice.id, state: 'used up' }])
  t.ok(await isInternal(t, relay, alice))
  const again = await knock(alice.id)
  t.equal(again.status, 409, 'a member need not knock')
})

test('a directed invite to somebody who knocks lets them in when they come', async (t) => {
  const { relay, knock } = await community(t)
  const alice = ssbKeys.generate()
  await knock(alice.id)
  await relay.operator.inviteCreate({ for: alice.id })
  t.ok(await isInternal(t, relay, alice))
  t.ok(await followed(relay, alice.id))
})

test('a blocked knock looks like waiting, and nobody is troubled with it', async (t) => {
  const { relay, knock } = await community(t)
  const [alice, mallory] = [ssbKeys.generate().id, ssbKeys.generate().id]
  await relay.operator.inviteCreate({ for: mallory })
  await relay.operator.block(mallory)
  const [one, other] = [await knock(alice), await knock(mallory)]
  const said = ({ status, text }: typeof one, feed: string) => [status, text.replaceAll(feed, '…')]
  t.same(said(other, mallory), said(one, alice), 'the same page to the letter')
  t.same(await waiting(relay), [alice])
  t.notOk(await followed(relay, mallory))
})

test('knocks wait a week, restarts or not, and knocking again starts it anew', async (t) => {
  const clock = createTestClock()
  const { relay, knock } = await community(t, { clock })
  const [alice, carol, dan] = [ssbKeys.generate().id, ssbKeys.generate().id, ssbKeys.generate().id]
  await knock(alice)
  await knock(carol)
  t.match(await relay.operator.knocksList(), [{ expires: clock.now() + 7 * DAY }, {}])
  const first = clock.now()
  clock.advance(6 * DAY)
  await relay.restart()
  t.same((await waiting(relay)).sort(), [alice, carol].sort())
  await knock(carol, 'still here')
  await knock(dan)
  const renewed = (await relay.operator.knocksList()).find(({ id }) => id === carol)
  t.match(renewed, { since: first, expires: clock.now() + 7 * DAY, note: 'still here' })

  clock.advance(DAY)
  t.same((await waiting(relay)).sort(), [carol, dan].sort(), 'expired while the relay runs')
  await relay.restart()
  t.same((await waiting(relay)).sort(), [carol, dan].sort())
  await t.rejects(relay.operator.knockAccept(alice), { code: 'not_found' }, 'too late')
  t.notOk(await followed(relay, alice))
  await relay.operator.knockAccept(dan)
  clock.advance(6 * DAY)
  await relay.restart()
  t.same(await waiting(relay), [])
  t.same(
    (await relay.operator.membersList()).map(({ id }) => id),
    [dan],
    'who was let in stays',
  )
})
