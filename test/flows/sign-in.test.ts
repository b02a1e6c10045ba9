// SPDX-License-Identifier: AGPL-3.0-or-later
// Sign-in with SSB: real apps (ssb-http-auth-client) and a real browser, both ways; and attempts that must fail.

import { randomBytes } from 'node:crypto'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { HOUR, SIGN_IN_PICTURES_PER_HOUR, SOLUTION_MS } from '../../src/lib/limits.js'
import { solve } from '../../src/ssb/http-auth.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { createTestClock } from '../helpers/clock.js'
import { ssbUriIn, Visitor } from '../helpers/http.js'
import { followLink, signedIn } from '../helpers/member.js'
import { type BootedRelay, bootRelay, connectMember, until } from '../helpers/relay.js'
import { openRoomApp, type RoomApp } from '../helpers/room-app.js'

async function appOf(t: Test, relay: BootedRelay): Promise<RoomApp> {
  const app = await openRoomApp(t, { signIn: true })
  await relay.operator.membersAdd(app.id)
  await app.join(relay)
  return app
}

t.test('ssb-http-auth-client begins it: its address opened in a browser signs in', async (t) => {
  const relay = await bootRelay(t)
  const app = await appOf(t, relay)
  const url = new URL(await app.call(app.ssb.httpAuthClient.produceSignInWebUrl, relay.id))
  const visitor = new Visitor(relay.webUrl)
  const page = await visitor.get(url.pathname + url.search)
  t.equal(page.status, 200)
  t.ok(page.text.includes(app.id), 'it says who one is')
  t.match(
    page.headers['set-cookie']?.join(),
    /tidepool-member=[\w-]{43}; Path=\/; HttpOnly; Max-Age=\d+; SameSite=Lax/,
  )
  t.equal((await visitor.get('/dashboard')).status, 200)
  // seen by another person, in a history or on the screen
  const other = new Visitor(relay.webUrl)
  const again = await other.get(url.pathname + url.search)
  t.equal(again.status, 403)
  t.notOk(other.cookies.has('tidepool-member'))
  t.match(again.text, 'sign_in_refused')
  await app.call(app.ssb.httpAuthClient.invalidateAllSessions, relay.id)
  t.equal((await visitor.get('/dashboard')).status, 401, 'the app signs all browsers out')
})

for (const javaScriptEnabled of [true, false]) {
  const scripts = javaScriptEnabled ? 'with scripts' : 'without scripts'
  t.test(`a browser begins it, ${scripts}`, { skip: withoutBrowser() }, async (t) => {
    const relay = await bootRelay(t)
    await relay.operator.mode('restricted')
    const app = await appOf(t, relay)
    const browser = await openBrowser(t)
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 320, height: 568 } })
    const page = await context.newPage()
    t.equal((await page.goto(`${relay.webUrl}/dashboard/members?from=0`))?.status(), 401)
    await page.click('header >> text=Sign in')
    const uri = await page.getAttribute('a[href^="ssb:"]', 'href')
    t.match(new URL(uri ?? '').searchParams.get('multiserverAddress'), `net:127.0.0.1:${relay.ssbPort}~shs:`)
    t.equal(await app.call(app.ssb.httpAuthClient.consumeSignInSsbUri, uri), true)
    await page.waitForURL('**/dashboard/members?from=0')
    t.match(
      await page.textContent('main'),
      app.id.slice(0, 9),
      'continues by itself, with the page that was wanted',
    )
    t.match(await page.textContent('header'), 'Sign out')
    const listed = await page.goto(`${relay.webUrl}/dashboard/me`)
    t.equal(listed?.status(), 200)
    t.match(await page.textContent('.cards'), 'Chrome')
    await page.goto(`${relay.webUrl}/logout`)
    await page.click('main button')
    t.equal((await page.goto(`${relay.webUrl}/dashboard`))?.status(), 401)
  })
}

t.test('a challenge is one browser’s, one app’s, and good once', async (t) => {
  const relay = await bootRelay(t)
  const alice = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const bob = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const stranger = new Visitor(relay.webUrl)
  const visitor = new Visitor(relay.webUrl)

  async function begin(): Promise<{ sc: string; cc: string }> {
    const page = await visitor.get('/login')
    const sc = ssbUriIn(page.text).searchParams.get('sc') ?? ''
    return { sc, cc: randomBytes(32).toString('base64') }
  }
  const { sc, cc } = await begin()
  t.equal((await begin()).sc, sc, 'looking again begins nothing anew')
  t.equal(
    await bob.rpc.httpAuth.sendSolution(sc, cc, solve(alice.keys, { server: relay.id, sc, cc })),
    false,
    'solved by another key',
  )
  t.equal(
    await alice.rpc.httpAuth.sendSolution(sc, cc, solve(alice.keys, { server: relay.id, sc, cc })),
    false,
    'and then it is used up',
  )
  const failed = await visitor.get('/login')
  t.equal(failed.status, 403)
  t.match(failed.text, 'sign_in_refused')

  const second = await begin()
  t.not(second.sc, sc)
  const solution = solve(alice.keys, { server: relay.id, ...second })
  t.equal(await alice.rpc.httpAuth.sendSolution(second.sc, second.cc, solution), true)
  t.equal(await alice.rpc.httpAuth.sendSolution(second.sc, second.cc, solution), false, 'twice')
  const others = await stranger.get(`/login?sc=${encodeURIComponent(second.sc)}`)
  t.equal(others.status, 200)
  t.not(ssbUriIn(others.text).searchParams.get('sc'), second.sc, 'another browser has nothing of it')
  t.equal((await stranger.get('/dashboard')).status, 401)
  const done = await visitor.get('/login')
  t.match([done.status, done.headers.location], [303, '/dashboard'])
  t.equal((await visitor.get('/dashboard')).status, 200)

  t.equal(await bob.rpc.httpAuth.sendSolution(randomBytes(32).toString('base64'), cc, solution), false)
  for (const junk of [[], [null], [{}, {}, {}], ['__proto__', 'x', 'y']])
    t.equal(await bob.rpc.httpAuth.sendSolution(...junk), false)
})

t.test('an app that is away, one that says no and no member at all look the same', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const away = ssbKeys.generate()
  await relay.operator.membersAdd(away.id)
  const refuses = await connectMember(t, relay, {
    keys: ssbKeys.generate(),
    api: {
      httpAuth: {
        requestSolution: (_sc: string, _cc: string, cb: (err: Error) => void) => cb(new Error('no')),
      },
    },
  })
  const forged = await connectMember(t, relay, {
    keys: ssbKeys.generate(),
    api: {
      httpAuth: {
        requestSolution: (sc: string, cc: string, cb: (err: null, sol: string) => void) =>
          cb(null, solve(away, { server: relay.id, sc, cc })),
      },
    },
  })
  const silent = await connectMember(t, relay, {
    keys: ssbKeys.generate(),
    api: { httpAuth: { requestSolution: () => {} } },
  })
  const seen = new Set<string>()
  for (const id of [away.id, refuses.id, forged.id, silent.id, ssbKeys.generate().id]) {
    const cc = encodeURIComponent(randomBytes(32).toString('base64'))
    const visitor = new Visitor(relay.webUrl)
    let settled = false
    const asked = visitor.get(`/login?cid=${encodeURIComponent(id)}&cc=${cc}`).finally(() => {
      settled = true
    })
    await until('the refusal', () => {
      clock.advance(SOLUTION_MS / 4)
      return settled
    })
    const { status, text } = await asked
    t.same([status, visitor.cookies.has('tidepool-member')], [403, false])
    seen.add(text)
  }
  t.equal(seen.size, 1, 'word for word')
  for (const query of ['cid=x&cc=y', `cid=${encodeURIComponent(away.id)}`, 'cc=7', 'cid=a&cid=b&cc=c'])
    t.equal((await new Visitor(relay.webUrl).get(`/login?${query}`)).status, 400, query)
})

t.test('a login link: a button, once, and nothing for whoever guesses', async (t) => {
  const relay = await bootRelay(t)
  const id = ssbKeys.generate().id
  await relay.operator.membersAdd(id)
  const { url } = await relay.operator.membersLink(id)
  for (const method of ['HEAD', 'GET']) {
    const looked = await new Visitor(relay.webUrl).ask(url.slice(relay.webUrl.length), { method })
    t.equal(looked.status, 200, 'looking at it uses nothing up')
    t.match(
      looked.headers['set-cookie']?.join(),
      /^tidepool-link=[\w-]{43}; Path=\/; HttpOnly; Max-Age=\d+; SameSite=Strict$/,
    )
  }
  const visitor = await followLink(relay, url)
  t.match((await visitor.get('/dashboard')).text, id.slice(0, 9))
  await t.rejects(followLink(relay, url), /410/)
  const other = new URLSearchParams({ cid: ssbKeys.generate().id, cc: randomBytes(32).toString('base64') })
  const led = await visitor.get(`/login?${other}`)
  t.match([led.status, led.headers.location], [303, '/logout'], 'a page that leads here makes nobody another')
  t.equal((await visitor.get('/dashboard')).status, 200)
  const foreign = await visitor.post('/login/link', { token: 'x' }, { Origin: 'https://evil.example' })
  t.equal(foreign.status, 403)
  const statuses = new Set<number>()
  const csrf = visitor.cookies.get('tidepool-link') ?? ''
  for (let i = 0; i < 61; i++)
    statuses.add((await visitor.post('/login/link', { csrf, token: `x${i}` })).status)
  t.same([...statuses], [410, 429], 'guessing has an end')
  const { url: late } = await relay.operator.membersLink(id)
  t.ok(await followLink(relay, late), 'and keeps nobody out')
})

t.test('a request is drawn once, and so many in an hour', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const [mine, crowd] = [new Visitor(relay.webUrl), new Visitor(relay.webUrl)]
  const draw = (visitor: Visitor) => visitor.get('/login/code.gif')
  t.equal((await draw(mine)).status, 404, 'nothing was begun')
  await mine.get('/login')
  const first = await draw(mine)
  t.match([first.status, first.headers['content-type']], [200, 'image/gif'])
  for (let i = 0; i < SIGN_IN_PICTURES_PER_HOUR - 1; i++) {
    crowd.cookies.clear()
    await crowd.get('/login')
    if (i < 3) t.ok((await draw(mine)).body.equals(first.body), 'the same again costs nothing')
    t.equal((await draw(crowd)).status, 200)
    t.equal((await draw(crowd)).status, 200)
  }
  crowd.cookies.clear()
  await crowd.get('/login')
  const { status, headers } = await draw(crowd)
  t.match([status, headers['retry-after']], [429, `${3600 / SIGN_IN_PICTURES_PER_HOUR}`])
  clock.advance(HOUR / SIGN_IN_PICTURES_PER_HOUR)
  t.equal((await draw(crowd)).status, 200)
})

t.test('a login link is taken from its own page alone', async (t) => {
  const relay = await bootRelay(t)
  const alice = await signedIn(relay)
  const mallory = ssbKeys.generate().id
  await relay.operator.membersAdd(mallory)
  const token = new URL((await relay.operator.membersLink(mallory)).url).searchParams.get('token') ?? ''
  // as a browser posts over plain HTTP a form of another site
  const foreign = { Origin: 'null' }
  const own = alice.visitor.cookies.get('tidepool-link') ?? ''
  const other = new Visitor(relay.webUrl)
  await other.get('/login/link?token=x')
  const theirs = other.cookies.get('tidepool-link') ?? ''
  t.not(own, theirs)
  const strict = new Map(alice.visitor.cookies)
  alice.visitor.cookies.delete('tidepool-link')
  for (const csrf of ['', theirs, own]) {
    const reply = await alice.visitor.post('/login/link', { csrf, token }, foreign)
    t.equal(reply.status, 403, 'the cookie stays away')
    t.match(reply.text, 'form_stale')
  }
  for (const [name, value] of strict) alice.visitor.cookies.set(name, value)
  for (const fields of [{ token }, { csrf: theirs, token }])
    t.equal((await alice.visitor.post('/login/link', fields, foreign)).status, 403, 'the page stays unread')
  t.match((await alice.get('/dashboard/me')).text, alice.id.slice(0, 9))
  const taken = await alice.visitor.post('/login/link', { csrf: own, token }, foreign)
  t.equal(taken.status, 303, 'none of them used it up')
  t.match((await alice.get('/dashboard/me')).text, mallory.slice(0, 9))
})

t.test('a sign-in ends with sign-out, with the membership and when another browser ends it', async (t) => {
  const relay = await bootRelay(t)
  const first = await signedIn(relay)
  const second = await signedIn(relay, 'member', first.keys)
  const me = await first.get('/dashboard/me')
  const sessions = [...me.text.matchAll(/name="session" value="([\w-]+)"/g)].map(([, id]) => id as string)
  t.equal(sessions.length, 2)
  const stranger = await signedIn(relay)
  for (const session of sessions) t.equal((await stranger.does('session.close', { session })).status, 404)
  await relay.restart()
  const moved = (visitor: Visitor): Visitor => {
    const next = new Visitor(relay.webUrl)
    for (const [name, value] of visitor.cookies) next.cookies.set(name, value)
    return next
  }
  t.equal((await moved(second.visitor).get('/dashboard')).status, 200, 'a restart changes nothing')
  await relay.operator.block(first.id)
  for (const { visitor } of [first, second]) {
    const { status, text } = await moved(visitor).get('/dashboard/members')
    t.equal(status, 401)
    t.notMatch(text, stranger.id)
  }
  const json = await moved(first.visitor).get('/dashboard', { Accept: 'application/json' })
  t.same(JSON.parse(json.text), { error: { code: 'signed_out', message: 'not signed in' } })
})
