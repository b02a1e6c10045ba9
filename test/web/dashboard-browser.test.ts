// SPDX-License-Identifier: AGPL-3.0-or-later
// Every page of sign-in and dashboard: valid HTML, and usable in a real browser on a small screen.

import { HtmlValidate } from 'html-validate'
import type { Page } from 'playwright-core'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { slugOf } from '../../src/web/format.js'
import { LANGUAGES } from '../../src/web/words/languages.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { Visitor } from '../helpers/http.js'
import { signedIn } from '../helpers/member.js'
import { type BootedRelay, bootRelay, connectMember, knownCaptchas } from '../helpers/relay.js'
import { knockAt } from '../helpers/room-visitor.js'
import { isFocused, loaded, tabTo } from './in-page.js'
import { checkLook, SMALL } from './readable.js'

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  // the sign-in page reloads itself where scripts are off
  // and a notice may have a long title
  rules: { 'meta-refresh': 'off', 'long-title': 'off' },
})
const WIDE = 'W'.repeat(70)
/** The longest alias. */
const NAME = `${'long-name-'.repeat(6)}bob`

/** A room with one entry of each kind, and an admin. */
async function room(t: Test) {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const { operator } = relay
  await operator.mode('community')
  const member = await connectMember(t, relay, { keys: ssbKeys.generate() })
  await member.rpc.room.registerAlias(NAME, signRegistration(member.keys, relay.id, NAME))
  await knockAt(relay, captchas, ssbKeys.generate().id, WIDE)
  await operator.block(ssbKeys.generate().id, WIDE)
  const admin = await signedIn(relay, 'admin')
  await admin.does('room.describe', {
    name: 'Averylongnamewithoutanyspacethatmustbreaksomewhere',
    description: WIDE,
  })
  await admin.does('notice.save', {
    name: 'rules',
    title: WIDE,
    text: `# ${WIDE}\n\n- ${WIDE}\n\n\`\`\`\n${WIDE}${WIDE}\n\`\`\`\n> ${WIDE}`,
  })
  await admin.does('invite.create', { uses: '2', days: '3', note: WIDE })
  const pages = [
    ...['/', '/login/link?token=x', '/logout', '/notice/rules', '/dashboard'],
    ...[
      'members',
      'knocks',
      'invites',
      'aliases',
      'notices',
      'notices/edit',
      'notices/edit?name=rules',
      'blocked',
      'health',
      'room',
    ]
      .concat(['log', 'me', 'nothing', `members/${slugOf(member.id)}`, 'members?done=member.add'])
      .map((path) => `/dashboard/${path}`),
  ]
  return { relay, admin, member, pages }
}

const TAGS = LANGUAGES.map(({ tag }) => tag)

t.test('every page is valid, in each language', async (t) => {
  const { relay, admin, member, pages } = await room(t)
  const check = async (name: string, html: string): Promise<void> => {
    const report = await validator.validateString(html)
    t.same(
      report.results.flatMap(({ messages }) => messages.map((m) => `${m.line}: ${m.ruleId}: ${m.message}`)),
      [],
      name,
    )
    t.equal(html.match(/<h1/g)?.length, 1, `${name}: one h1`)
  }
  for (const language of TAGS) {
    const headers = { 'Accept-Language': language, Accept: 'text/html' }
    for (const path of pages)
      await check(`${language} ${path}`, (await admin.visitor.get(path, headers)).text)
    await check(`${language} login`, (await new Visitor(relay.webUrl).get('/login', headers)).text)
    const form = async (action: string, fields: Record<string, string>) =>
      (await admin.posts(action, { ...fields, csrf: await admin.csrf() }, headers)).text
    for (const [action, fields] of [
      ['member.remove', { feed: member.id }],
      ['member.role', { feed: member.id, role: 'moderator' }],
      ['feed.block', { feed: member.id, reason: WIDE }],
      ['room.mode', { mode: 'restricted' }],
      ['leave', { forget: 'yes' }],
      ['invite.create', { uses: '1', days: '1', note: '' }],
      ['notice.save', { name: 'Not that', title: '', text: '' }],
      ['room.describe', { name: '', description: '' }],
    ] as const)
      await check(`${language} ${action}`, await form(action, fields))
    await check(`${language} link`, (await admin.does('member.link', { feed: member.id })).text)
    await check(`${language} stale`, (await admin.posts('leave', {}, headers)).text)
  }
})

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)
  const { relay, admin, member, pages } = await room(t)

  async function visit(relay: BootedRelay, options: Parameters<typeof browser.newContext>[0]): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled: false, ...options })
    t.teardown(() => context.close())
    const value = admin.visitor.cookies.get('tidepool-member') ?? ''
    await context.addCookies([{ name: 'tidepool-member', value, url: relay.webUrl }])
    return context.newPage()
  }

  for (const locale of TAGS) {
    t.test(`every page fits and reads in ${locale}`, async (t) => {
      const page = await visit(relay, { viewport: SMALL, locale })
      const check = (name: string) => checkLook(t, page, name)
      for (const path of pages) {
        await page.goto(relay.webUrl + path)
        await check(path)
      }
      await page.goto(`${relay.webUrl}/login`)
      t.equal(new URL(page.url()).pathname, '/dashboard', 'signed in already')
      await page.goto(`${relay.webUrl}/dashboard/members/${slugOf(member.id)}`)
      await Promise.all([page.waitForNavigation(), page.click('button.grave >> nth=0')])
      await check('are you sure')
      await page.goto(`${relay.webUrl}/dashboard/invites`)
      await Promise.all([page.waitForNavigation(), page.click('main form button >> nth=0')])
      await check('an invite')
    })
  }

  t.test('the sign-in page fits, with scripts and without', async (t) => {
    for (const javaScriptEnabled of [false, true]) {
      const page = await visit(relay, { viewport: SMALL, javaScriptEnabled })
      await page.context().clearCookies()
      await page.goto(`${relay.webUrl}/login`)
      await checkLook(t, page, 'sign-in')
      t.equal(await loaded(page, '.qr img'), 'loaded')
    }
  })

  t.test('by keyboard, from the overview to an action and back', async (t) => {
    const page = await visit(relay, { viewport: SMALL })
    const enter = (): Promise<unknown> =>
      Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
    await page.goto(`${relay.webUrl}/dashboard`)
    const link = await page.locator('.skip').boundingBox()
    t.ok((link?.width ?? 0) <= 1, 'the skip link is not seen')
    await tabTo(page, 'Skip to the content')
    t.ok(((await page.locator('.skip').boundingBox())?.height ?? 0) >= 44, 'until it has the focus')
    await page.keyboard.press('Enter')
    t.ok(await isFocused(page, 'main'))
    await page.goto(`${relay.webUrl}/dashboard`)
    await tabTo(page, 'Knocks')
    await enter()
    await tabTo(page, 'Decline')
    await enter()
    t.match(await page.textContent('h1'), 'Please confirm')
    await tabTo(page, 'Cancel')
    await enter()
    t.equal(new URL(page.url()).pathname, '/dashboard/knocks')
    await tabTo(page, 'Decline')
    await enter()
    await tabTo(page, 'Decline the knock')
    await enter()
    t.match(await page.textContent('[role=status]'), 'declined')
    t.notOk(await isFocused(page, '#feed'))
    t.same(await relay.operator.knocksList(), [])
  })
})
