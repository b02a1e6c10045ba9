// SPDX-License-Identifier: AGPL-3.0-or-later
// Set-up: the form, the token, and invalid input.

import { HtmlValidate } from 'html-validate'
import t from 'tap'
import { RelayError } from '../../../src/lib/errors.js'
import { DESCRIPTION_CHARS, NAME_CHARS } from '../../../src/lib/limits.js'
import type { RelayHostnames } from '../../../src/web/app.js'
import { codeFor, openSite, RELAY_ID } from '../site.js'

const ADMIN = `@${'A'.repeat(43)}=.ed25519`
const token = 'oyster-token'
const good = { token, name: 'Rock pool', description: 'For limpets.', admin: '' }

async function openFresh(...args: Parameters<typeof openSite>) {
  const site = await openSite(...args)
  site.setup.pending = true
  return site
}

/** The value of a field. */
function valueIn(html: string, name: string): string | undefined {
  return new RegExp(`name="${name}"[^>]*?value="([^"]*)"`, 's').exec(html)?.[1]
}

t.test('the front page redirects to it until it is done, then it is gone', async (t) => {
  const site = await openFresh(t)
  const visitor = site.visitor()
  const front = await visitor.get('/')
  t.same([front.status, front.headers.location], [303, '/setup'])
  t.equal((await visitor.get('/healthz')).status, 200)
  t.equal((await visitor.get('/invite/')).status, 200, 'what needs no name goes on')
  t.equal((await visitor.get('/whois')).status, 200)
  const asked = await visitor.get('/setup')
  t.equal(asked.status, 200)
  t.match(asked.text, /<label for="token">/)
  t.match(asked.text, '<code>tidepool members link</code>', 'and says how to come to the dashboard')
  t.notMatch(asked.text, 'aria-invalid')
  const linked = await visitor.get(`/setup?token=${token}`)
  t.match(linked.text, `<input type="hidden" name="token" value="${token}">`)
  t.notMatch(linked.text, /<label for="token">/)
  t.equal(linked.headers['cache-control'], 'no-store')
  const done = await visitor.post('/setup', {
    ...good,
    description: 'One\r\nTwo',
    admin: ` ${ADMIN} `,
    ebt: 'on',
  })
  t.match(done, { status: 200, text: /<h1>Rock pool is ready/ })
  t.same(site.setup.claimed, [{ name: 'Rock pool', description: 'One\nTwo', admin: ADMIN, ebt: true }])
  t.equal((await visitor.get('/')).status, 200)
  const nothing = (await visitor.get('/nothing')).text
  for (const path of ['/setup', `/setup?token=${token}`]) {
    const gone = await visitor.get(path)
    t.equal(gone.status, 404)
    t.equal(gone.text, nothing)
  }
  const late = await visitor.post('/setup', good)
  t.equal(late.status, 404)
  t.equal(late.text, nothing)
  t.equal(site.setup.claimed.length, 1)
})

t.test('of concurrent forms one is accepted', async (t) => {
  const site = await openFresh(t)
  const replies = await Promise.all(Array.from({ length: 20 }, () => site.visitor().post('/setup', good)))
  const of = (status: number) => replies.filter((reply) => reply.status === status).length
  t.equal(of(200), 1)
  t.equal(of(409) + of(404), 19)
  t.equal(site.setup.claimed.length, 1)
  const late = replies.find(({ status }) => status === 409)
  if (late) t.match(late.text, 'already_set_up')
})

t.test('a form sent after another was accepted is rejected', async (t) => {
  const site = await openFresh(
    t,
    {},
    {
      setup: {
        pending: () => true,
        knows: () => true,
        claim: async () => {
          throw new RelayError('already_set_up')
        },
      },
    },
  )
  const { status, text } = await site.visitor().post('/setup', good)
  t.equal(status, 409)
  t.match(text, '<code>already_set_up</code>')
  t.match(text, 'href="/"')
})

t.test('without a token, or with a wrong one', async (t) => {
  const site = await openFresh(t)
  for (const wrong of [
    '',
    ' ',
    'x',
    `${token}x`,
    token.toUpperCase(),
    '__proto__',
    '\u0000',
    'é'.repeat(400),
  ]) {
    const { status, text } = await site.visitor().post('/setup', { ...good, token: wrong })
    t.equal(status, 403, JSON.stringify(wrong.slice(0, 20)))
    t.match(text, '<code>token_wrong</code>')
    t.match(text, 'id="token-wrong"')
    t.equal(valueIn(text, 'name'), 'Rock pool', 'what else was written stays')
    t.match(text, 'For limpets.</textarea>')
  }
  const { token: _, ...without } = good
  t.equal((await site.visitor().post('/setup', without)).status, 403)
  t.equal(
    (await site.visitor().post('/setup', `token=${token}&token=${token}&name=x`)).status,
    403,
    'said twice',
  )
  t.equal((await site.visitor().get('/setup?token=x')).status, 403)
  t.equal((await site.visitor().get(`/setup?token=${token}&token=${token}`)).status, 200, 'asked for anew')
  const json = await site.visitor().post('/setup', { ...good, token: 'x' }, { Accept: 'application/json' })
  t.equal(json.status, 403)
  t.match(JSON.parse(json.text), { error: { code: 'token_wrong', message: /^wrong token/ } })
  t.same(site.setup.claimed, [])
})

t.test('guesses share one limit, and do not lock out the right token', async (t) => {
  const site = await openFresh(t)
  for (let n = 0; n < 60; n++) {
    const guess =
      n % 2 ? site.visitor().get('/setup?token=x') : site.visitor().post('/setup', { ...good, token: 'x' })
    t.equal((await guess).status, 403)
  }
  const { status, text, headers } = await site.visitor().post('/setup', { ...good, token: 'x' })
  t.equal(status, 429)
  t.equal(headers['retry-after'], '60')
  t.match(text, 'quota_reached')
  t.equal((await site.visitor().get('/setup')).status, 200, 'the page itself is no guess')
  t.equal((await site.visitor().post('/setup', { ...good, token: '' })).status, 403, 'nor is saying nothing')
  t.equal((await site.visitor().get(`/setup?token=${token}`)).status, 200)
  t.equal((await site.visitor().post('/setup', good)).status, 200)
})

t.test('each invalid field is marked, and all input stays', async (t) => {
  const validator = new HtmlValidate({ extends: ['html-validate:recommended'] })
  const site = await openFresh(t)
  const rows: Array<[answers: Partial<typeof good>, field: string, status: number, code: string]> = [
    [{ name: '' }, 'name', 400, 'bad_argument'],
    [{ name: ' \t\r\n ' }, 'name', 400, 'bad_argument'],
    [{ name: '\u202e\u2066\u0000\u0007' }, 'name', 400, 'bad_argument'],
    [{ name: 'x'.repeat(NAME_CHARS + 1) }, 'name', 400, 'bad_argument'],
    [{ name: '🦀'.repeat(NAME_CHARS + 1) }, 'name', 400, 'bad_argument'],
    [{ name: 'x'.repeat(10_240) }, 'name', 400, 'bad_argument'],
    [{ description: 'y'.repeat(DESCRIPTION_CHARS + 1) }, 'description', 400, 'bad_argument'],
    [{ description: 'ש'.repeat(10_000) }, 'description', 400, 'bad_argument'],
    [{ admin: 'me' }, 'admin', 400, 'bad_feed_id'],
    [{ admin: ADMIN.slice(1) }, 'admin', 400, 'bad_feed_id'],
    [{ admin: `${ADMIN}x` }, 'admin', 400, 'bad_feed_id'],
    [{ admin: '"><script>alert(1)</script>' }, 'admin', 400, 'bad_feed_id'],
    [{ admin: RELAY_ID }, 'admin', 403, 'not_allowed'],
  ]
  for (const [answers, field, status, code] of rows) {
    const { text, ...reply } = await site.visitor().post('/setup', { ...good, ...answers })
    const label = `${field}: ${JSON.stringify(answers).slice(0, 60)}`
    t.equal(reply.status, status, label)
    t.match(text, `<code>${code}</code>`)
    t.match(text, `id="${field}-wrong"`)
    t.match(
      text,
      new RegExp(`id="${field}"[^>]*aria-describedby="${field}-hint ${field}-wrong" aria-invalid="true"`),
    )
    t.equal(text.match(/aria-invalid/g)?.length, 1, 'and no other')
    t.equal(text.match(/ autofocus/g)?.length, 1)
    t.match(text, `<input type="hidden" name="token" value="${token}">`)
    t.notMatch(text, '<script>alert')
    if (field !== 'description') t.match(text, 'For limpets.</textarea>')
    else t.match(text, `${answers.description}</textarea>`)
    if (answers.name?.startsWith('x')) t.equal(valueIn(text, 'name'), answers.name)
    t.ok((await validator.validateString(text)).valid, `${label}: valid HTML`)
  }
  const all = await site
    .visitor()
    .post('/setup', { token: 'x', name: '', description: 'z'.repeat(2000), admin: 'x' })
  t.equal(all.status, 403)
  t.equal(all.text.match(/aria-invalid/g)?.length, 4)
  t.equal(all.text.match(/ autofocus/g)?.length, 1)
  t.same(site.setup.claimed, [])
})

t.test('accepted input', async (t) => {
  const rows: Array<[given: typeof good, name: string, description: string]> = [
    [{ ...good, name: '<b>"Pool" & {{ 7 }}</b>' }, '<b>"Pool" & {{ 7 }}</b>', good.description],
    [{ ...good, name: '🦀'.repeat(NAME_CHARS) }, '🦀'.repeat(NAME_CHARS), good.description],
    [{ ...good, name: 'בריכת סלע', description: 'שלום' }, 'בריכת סלע', 'שלום'],
    [{ ...good, name: '\u202eevil\u202c pool\u0007' }, 'evil  pool', good.description],
    [{ ...good, description: '水'.repeat(DESCRIPTION_CHARS) }, good.name, '水'.repeat(DESCRIPTION_CHARS)],
    [{ ...good, description: `${'a\r\n'.repeat(499)}b` }, good.name, `${'a\n'.repeat(499)}b`],
    [{ ...good, description: '' }, good.name, ''],
  ]
  for (const [given, name, description] of rows) {
    const site = await openFresh(t)
    t.equal((await site.visitor().post('/setup', given)).status, 200, name.slice(0, 30))
    t.same(site.setup.claimed, [{ name, description, admin: '', ebt: false }])
  }
})

t.test('malformed bodies', async (t) => {
  const site = await openFresh(t)
  const visitor = site.visitor()
  const large = await visitor.post('/setup', { ...good, description: 'x'.repeat(70_000) })
  t.equal(large.status, 413)
  t.match(large.text, 'href="/"', 'the way back is the front page')
  t.equal((await visitor.post('/setup', '{}', { 'Content-Type': 'application/json' })).status, 400)
  t.equal((await visitor.post('/setup', good, { 'Sec-Fetch-Site': 'cross-site' })).status, 403)
  t.equal((await visitor.post('/setup', good, { Host: 'evil.example' })).status, 421)
  t.equal((await visitor.ask('/setup', { method: 'PUT' })).status, 405)
  t.same(site.setup.claimed, [])
})

t.test('errors that only the relay can find', async (t) => {
  const asked = { refusal: new RelayError('not_allowed') as Error }
  const claim = async () => {
    throw asked.refusal
  }
  const site = await openFresh(t, {}, { setup: { pending: () => true, knows: () => true, claim } })
  const blocked = await site.visitor().post('/setup', { ...good, admin: ADMIN })
  t.equal(blocked.status, 403)
  t.match(blocked.text, 'id="admin-wrong"')
  asked.refusal = new RelayError('token_wrong')
  t.match((await site.visitor().post('/setup', good)).text, '<code>token_wrong</code>')
  asked.refusal = new Error('disk on fire')
  const broken = await site.visitor().post('/setup', good)
  t.equal(broken.status, 500)
  t.notMatch(broken.text, 'disk')
})

t.test('afterwards: an invite to share, the way to the dashboard, and who can reach the room', async (t) => {
  const open = async (Host: string, admin: string, names: Partial<RelayHostnames> = {}) => {
    const site = await openFresh(t)
    Object.assign(site.names, names)
    const { text } = await site.visitor().post('/setup', { ...good, admin }, { Host })
    return { site, text }
  }
  const near = await open('127.0.0.1', '', { domain: null, onion: null })
  t.match(near.text, 'only this machine can reach the room')
  t.match(near.text, 'tidepool setup --admin')
  t.notMatch(near.text, 'href="/login"><')
  t.same(near.site.minted, [], 'no invite names 127.0.0.1')
  const behind = await open('127.0.0.1', ADMIN)
  t.match(behind.text, '<code>pool.example</code>')
  t.match(behind.text, 'href="/login"')
  t.notMatch(behind.text, /only this machine|--admin/)
  const far = await open('pool.example', ADMIN)
  t.match(far.site.minted, [{ host: 'pool.example' }])
  t.match(far.text, /\/join\?invite=[\s\S]*\/join\/qr\.gif/)
  t.match(far.text, codeFor({ host: 'pool.example', port: 8008 }, 1))
})
