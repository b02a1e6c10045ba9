// SPDX-License-Identifier: AGPL-3.0-or-later
// Knocks: in community mode, a solved captcha allows one.

import { HtmlValidate } from 'html-validate'
import t, { type Test } from 'tap'
import { RelayError } from '../../../src/lib/errors.js'
import { NOTE_CHARS, SESSION_MS } from '../../../src/lib/limits.js'
import type { Visitor } from '../../helpers/http.js'
import { ANSWER, openSite, RELAY_ID, read, type Site } from '../site.js'

const KNOCK = '/invite/knock'
const ANA = `@${'A'.repeat(43)}=.ed25519`
const BEN = `@${'B'.repeat(42)}A=.ed25519`

async function openCommunity(
  t: Test,
  ...rest: [Parameters<typeof openSite>[1]?, Parameters<typeof openSite>[2]?]
) {
  const site = await openSite(t, ...rest)
  site.face.mode = 'community'
  return site
}

/** A visitor who has solved a captcha, and the page that followed. */
async function atTheDoor(site: Site): Promise<{ visitor: Visitor; text: string }> {
  const { visitor, answer } = await site.withCaptcha()
  const { text } = await visitor.post(ANSWER, { captcha: answer })
  return { visitor, text }
}

t.test('captcha, form, waiting list', async (t) => {
  const site = await openCommunity(t)
  const { visitor, page, answer } = await site.withCaptcha()
  t.match(page.text, '<title>Knock at Rock pool</title>')
  const form = await visitor.post(ANSWER, { captcha: answer })
  t.equal(form.status, 200)
  t.match(form.text, `<form class="pool" method="post" action="${KNOCK}">`)
  t.notMatch(form.text, /ed25519~|aria-invalid/, 'no code anywhere')
  const reply = await visitor.post(KNOCK, { feed: ` ${ANA}\n`, note: 'Ana from\r\nthe pier ' })
  t.equal(reply.status, 200)
  t.equal(reply.headers['cache-control'], 'no-store')
  t.match(reply.text, '<h1>You are on the waiting list</h1>')
  t.match(reply.text, ANA)
  t.match(reply.text, `net:127.0.0.1:8008~shs:${RELAY_ID.slice(1, -8)}<`)
  t.same(site.knocks.left, [{ feed: ANA, note: 'Ana from\nthe pier' }])
  t.equal(site.minted.length, 0)
})

t.test('a directed invite lets in at once; a member need not knock', async (t) => {
  const site = await openCommunity(t)
  site.knocks.joins.add(ANA)
  site.knocks.members.add(BEN)
  const ana = await atTheDoor(site)
  t.match((await ana.visitor.post(KNOCK, { feed: ANA })).text, '<h1>You have joined</h1>')
  const ben = await atTheDoor(site)
  const member = await ben.visitor.post(KNOCK, { feed: BEN, note: '' })
  t.equal(member.status, 409)
  t.match(member.text, '<h1>You are already a member</h1>')
  t.match(member.text, '<code>already_following</code>')
  t.equal((await ben.visitor.post(KNOCK, { feed: ANA })).status, 403, 'the question was worth the captcha')
  const again = await atTheDoor(site)
  const json = await again.visitor.post(KNOCK, { feed: BEN }, { Accept: 'application/json' })
  t.equal(json.status, 409)
  t.same(JSON.parse(json.text), { error: { code: 'already_following', message: 'already following' } })
})

t.test('no knock without a captcha, and no second one', async (t) => {
  const site = await openCommunity(t)
  const stranger = await site.visitor().post(KNOCK, { feed: ANA, note: '' })
  t.equal(stranger.status, 403)
  t.match(stranger.text, '<code>captcha_missing</code>')
  t.match(stranger.text, 'name="captcha"', 'but a captcha to begin with')
  const { visitor } = await site.withCaptcha()
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 403, 'a captcha shown is not one answered')
  await visitor.post(ANSWER, { captcha: 'wrong' })
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 403)
  await visitor.post(ANSWER, { captcha: await read(visitor) })
  t.equal((await site.visitor().post(KNOCK, { feed: ANA })).status, 403, 'an answer is its session’s')
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 200)
  t.equal((await visitor.post(KNOCK, { feed: BEN })).status, 403, 'replayed')
  t.equal(site.knocks.left.length, 1)
  const late = await atTheDoor(site)
  site.clock.now += SESSION_MS
  t.equal((await late.visitor.post(KNOCK, { feed: BEN })).status, 403, 'a session ends')
  t.equal(site.knocks.left.length, 1)
})

t.test('twenty concurrent knocks on one captcha are one', async (t) => {
  const site = await openCommunity(t)
  const { visitor } = await atTheDoor(site)
  const replies = await Promise.all(Array.from({ length: 20 }, () => visitor.post(KNOCK, { feed: ANA })))
  t.equal(replies.filter(({ status }) => status === 200).length, 1)
  t.equal(site.knocks.left.length, 1)
})

t.test('twenty concurrent right answers are one knock', async (t) => {
  const site = await openCommunity(t)
  const { visitor, answer } = await site.withCaptcha()
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => visitor.post(ANSWER, { captcha: answer })),
  )
  t.equal(replies.filter(({ status }) => status === 200).length, 1)
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 200)
  t.equal((await visitor.post(KNOCK, { feed: BEN })).status, 403)
})

t.test('invalid input is marked, costs nothing, and keeps the other fields', async (t) => {
  const validator = new HtmlValidate({ extends: ['html-validate:recommended'] })
  const site = await openCommunity(t)
  const { visitor, text } = await atTheDoor(site)
  t.ok((await validator.validateString(text)).valid)
  const rows: Array<[given: { feed: string; note: string }, field: string, status: number, code: string]> = [
    [{ feed: '', note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: 'ana', note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: ANA.replace('@', ''), note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: ANA.replace('=.', '.'), note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: `${ANA.slice(0, 43)}B=.ed25519`, note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: '"><img src=x>', note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: '__proto__', note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: 'x'.repeat(10_240), note: 'kept' }, 'feed', 400, 'bad_feed_id'],
    [{ feed: RELAY_ID, note: 'kept' }, 'feed', 403, 'not_allowed'],
    [{ feed: ANA, note: 'n'.repeat(NOTE_CHARS + 1) }, 'note', 400, 'bad_argument'],
    [{ feed: ANA, note: 'n'.repeat(10_240) }, 'note', 400, 'bad_argument'],
    [{ feed: ANA, note: '</textarea><script>'.repeat(20) }, 'note', 400, 'bad_argument'],
  ]
  for (const [given, field, status, code] of rows) {
    const { text, ...reply } = await visitor.post(KNOCK, given)
    const label = JSON.stringify(given).slice(0, 60)
    t.equal(reply.status, status, label)
    t.match(text, `<code>${code}</code>`)
    t.match(text, `id="${field}-wrong"`)
    t.equal(text.match(/aria-invalid/g)?.length, 1)
    t.notMatch(text, /<img src=x|<script>/)
    if (field === 'feed') t.match(text, 'kept</textarea>')
    else t.match(text, `value="${ANA}"`)
    const { valid, results } = await validator.validateString(text)
    t.ok(valid, `${label}: ${JSON.stringify(results[0]?.messages.map((m) => m.message))}`)
  }
  const json = await visitor.post(KNOCK, { feed: 'x' }, { Accept: 'application/json' })
  t.match(JSON.parse(json.text), { error: { code: 'bad_feed_id' } })
  t.equal((await visitor.post(KNOCK, `feed=${encodeURIComponent(ANA)}&feed=x`)).status, 400, 'said twice')
  t.equal((await visitor.post(KNOCK, { feed: ANA, note: 'x'.repeat(70_000) })).status, 413)
  t.equal((await visitor.post(KNOCK, { feed: ANA }, { 'Sec-Fetch-Site': 'cross-site' })).status, 403)
  t.match((await visitor.get(KNOCK)).text, 'name="feed"', 'the form is still there')
  t.same(site.knocks.left, [])
  const note = `\u202eevil\u202c ${'é'.repeat(180)}`
  t.equal((await visitor.post(KNOCK, { feed: ANA, note })).status, 200)
  t.match(site.knocks.left[0]?.note, /^evil {2}é+$/, 'nothing that turns a line round')
})

t.test('the form needs a solved captcha', async (t) => {
  const site = await openCommunity(t)
  t.match((await site.visitor().get(KNOCK)).text, 'name="captcha"')
  const { visitor } = await atTheDoor(site)
  t.match((await visitor.get(KNOCK)).text, 'name="feed"')
  await visitor.post(KNOCK, { feed: ANA })
  t.match((await visitor.get(KNOCK)).text, 'name="captcha"')
})

t.test('knocks have a rate limit of their own', async (t) => {
  const site = await openCommunity(t, { perHour: 2 })
  for (const feed of [ANA, BEN])
    t.equal((await (await atTheDoor(site)).visitor.post(KNOCK, { feed })).status, 200)
  const { page } = await site.withCaptcha()
  t.match(page.text, 'in about 30 minutes')
  const { visitor } = await atTheDoor(site)
  const late = await visitor.post(KNOCK, { feed: ANA, note: 'me again' })
  t.equal(late.status, 429)
  t.equal(late.headers['retry-after'], '1800')
  t.match(late.text, 'about 30 minutes')
  t.match(late.text, '<code>quota_reached</code>')
  t.match(late.text, 'me again</textarea>')
  t.match(late.text, `value="${ANA}"`)
  site.clock.now += 1_800_000
  const fresh = await atTheDoor(site)
  t.equal((await fresh.visitor.post(KNOCK, { feed: ANA })).status, 200)
  site.web.setLimits({ perHour: 3 })
  t.equal((await (await atTheDoor(site)).visitor.post(KNOCK, { feed: ANA })).status, 200)
  site.face.mode = 'open'
  const open = await site.withCaptcha()
  t.equal((await open.visitor.post(ANSWER, { captcha: open.answer })).status, 200)
})

t.test('a failed knock gives the permission back', async (t) => {
  let broken: Error | null = new RelayError('busy')
  const knock = async () => {
    if (broken) throw broken
    return 'waiting' as const
  }
  const site = await openCommunity(t, { perHour: 1 }, { knock })
  const { visitor } = await atTheDoor(site)
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 503)
  broken = new Error('disk on fire')
  const failed = await visitor.post(KNOCK, { feed: ANA })
  t.equal(failed.status, 500)
  t.notMatch(failed.text, 'disk')
  broken = null
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 200)
})

t.test('without a captcha the button leads to the form', async (t) => {
  const site = await openCommunity(t, { captcha: false })
  const visitor = site.visitor()
  t.match((await visitor.get('/invite/')).text, 'then introduce yourself')
  t.match((await visitor.post(ANSWER, { action: '' })).text, 'name="feed"')
  t.equal((await visitor.post(KNOCK, { feed: ANA })).status, 200)
})

t.test('an open room has no knocks, a restricted one has no pages, a community has no codes', async (t) => {
  const site = await openCommunity(t)
  const { visitor } = await atTheDoor(site)
  for (const mode of ['open', 'restricted'] as const) {
    site.face.mode = mode
    const nothing = (await visitor.get('/nothing')).text
    const reply = await visitor.post(KNOCK, { feed: ANA })
    t.equal(reply.status, 404, mode)
    t.equal(reply.text, nothing)
    t.equal((await visitor.get(KNOCK)).text, nothing)
  }
  t.same(site.knocks.left, [])
  site.face.mode = 'open'
  const had = await site.withCaptcha()
  const code = await had.visitor.post(ANSWER, { captcha: had.answer })
  const [, link = ''] = /code\.gif(\?invite=[^"]+)"/.exec(code.text) ?? []
  t.match((await had.visitor.get(`${ANSWER}${link}`)).text, '~')
  site.face.mode = 'community'
  t.match((await had.visitor.get(`${ANSWER}${link}`)).text, 'name="captcha"')
  t.equal((await had.visitor.get(`/invite/code.gif${link}`)).status, 404)
  t.equal(site.minted.length, 1)
})
