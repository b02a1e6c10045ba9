// SPDX-License-Identifier: AGPL-3.0-or-later
// SPIP-01, step by step by its sequence diagram, with a client of ours that follows it exactly.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { GUEST_LINGER_MS } from '../../src/lib/limits.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import {
  ANSWER_PATH,
  codeInTitle,
  codeInUrl,
  createDelog,
  type Delog,
  INVITE_PATH,
  parseAsDelog,
} from '../helpers/delog.js'
import {
  type BootedRelay,
  bootRelay,
  type KnownCaptchas,
  knownCaptchas,
  until,
  within,
} from '../helpers/relay.js'

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** The web half of the diagram in one go. */
async function fetchCode(relay: BootedRelay, captchas: KnownCaptchas, person: Delog): Promise<string> {
  const page = await person.openInvitePage(relay.webUrl)
  const { body } = await person.fetchCaptcha(page)
  const reply = await person.answerCaptcha(captchas.answerTo(body) ?? '')
  return codeInTitle(reply.text)
}

test('the sequence diagram of SPIP-01', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const alice = createDelog()
  let captcha: Buffer = Buffer.alloc(0)
  let code = ''

  await t.test('Alice ->> Relay: get /invite/; Relay -->> Alice: show captcha', async (t) => {
    const page = await alice.openInvitePage(relay.webUrl)
    t.equal(page.status, 200)
    t.match(page.headers['content-type'], /^text\/html/)
    t.equal(alice.visitor.cookies.size, 1, 'a session cookie is posed')
    t.match(page.text, new RegExp(`<form[^>]+method="post"[^>]+action="${ANSWER_PATH}"`))
    t.match(page.text, /<input[^>]+name="captcha"/)

    const image = await alice.fetchCaptcha(page)
    t.equal(image.status, 200)
    t.match(image.headers['content-type'], /^image\/(gif|png|jpeg)$/, 'a raster picture')
    t.ok(captchas.answerTo(image.body), 'the picture is the captcha that was drawn')
    captcha = image.body
  })

  await t.test('upon failure, no invite is generated or delivered', async (t) => {
    const reply = await alice.answerCaptcha('not what it says')
    t.equal(reply.status, 403)
    t.notMatch(reply.text, /~[A-Za-z0-9+/]{43}=/)
    t.same(await relay.operator.inviteList(), [])

    const stale = await alice.answerCaptcha(captchas.answerTo(captcha) ?? '')
    t.equal(stale.status, 403, 'the captcha answered wrongly is gone')
    t.same(await relay.operator.inviteList(), [])
  })

  await t.test('who presents no session cookie gets nothing', async (t) => {
    const page = await alice.openInvitePage(relay.webUrl)
    captcha = (await alice.fetchCaptcha(page)).body
    const stranger = createDelog()
    await stranger.openInvitePage(relay.webUrl)
    stranger.visitor.cookies.clear()
    t.equal((await stranger.answerCaptcha(captchas.answerTo(captcha) ?? '')).status, 403)
    t.same(await relay.operator.inviteList(), [])
  })

  await t.test('Alice ->> Relay: post the answer; Relay -->> Alice: invite code', async (t) => {
    const reply = await alice.answerCaptcha(captchas.answerTo(captcha) ?? '')
    t.equal(reply.status, 200)
    code = codeInTitle(reply.text)
    const invite = parseAsDelog(code)
    t.match(invite, { host: '127.0.0.1', port: relay.ssbPort, relay: relay.id }, 'as-is in the title')
    t.ok(reply.text.split(code).length > 2, 'and in the visible part')
    t.match(await relay.operator.inviteList(), [{ id: invite.guest.id, uses: 1, used: 0, state: 'live' }])

    const again = await alice.answerCaptcha(captchas.answerTo(captcha) ?? '')
    t.equal(again.status, 403, 'one answer, one invite')
    t.equal((await relay.operator.inviteList()).length, 1)
  })

  await t.test('before the invite is used, Alice is a stranger', async (t) => {
    // the handshake or the call is refused: in both cases she reads nothing
    const read = async (): Promise<unknown[]> => {
      const client = await connectClient({ ...at(relay), keys: alice.feed.keys })
      t.teardown(() => client.close())
      return collect(client.rpc.createHistoryStream({ id: relay.id }))
    }
    await t.rejects(read())
  })

  await t.test('Alice ->> Relay: handshake; Relay ->> Alice: OK; Alice -->> Relay: disconnect', async (t) => {
    const { contact, guest } = await alice.useInvite(code)
    t.match(contact.value, {
      author: relay.id,
      content: { type: 'contact', contact: alice.id, following: true, pub: true },
    })
    await within('the connection to be gone', guest.closed)
  })

  await t.test('Alice is now authorized on the relay', async (t) => {
    t.match(await relay.operator.membersList(), [{ id: alice.id, by: 'invite' }])
    t.match(await relay.operator.inviteList(), [{ used: 1, state: 'used up' }])

    const { client } = await alice.synchronize(at(relay))
    t.teardown(() => client.close())
    t.same(await client.rpc.whoami(), { id: relay.id })
    const manifest = await client.rpc.manifest()
    t.match(manifest, { follow: 'async', createHistoryStream: 'source' })
    t.notOk(manifest.invite, 'a member is shown no guest methods')
  })

  await t.test('the invite opens nothing a second time', async (t) => {
    const bob = createDelog()
    await t.rejects(bob.useInvite(code), { message: 'invite used up', code: 'invite_used_up' })
    await t.rejects(alice.useInvite(code), { message: 'already following', code: 'already_following' })
    t.equal((await relay.operator.membersList()).length, 1)
  })
})

test('two people: what one writes the other reads, live and after a restart', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const alice = createDelog()
  const bob = createDelog()
  alice.feed.post(7)
  for (const person of [alice, bob]) await person.useInvite(await fetchCode(relay, captchas, person))

  const kept = async (id: string) =>
    (await relay.operator.membersList()).find((member) => member.id === id)?.messages

  const alices = await alice.synchronize(at(relay))
  t.teardown(() => alices.client.close())
  await until("Alice's feed to arrive", async () => (await kept(alice.id)) === 7)
  t.match(alices.asked, [{ id: alice.id, sequence: 1, seq: 1, live: true }])
  t.equal(alices.asked.length, 1, 'nobody else is asked of her')

  const bobs = await bob.synchronize(at(relay), [alice.id])
  t.teardown(() => bobs.client.close())
  const fromAlice = (read: typeof bobs) => read.received.get(alice.id)?.map(({ value }) => value)
  await until('the backlog', () => fromAlice(bobs)?.length === 7)
  t.same(fromAlice(bobs), alice.feed.messages, 'as she signed them, in order')

  alices.post(3)
  await until('three more, live', () => fromAlice(bobs)?.length === 10)
  t.same(fromAlice(bobs), alice.feed.messages)

  const { id } = relay
  await relay.restart()
  await within('clients to see the relay go', Promise.all([alices.client.closed, bobs.client.closed]))
  t.equal(relay.id, id, 'the same identity')
  t.equal(await kept(alice.id), 10, 'the same data')

  const returned = await alice.synchronize(at(relay))
  t.teardown(() => returned.client.close())
  await until('Alice to be asked', () => returned.asked.length > 0)
  t.match(returned.asked, [{ id: alice.id, seq: 11 }], 'only for what is missing')
  returned.post(1)

  const reads = await bob.synchronize(at(relay), [alice.id])
  t.teardown(() => reads.client.close())
  await until('the rest for Bob', () => (fromAlice(reads)?.length ?? 0) >= 2)
  t.same(fromAlice(reads), alice.feed.messages.slice(9), 'from the last he holds, inclusive, as Delog asks')
  t.equal(await kept(alice.id), 11, 'what Delog sent over again is not kept twice')
})

test('a client that lost its data gets its own feed back before it is asked for more', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  const phone = createDelog(keys)
  phone.feed.post(150)
  await relay.operator.membersAdd(phone.id)
  const first = await phone.synchronize(at(relay))
  await until('the feed to arrive', async () => (await relay.operator.membersList())[0]?.messages === 150)
  await first.client.close()

  const newPhone = createDelog(keys)
  const second = await newPhone.synchronize(at(relay))
  t.teardown(() => second.client.close())
  await until('the relay to ask', () => second.asked.length > 0)
  const own = second.received.get(phone.id) ?? []
  t.equal(own.length, 100, 'the hundred it asked for came first')
  t.same(
    own.map(({ value }) => value),
    phone.feed.messages.slice(0, 100),
  )
  t.match(second.asked, [{ id: phone.id, seq: 151 }])
})

test("Delog's browser window reads the code out of the next URL", async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  // many codes, so that seeds with every base64 character are in URLs
  for (let round = 0; round < 20; round++) {
    const delog = createDelog()
    const page = await delog.openInvitePage(relay.webUrl)
    const { body } = await delog.fetchCaptcha(page)
    const reply = await delog.answerCaptcha(captchas.answerTo(body) ?? '', { webView: true })
    t.equal(reply.status, 303)
    const url = new URL(String(reply.headers.location), relay.webUrl).href
    const code = codeInUrl(url)
    t.equal(parseAsDelog(code).relay, relay.id)

    const landed = await delog.visitor.get(url.slice(relay.webUrl.length))
    t.equal(landed.status, 200)
    t.equal(codeInTitle(landed.text), code, 'and the page it lands on shows the same')
    const { contact } = await delog.useInvite(code)
    t.match(contact.value.content, { contact: delog.id })

    const other = createDelog()
    await other.openInvitePage(relay.webUrl)
    const foreign = await other.visitor.get(url.slice(relay.webUrl.length))
    t.notMatch(foreign.text, /~[A-Za-z0-9+/]{43}=/, 'the URL shows nothing to anybody else')
  }
  t.equal((await relay.operator.membersList()).length, 20)
})

test('the WebView header alone changes nothing before the captcha is solved', async (t) => {
  const relay = await bootRelay(t, { drawCaptcha: knownCaptchas().draw })
  const delog = createDelog()
  await delog.openInvitePage(relay.webUrl)
  const reply = await delog.answerCaptcha('wrong', { webView: true })
  t.equal(reply.status, 403)
  t.notOk(reply.headers.location)
  t.equal(
    (await delog.visitor.get(`${ANSWER_PATH}?invite=bm90IG91cnM`)).status,
    200,
    'the captcha page again',
  )
  t.equal((await delog.visitor.get(INVITE_PATH)).headers.location, undefined)
})

test('a guest that does not disconnect, as Delog does not, is shown out', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const { code } = await relay.operator.inviteCreate({})
  const delog = createDelog()
  const { guest } = await delog.useInvite(code, { stay: true })
  t.teardown(() => guest.close())
  clock.advance(GUEST_LINGER_MS - 1)
  t.same(await guest.rpc.whoami(), { id: relay.id }, 'not before it has had time for the answer')
  clock.advance(1)
  await within('the guest to be shown out', guest.closed)
})

test('a client that asks for nothing is asked all the same, after a while', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const { feed } = createDelog()
  feed.post(5)
  await relay.operator.membersAdd(feed.id)
  const asked: unknown[] = []
  const createHistoryStream = (query: unknown) => {
    asked.push(query)
    let next = 0
    return (abort: unknown, cb: (end: unknown, data?: unknown) => void) =>
      abort || next >= feed.messages.length ? cb(abort ?? true) : cb(null, { value: feed.messages[next++] })
  }
  const client = await connectClient({ ...at(relay), keys: feed.keys, api: { createHistoryStream } })
  t.teardown(() => client.close())
  await client.rpc.whoami()
  clock.advance(1999)
  await client.rpc.whoami()
  t.same(asked, [], 'the client goes first (SPIP-02)')
  clock.advance(1)
  await until('the feed to arrive', async () => (await relay.operator.membersList())[0]?.messages === 5)
})
