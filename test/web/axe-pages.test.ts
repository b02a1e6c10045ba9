// SPDX-License-Identifier: AGPL-3.0-or-later
// axe-core on every page that the relay can answer: light and dark, on a phone and on a desk, and in every language.

import type { Page } from 'playwright-core'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { IDLE_CLAIMS_PER_HOUR } from '../../src/lib/service-limits.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { slugOf } from '../../src/web/format.js'
import { LANGUAGES } from '../../src/web/words/languages.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { createAuthority } from '../helpers/certificates.js'
import { ANSWER_PATH, INVITE_PATH } from '../helpers/delog.js'
import { type Reply, Visitor } from '../helpers/http.js'
import { bootLobby } from '../helpers/lobby.js'
import { type Member, signedIn } from '../helpers/member.js'
import { type BootedRelay, connectMember, knownCaptchas } from '../helpers/relay.js'
import { KNOCK_PATH, knockAt, solveCaptcha } from '../helpers/room-visitor.js'
import { violations } from './axe.js'
import { checkLook } from './readable.js'
import { openSite } from './site.js'

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 800 }
/** The rules whose verdict changes with the palette. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/** The dashboard's pages with the longest words. */
const LONG = ['/dashboard/room', '/dashboard/health', '/dashboard/invites', '/dashboard/me']

const HTML = { Accept: 'text/html' }
const captchas = knownCaptchas()

/** A page by its name: how it was asked for, and with which status it must answer. */
type Pages = AsyncGenerator<readonly [name: string, status: number, reply: Reply]>

t.test('no page has a violation', { timeout: 400_000, skip: withoutBrowser() }, async (t) => {
  const relay = await bootLobby(t, await createAuthority(), { setUp: false, drawCaptcha: captchas.draw })
  const browser = await openBrowser(t)
  const context = await browser.newContext({ viewport: PHONE })
  const page = await context.newPage()
  const statuses = new Set<number>()

  /** Shows a reply as it came, at an address of the relay, so that style and scripts load. */
  async function open(reply: Reply): Promise<void> {
    await page.unrouteAll()
    await page.route('**/shown', (route) =>
      route.fulfill({ status: reply.status, contentType: 'text/html; charset=utf-8', body: reply.body }),
    )
    await page.goto(`${relay.webUrl}/shown`)
  }

  async function checkAll(pages: Pages): Promise<void> {
    for await (const [name, status, reply] of pages) {
      t.equal(reply.status, status, name)
      t.match(reply.headers['content-type'], /^text\/html/, name)
      statuses.add(reply.status)
      await open(reply)
      t.same(await inEachForm(page), [], name)
    }
  }

  await checkAll(setUpPages(relay))
  const people = await peopled(relay)
  await checkAll(strangersPages(relay, people))
  await checkAll(errorPages(relay, people))
  await checkAll(dashboardPages(relay, people))
  await relay.operator.questionSet({
    language: 'en',
    text: 'Which boat?',
    answers: ['Limpet'],
    picture: true,
  })
  await checkAll(communityPages(relay))
  await checkAll(restrictedPages(relay, people))
  const broken = await brokenSite(t)
  await checkAll(faultPages(broken))
  t.ok(
    [400, 401, 403, 404, 421, 429, 500].every((status) => statuses.has(status)),
    'each kind of error page',
  )

  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(PHONE)
  const stranger = new Visitor(relay.webUrl)
  for (const { tag } of LANGUAGES.slice(1))
    for (const path of ['/', INVITE_PATH, '/login', '/nothing', ...LONG]) {
      const visitor = LONG.includes(path) ? people.admin.visitor : stranger
      await open(await visitor.get(path, { ...HTML, 'Accept-Language': tag }))
      t.equal(await page.getAttribute('html', 'lang'), tag)
      t.same(await violations(page), [], `${path} in ${tag}`)
    }
  const texts = new Set<string>()
  for (const { tag } of LANGUAGES) {
    const asked = { ...HTML, 'Accept-Language': tag }
    for (const reply of [
      await stranger.get('/nothing', asked),
      await stranger.get('/dashboard', asked),
      await stranger.get('/', { ...asked, Host: 'other.example' }),
      await stranger.post('/language', {}, { ...asked, 'Sec-Fetch-Site': 'cross-site' }),
      await stranger.post('/language', 'x'.repeat(200_000), asked),
      await broken.get('/', asked),
    ]) {
      await open(reply)
      texts.add((await page.textContent('main')) ?? '')
      await checkLook(t, page, `${reply.status} in ${tag}`)
    }
  }
  t.equal(texts.size, 6 * LANGUAGES.length, 'each error has words of its own in each language')

  await page.setContent('<img src="x"><p style="color: #ddd; background: #fff">Hardly seen')
  const found = (await inEachForm(page)).join('\n')
  t.match(found, /390 light: image-alt[\s\S]*1280 dark: color-contrast/, 'it finds what is wrong')
})

/** Violations on a phone and on a desk, in light and dark. */
async function inEachForm(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const viewport of [PHONE, DESK]) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const rules = colorScheme === 'light' ? undefined : COLOURS
      const here = await violations(page, rules)
      found.push(...here.map((each) => `${viewport.width} ${colorScheme}: ${each}`))
    }
  }
  return found
}

async function* setUpPages(relay: BootedRelay): Pages {
  const visitor = new Visitor(relay.webUrl)
  const { setup_token: token } = await relay.operator.settings()
  const answers = { token: token ?? '', name: 'Rock pool', description: 'At low tide.', admin: '' }
  yield ['set-up', 200, await visitor.get('/setup', HTML)]
  yield ['set-up by the link', 200, await visitor.get(`/setup?token=${token}`, HTML)]
  const wrong = { token: 'x', name: '', description: '', admin: 'x' }
  yield ['set-up with everything wrong', 403, await visitor.post('/setup', wrong, HTML)]
  yield ['ready', 200, await visitor.post('/setup', answers, HTML)]
}

interface People {
  admin: Member
  member: { id: string }
}

/** A room with one entry of each kind. */
async function peopled(relay: BootedRelay): Promise<People> {
  const { operator } = relay
  const member = await connectMember(t, relay, { keys: ssbKeys.generate() })
  await member.rpc.room.registerAlias('bob', signRegistration(member.keys, relay.id, 'bob'))
  const admin = await signedIn(relay, 'admin')
  await operator.block(ssbKeys.generate().id, 'spam')
  await operator.noticeSet({ name: 'rules', title: 'Rules', text: '# Be kind\n\n- or `go`', language: 'en' })
  await operator.noticeSet({ name: 'rules', title: 'Regeln', text: 'Seid nett.', language: 'de' })
  await admin.does('lobby.say', { text: 'Hello' })
  await operator.inviteRevoke((await operator.inviteCreate({ note: 'for the boat' })).id)
  return { admin, member }
}

async function* strangersPages(relay: BootedRelay, { member }: People): Pages {
  const visitor = new Visitor(relay.webUrl)
  for (const path of ['/', INVITE_PATH, '/login', '/alias/bob', '/notice/rules', '/login/link?token=x'])
    yield [path, 200, await visitor.get(path, HTML)]
  yield ['wrong answer', 403, await visitor.post(ANSWER_PATH, { captcha: 'wrong' }, HTML)]
  yield ['an invite code', 200, await solveCaptcha(visitor, captchas)]
  const { link } = await relay.operator.inviteCreate({})
  const { pathname, search, searchParams } = new URL(link)
  const invite = searchParams.get('invite') ?? ''
  yield ['join', 200, await visitor.get(pathname + search, HTML)]
  yield ['join with a wrong id', 400, await visitor.post('/join', { invite, id: 'x' }, HTML)]
  const id = ssbKeys.generate().id
  yield ['joined', 200, await visitor.post('/join', { invite, id }, HTML)]
  yield ['join with a used link', 410, await visitor.get(pathname + search, HTML)]
  const { url } = await relay.operator.membersLink(member.id)
  yield ['login link', 200, await visitor.get(url.slice(relay.webUrl.length), HTML)]
}

async function* errorPages(relay: BootedRelay, { admin, member }: People): Pages {
  const visitor = new Visitor(relay.webUrl)
  yield ['not found', 404, await visitor.get('/nothing', HTML)]
  yield ['not signed in', 401, await visitor.get('/dashboard', HTML)]
  yield ['another host', 421, await visitor.get('/', { ...HTML, Host: 'other.example' })]
  yield ['stale form', 403, await admin.posts('leave', {}, HTML)]
  yield [
    'malformed id',
    400,
    await admin.posts('member.remove', { feed: 'x', csrf: await admin.csrf() }, HTML),
  ]
  yield ['too large', 413, await visitor.post('/language', 'x'.repeat(200_000), HTML)]
  yield [
    'from another site',
    403,
    await visitor.post('/language', {}, { ...HTML, 'Sec-Fetch-Site': 'cross-site' }),
  ]
  const tries = { token: 'x', csrf: '' }
  const { link } = await relay.operator.inviteCreate({})
  const claim = { invite: new URL(link).searchParams.get('invite') ?? '', id: member.id }
  for (let n = 0; n < IDLE_CLAIMS_PER_HOUR; n++) await visitor.post('/join', claim, HTML)
  yield ['too many tries', 429, await visitor.post('/join', claim, HTML)]
  yield ['login link without its cookie', 403, await visitor.post('/login/link', tries, HTML)]
}

async function* dashboardPages(relay: BootedRelay, { admin, member }: People): Pages {
  await relay.operator.mode('community')
  await knockAt(relay, captchas, ssbKeys.generate().id, 'It is me')
  const tabs = 'members knocks lobby invites aliases notices blocked health room log me'.split(' ')
  const more = ['notices/edit', 'notices/edit?name=rules&language=de', `members/${slugOf(member.id)}`]
  for (const path of ['', ...tabs, ...more, 'members?q=bob&sort=name&done=member.add'])
    yield [path, 200, await admin.get(`/dashboard/${path}`.replace(/\/$/, ''))]
  yield ['sign out', 200, await admin.get('/logout')]
  const post = async (action: string, fields: Record<string, string>) =>
    admin.posts(action, { ...fields, csrf: await admin.csrf() }, HTML)
  const feed = member.id
  for (const [action, fields, status = 200] of [
    ['member.remove', { feed }],
    ['member.role', { feed, role: 'moderator' }],
    ['feed.block', { feed, reason: 'spam' }],
    ['room.mode', { mode: 'restricted' }],
    ['notice.delete', { name: 'rules', language: 'de' }],
    ['leave', { forget: 'yes' }],
    ['invite.create', { uses: '1', days: '1', note: 'A note' }],
    ['notice.save', { name: 'Not that', title: '', text: '' }, 400],
    ['room.describe', { name: '', description: '' }, 400],
    ['question.save', { language: '', text: '', answers: '' }, 400],
  ] as ReadonlyArray<readonly [string, Record<string, string>, number?]>)
    yield [action, status, await post(action, fields)]
  yield ['a login link', 200, await admin.does('member.link', { feed })]
}

async function* communityPages(relay: BootedRelay): Pages {
  const visitor = new Visitor(relay.webUrl)
  yield ['community', 200, await visitor.get('/', HTML)]
  yield ['a question', 200, await visitor.get(INVITE_PATH, HTML)]
  yield ['a form to knock', 200, await visitor.post(ANSWER_PATH, { captcha: 'limpet' }, HTML)]
  yield ['a wrong knock', 400, await visitor.post(KNOCK_PATH, { feed: 'x', note: '' }, HTML)]
  const feed = ssbKeys.generate().id
  yield ['knocked', 200, await visitor.post(KNOCK_PATH, { feed, note: '' }, HTML)]
}

async function* restrictedPages(relay: BootedRelay, { admin }: People): Pages {
  await relay.operator.mode('restricted')
  const visitor = new Visitor(relay.webUrl)
  yield ['a restricted room', 404, await visitor.get('/', HTML)]
  yield ['its sign-in', 200, await visitor.get('/login', HTML)]
  for (const tab of ['', '/invites', '/room']) yield [tab, 200, await admin.get(`/dashboard${tab}`)]
}

/** A site with a fault: the relay cannot say what its name is. */
async function brokenSite(t: Test): Promise<Visitor> {
  const face = () => {
    throw new Error('a fault')
  }
  return (await openSite(t, {}, { face })).visitor()
}

async function* faultPages(broken: Visitor): Pages {
  yield ['a fault', 500, await broken.get('/', HTML)]
}
