// SPDX-License-Identifier: AGPL-3.0-or-later
// SPIP-01, from the captcha to the code.

import t from 'tap'
import { CAPTCHA_MS, SESSION_MS } from '../../../src/lib/limits.js'
import { Captchas } from '../../../src/web/captchas.js'
import { titleOf } from '../../helpers/http.js'
import { ANSWER, codeFor, ONION, openSite, read } from '../site.js'

const LOCAL = { host: '127.0.0.1', port: 8008 }

t.test('page, image, answer, code', async (t) => {
  const site = await openSite(t)
  for (const path of ['/invite', '/invite/']) {
    const visitor = site.visitor()
    const page = await visitor.get(path)
    t.equal(page.status, 200)
    const [cookie = ''] = page.headers['set-cookie'] ?? []
    t.match(cookie, /^tidepool=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    t.match(page.text, `<form class="pool" method="post" action="${ANSWER}">`)
    t.match(page.text, /<input id="captcha" name="captcha"/)
    t.match(page.text, '<img src="/invite/captcha.png"')
    const image = await visitor.get('/invite/captcha.png')
    t.equal(image.headers['content-type'], 'image/gif')
    t.equal(image.headers['set-cookie'], undefined, 'the session is known')
    const reply = await visitor.post(ANSWER, { captcha: image.text.replace('GIF89a ', '') })
    t.equal(reply.status, 200)
    t.match(reply.headers['content-type'], 'text/html')
    const code = codeFor(LOCAL, site.minted.length)
    t.equal(titleOf(reply.text), code, 'the title is the code as it is')
    t.match(reply.text, `readonly spellcheck="false" rows="4" cols="30">${code}</textarea>`)
    t.match(reply.text, 'within 7 days')
    t.match(reply.text, 'datetime="2025-05-08"')
    const [, qr = ''] = /<img src="(\/invite\/code\.gif\?invite=[^"]+)"/.exec(reply.text) ?? []
    const drawn = await visitor.get(qr)
    t.same([drawn.status, drawn.headers['content-type']], [200, 'image/gif'])
    t.equal(drawn.body.subarray(0, 6).toString(), 'GIF87a')
    t.equal((await site.visitor().get(qr)).status, 404, 'the image is the session’s')
    t.equal((await (await site.withCaptcha()).visitor.get(qr)).status, 404)
  }
  t.same(site.minted, [LOCAL, LOCAL])
})

t.test('the answer ignores case and whitespace', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  t.equal((await visitor.post(ANSWER, { captcha: `  ${answer.toUpperCase()} `, action: '' })).status, 200)
})

t.test('the form has the action that Delog’s tests submit', async (t) => {
  const { page } = await (await openSite(t)).withCaptcha()
  t.match(page.text, '<button type="submit" name="action">')
  // Delog takes any URL with a question mark for a code
  t.notMatch(page.text, /<a [^>]*href="[^"]*\?/)
})

t.test('Delog is redirected to a URL with the code, in this session only', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const sent = await visitor.post(ANSWER, { captcha: answer }, { 'X-Requested-With': 'in.delog' })
  t.equal(sent.status, 303)
  t.equal(sent.headers['cache-control'], 'no-store')
  const location = sent.headers.location ?? ''
  t.match(location, /^\/invite\/invite-captcha-reponse\?invite=[A-Za-z0-9+]+$/)
  const code = codeFor(LOCAL, 1)
  t.equal(Buffer.from(location.split('?')[1]?.split('=')[1] ?? '', 'base64').toString(), code)
  t.equal(titleOf((await visitor.get(location)).text), code)
  t.equal(titleOf((await visitor.get(location)).text), code, 'and again')
  for (const stranger of [site.visitor(), (await site.withCaptcha()).visitor]) {
    const page = await stranger.get(location)
    t.equal(page.status, 200)
    t.equal(titleOf(page.text), 'Get an invite to Rock pool')
    t.notMatch(page.text, code.slice(0, 30))
  }
  const forged = Buffer.from('evil.example:8008:@x~y').toString('base64')
  const page = await visitor.get(`${ANSWER}?invite=${forged}`)
  t.match(page.text, 'name="captcha"', 'a code not ours is the captcha page again')
  t.notMatch(page.text, 'evil')
  site.clock.now += SESSION_MS
  t.match((await visitor.get(location)).text, 'name="captcha"', 'and so is one of a session gone')
  t.equal(site.minted.length, 1)
})

t.test('GET of the specification’s path is the captcha page', async (t) => {
  const site = await openSite(t)
  const visitor = site.visitor()
  t.match((await visitor.get(ANSWER)).text, 'name="captcha"')
  t.equal((await visitor.post(ANSWER, { captcha: await read(visitor) })).status, 200)
})

t.test('a wrong answer uses the captcha up and shows another', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const wrong = await visitor.post(ANSWER, { captcha: 'barnacle' })
  t.equal(wrong.status, 403)
  t.match(wrong.text, '<code>captcha_wrong</code>')
  t.equal(wrong.headers['cache-control'], 'no-store')
  t.notMatch(wrong.text, 'ed25519')
  const next = await read(visitor)
  t.not(next, answer)
  t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 403, 'the old answer is worth nothing')
  t.equal((await visitor.post(ANSWER, { captcha: await read(visitor) })).status, 200)
  t.equal(site.minted.length, 1)
})

t.test('JSON for clients that prefer it, with a new captcha', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const wrong = await visitor.post(ANSWER, { captcha: 'x' }, { Accept: 'application/json' })
  t.equal(wrong.status, 403)
  t.same(JSON.parse(wrong.text), { error: { code: 'captcha_wrong', message: 'wrong answer' } })
  t.not(await read(visitor), answer)
})

t.test('a right answer cannot be replayed', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  await visitor.post(ANSWER, { captcha: answer })
  const replay = await visitor.post(ANSWER, { captcha: answer })
  t.equal(replay.status, 403)
  t.match(replay.text, 'captcha_missing')
  t.equal((await visitor.get('/invite/captcha.png')).status, 200, 'a fresh captcha waits')
  t.equal(site.minted.length, 1)
})

t.test('fifty concurrent right answers make one invite', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const replies = await Promise.all(
    Array.from({ length: 50 }, () => visitor.post(ANSWER, { captcha: answer })),
  )
  t.equal(replies.filter(({ status }) => status === 200).length, 1)
  t.equal(replies.filter(({ status }) => status === 403).length, 49)
  t.equal(site.minted.length, 1)
})

t.test('many concurrent guesses count as one', async (t) => {
  const site = await openSite(t)
  const { visitor, answer } = await site.withCaptcha()
  const first = visitor.post(ANSWER, { captcha: 'x' })
  const rest = ['y', 'z', answer].map((captcha) => visitor.post(ANSWER, { captcha }))
  const replies = await Promise.all([first, ...rest])
  t.ok(replies.filter(({ status }) => status === 200).length <= 1)
  t.ok(site.minted.length <= 1)
  // the same without sockets: the captcha is removed before any await
  const session = { id: '', seen: 0, captcha: null, issued: [], mayKnock: false, challenge: null }
  const captchas = new Captchas({
    draw: async () => ({ answer: 'a', image: Buffer.alloc(1), type: 'image/gif' }),
    speak: async () => ({ bytes: Buffer.alloc(1), release: () => {} }),
    now: () => 0,
    asks: () => ({ question: null, picture: true }),
  })
  await captchas.renew(session)
  captchas.consume(session)
  t.equal(captchas.waiting(session), null)
})

t.test('no captcha, no invite', async (t) => {
  const site = await openSite(t)
  const { answer, visitor } = await site.withCaptcha()
  const stranger = site.visitor()
  const reply = await stranger.post(ANSWER, { captcha: answer })
  t.equal(reply.status, 403)
  t.match(reply.text, 'captcha_missing')
  t.equal(stranger.cookies.size, 1, 'but a session, to try again')
  t.equal((await stranger.post(ANSWER, { captcha: await read(stranger) })).status, 200)
  site.clock.now += CAPTCHA_MS
  t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 403, 'a captcha gets old')
  t.equal(site.minted.length, 1)
})

t.test('an unknown session id is replaced', async (t) => {
  const site = await openSite(t)
  for (const id of ['A'.repeat(43), '', 'short', '__proto__', '"quoted"', 'x'.repeat(4000)]) {
    const visitor = site.visitor()
    visitor.cookies.set('tidepool', id)
    await visitor.get('/invite/')
    t.match(visitor.cookies.get('tidepool'), /^[A-Za-z0-9_-]{43}$/)
    t.not(visitor.cookies.get('tidepool'), id)
  }
  t.equal((await site.visitor().get('/invite/captcha.png')).status, 404, 'no image without a session')
})

t.test('the rate limit is global, sends Retry-After and keeps the captcha', async (t) => {
  const site = await openSite(t, { perHour: 10 })
  for (let n = 0; n < 10; n++) {
    const { visitor, answer } = await site.withCaptcha()
    t.equal((await visitor.post(ANSWER, { captcha: answer })).status, 200)
  }
  const { visitor, answer, page } = await site.withCaptcha()
  t.match(page.text, 'available in about 6 minutes')
  t.equal((await visitor.post(ANSWER, { captcha: 'wrong' })).status, 403)
  const captcha = await read(visitor)
  t.not(captcha, answer)
  const late = await visitor.post(ANSWER, { captcha })
  t.equal(late.status, 429)
  t.equal(late.headers['retry-after'], '360')
  t.match(late.text, /about <strong>6 minutes<\/strong>/)
  t.match(late.text, 'invites_exhausted')
  const json = await visitor.post(ANSWER, { captcha }, { Accept: 'application/json' })
  t.equal(json.headers['retry-after'], '360')
  t.same(JSON.parse(json.text).error.code, 'invites_exhausted')
  site.clock.now += 359_999
  t.equal((await visitor.post(ANSWER, { captcha })).status, 429)
  site.clock.now += 1
  t.equal((await visitor.post(ANSWER, { captcha })).status, 200, 'the same answer, later')
  site.web.setLimits({ perHour: 11 })
  const again = await site.withCaptcha()
  t.equal((await again.visitor.post(ANSWER, { captcha: again.answer })).status, 200)
})

t.test('if no invite can be made, captcha and quota are given back', async (t) => {
  let broken = true
  const site = await openSite(
    t,
    { perHour: 1 },
    {
      mintInvite: async (address) => {
        if (broken) throw new Error('disk on fire')
        return { code: codeFor(address, 9), expires: 1e12 }
      },
    },
  )
  const { visitor, answer } = await site.withCaptcha()
  const failed = await visitor.post(ANSWER, { captcha: answer })
  t.equal(failed.status, 500)
  t.match(failed.text, '<code>internal</code>')
  t.notMatch(failed.text, 'disk')
  t.match(site.lines.join(''), 'disk on fire')
  broken = false
  const reply = await visitor.post(ANSWER, { captcha: answer })
  t.equal(titleOf(reply.text), codeFor(LOCAL, 9))
})

t.test('without a captcha there is a button, and a session too', async (t) => {
  const site = await openSite(t, { captcha: false })
  const visitor = site.visitor()
  const page = await visitor.get('/invite/')
  t.notMatch(page.text, /captcha\.(gif|png|wav)|name="captcha"/)
  t.match(page.text, 'name="action"')
  t.equal((await visitor.get('/invite/captcha.png')).status, 404)
  t.equal((await site.visitor().post(ANSWER, {})).status, 403)
  t.equal(titleOf((await visitor.post(ANSWER, { action: '' })).text), codeFor(LOCAL, 1))
  t.equal((await visitor.post(ANSWER, { action: '' })).status, 403, 'one page, one invite')
  site.web.setLimits({ captcha: true })
  t.equal((await visitor.post(ANSWER, { action: '' })).status, 403, 'and none once captchas are on')
  t.equal((await visitor.post(ANSWER, { captcha: await read(visitor) })).status, 200)
})

t.test('the code names the host by which the page was reached', async (t) => {
  const site = await openSite(t)
  for (const [Host, host] of [
    ['pool.example', 'pool.example'],
    [`${ONION}:80`, ONION],
    [`localhost:${site.web.port}`, 'localhost'],
    [`127.0.0.1:1`, '127.0.0.1'],
  ] as const) {
    const visitor = site.visitor()
    await visitor.get('/invite/', { Host })
    const image = await visitor.get('/invite/captcha.png', { Host })
    await visitor.post(
      ANSWER,
      { captcha: image.text.replace('GIF89a ', '') },
      { Host, 'X-Forwarded-Host': 'evil.example' },
    )
    t.equal(site.minted.at(-1)?.host, host)
  }
})
