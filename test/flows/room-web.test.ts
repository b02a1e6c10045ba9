// SPDX-License-Identifier: AGPL-3.0-or-later
// The ways of joining (docs/protocol.md) on the web: captcha page, landing page and whois, in each mode and as it changes.

import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { ANSWER_PATH } from '../helpers/delog.js'
import { type Reply, Visitor } from '../helpers/http.js'
import { type BootedRelay, bootRelay, type KnownCaptchas, knownCaptchas, until } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import {
  askWhois,
  KNOCK_PATH,
  openInviteOn,
  parseAddress,
  readCaptcha,
  solveCaptcha,
  unwrapInvite,
} from '../helpers/room-visitor.js'
import { MODES, type Mode } from './table.js'

const NAME = 'Rock pool'
const DESCRIPTION = 'Between the tides'
const CODE = /127\.0\.0\.1:\d+:@[A-Za-z0-9+/]{43}=\.ed25519~[A-Za-z0-9+/]{43}=/

async function boot(t: Test, mode: Mode): Promise<{ relay: BootedRelay; captchas: KnownCaptchas }> {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  await relay.operator.setup({ name: NAME, description: DESCRIPTION })
  await relay.operator.mode(mode)
  return { relay, captchas }
}

/** A whole reply without the requested path and the date. */
function saying({ status, headers, text }: Reply, path: string): unknown {
  const { date: _, ...kept } = headers
  return { status, headers: kept, text: path === '/' ? text : text.replaceAll(path, '…') }
}

/** The reply must equal the reply for an unknown page, header for header. */
async function looksAbsent(t: Test, relay: BootedRelay, method: 'GET' | 'POST', path: string): Promise<void> {
  const ask = async (at: string): Promise<unknown> => {
    const visitor = new Visitor(relay.webUrl)
    const reply =
      method === 'GET' ? await visitor.get(at) : await visitor.post(at, { captcha: 'x', feed: 'x' })
    return saying(reply, at)
  }
  // as long as the requested path, so that the lengths of the replies are equal
  const nowhere = path === '/' ? '/x' : `/${'x'.repeat(path.length - 1)}`
  const absent = await ask(nowhere)
  t.match(absent, { status: 404 })
  t.same(await ask(path), absent, `${method} ${path} is as if it were not there`)
}

for (const mode of MODES) {
  test(`/invite/: ${mode}`, async (t) => {
    const { relay, captchas } = await boot(t, mode)
    if (mode === 'restricted') {
      for (const path of ['/invite', '/invite/', '/invite/captcha.png', '/invite/room.gif', KNOCK_PATH])
        await looksAbsent(t, relay, 'GET', path)
      for (const path of [ANSWER_PATH, KNOCK_PATH]) await looksAbsent(t, relay, 'POST', path)
      return
    }
    const visitor = new Visitor(relay.webUrl)
    const reply = await solveCaptcha(visitor, captchas)
    t.equal(reply.status, 200)
    t.equal(CODE.test(reply.text), mode === 'open', 'a code in open rooms, and only there')
    t.equal(reply.text.includes(`action="${KNOCK_PATH}"`), mode === 'community', 'the form for a knock')
    t.equal((await relay.operator.inviteList()).length, mode === 'open' ? 1 : 0)
    if (mode === 'open') {
      await looksAbsent(t, relay, 'GET', KNOCK_PATH)
      await looksAbsent(t, relay, 'POST', KNOCK_PATH)
    } else {
      const feed = ssbKeys.generate().id
      await visitor.post(KNOCK_PATH, { feed, note: '' })
      t.match(await relay.operator.knocksList(), [{ id: feed }])
      for (const path of ['/invite/code.gif', '/invite/room.gif']) await looksAbsent(t, relay, 'GET', path)
    }
    // a wrong answer gets neither
    const other = new Visitor(relay.webUrl)
    await readCaptcha(other, captchas)
    const wrong = await other.post(ANSWER_PATH, { captcha: 'wrong' })
    t.equal(wrong.status, 403)
    t.notMatch(wrong.text, CODE)
    t.notMatch(wrong.text, `action="${KNOCK_PATH}"`)
  })

  test(`the landing page: ${mode}`, async (t) => {
    const { relay } = await boot(t, mode)
    const visitor = new Visitor(relay.webUrl)
    if (mode === 'restricted') {
      await looksAbsent(t, relay, 'GET', '/')
      t.notMatch((await visitor.get('/')).text, NAME)
      return
    }
    const member = ssbKeys.generate()
    await relay.operator.membersAdd(member.id)
    await connectRoomClient(t, relay, { keys: member })
    await until('somebody to be there', async () => (await relay.status()).online === 1)
    const { status, text } = await visitor.get('/')
    t.equal(status, 200)
    t.match(text, NAME)
    t.match(text, DESCRIPTION)
    const invite = openInviteOn(text)
    const picture = await visitor.get('/invite/room.gif')
    if (mode === 'open') {
      t.match(text.replace(/<[^>]+>/g, ''), /1\s+online/, 'how many are online')
      t.match(unwrapInvite(invite ?? ''), { host: '127.0.0.1', port: relay.ssbPort, id: relay.id })
      t.match(picture.headers['content-type'], /^image\//, 'and a QR code')
    } else {
      t.notMatch(text.replace(/<[^>]+>/g, ''), /\d\s+online/)
      t.equal(invite, undefined)
      t.notMatch(text, 'SSB+Room')
      t.equal(picture.status, 404)
    }
    t.notMatch(text, member.id, 'nobody is named')
  })

  test(`whois by host: ${mode}`, async (t) => {
    const { relay } = await boot(t, mode)
    const reply = await askWhois(relay)
    if (mode === 'open') {
      t.match(reply.headers['content-type'], /^text\/plain/)
      t.match(parseAddress(reply.text.trim()), { host: '127.0.0.1', port: relay.ssbPort, id: relay.id })
      const { text, headers } = await askWhois(relay, '/whois?encoding=json')
      t.match(headers['content-type'], /^application\/json/)
      t.match(text, reply.text.trim())
      t.equal((await new Visitor(relay.webUrl).get('/whois')).text, reply.text, 'the site says the same')
      return
    }
    t.same(saying(reply, '/whois'), saying(await askWhois(relay, '/xxxxx'), '/xxxxx'), 'as any absent page')
    t.equal(reply.status, 404)
    t.notMatch(reply.text, relay.id.slice(1, -8))
    await looksAbsent(t, relay, 'GET', '/whois')
  })
}

test('pages follow the mode from one request to the next', async (t) => {
  const { relay, captchas } = await boot(t, 'open')
  const { operator } = relay
  const visitor = new Visitor(relay.webUrl)
  const landing = async (): Promise<[number, boolean]> => {
    const { status, text } = await visitor.get('/')
    return [status, openInviteOn(text) !== undefined]
  }
  t.same(await landing(), [200, true])
  await operator.mode('community')
  t.same(await landing(), [200, false])
  await operator.mode('restricted')
  t.same(await landing(), [404, false])
  await operator.mode('open')
  t.same(await landing(), [200, true])

  const early = await readCaptcha(visitor, captchas)
  await operator.mode('community')
  const late = await visitor.post(ANSWER_PATH, { captcha: early })
  t.notMatch(late.text, CODE, 'a captcha of the open room is worth no code in a community')
  t.same(await operator.inviteList(), [])

  const knocker = new Visitor(relay.webUrl)
  await solveCaptcha(knocker, captchas)
  for (const mode of ['restricted', 'open'] as const) {
    await operator.mode(mode)
    const reply = await knocker.post(KNOCK_PATH, { feed: ssbKeys.generate().id, note: '' })
    t.equal(reply.status, 404, `no knocking when ${mode}`)
  }
  t.same(await operator.knocksList(), [])

  const answer = await readCaptcha(visitor, captchas)
  await operator.mode('restricted')
  t.equal((await visitor.post(ANSWER_PATH, { captcha: answer })).status, 404)
  t.same(await operator.inviteList(), [])
})

test('names in any script are text on the page, whatever is in them', async (t) => {
  const { relay } = await boot(t, 'open')
  const visitor = new Visitor(relay.webUrl)
  const names = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '{{ 7 * 7 }}',
    'غرفة المد',
    "O'Brien & Söhne",
  ]
  for (const name of names) {
    await relay.operator.setup({ name, description: name })
    const { status, text } = await visitor.get('/')
    t.equal(status, 200)
    t.notMatch(text, '<script>alert', name)
    t.notMatch(text, '<img src=x')
    t.notMatch(text, '>49<')
    const shown = /<h1[^>]*>([^<]*)<\/h1>/.exec(text)?.[1] ?? ''
    const plain = shown
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&amp;/g, '&')
    t.equal(plain, name)
    t.match(text, /<h1[^>]*dir="auto"/, 'and runs the way its script does')
    const client = await connectRoomClient(t, relay)
    t.match(await client.rpc.tunnel.isRoom(), { name, description: name }, 'clients are told it as it is')
    await client.close()
  }
  const long = 'x'.repeat(10_000)
  await t.rejects(relay.operator.setup({ name: long, description: '' }), { code: 'bad_argument' })
  await t.rejects(relay.operator.setup({ name: 'x', description: long }), { code: 'bad_argument' })
})
