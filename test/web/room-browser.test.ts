// SPDX-License-Identifier: AGPL-3.0-or-later
// Set-up, knocks and the open invite in a real browser: on a small screen, with and without scripts, by keyboard.

import type { BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { fitsIn, isFocused, loaded, tabTo } from './in-page.js'
import { checkReadable, SMALL } from './readable.js'
import { openSite, RELAY_ID, type Site } from './site.js'

const ANA = `@${'A'.repeat(43)}=.ed25519`

/** A valid image of one pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64')

function openRoom(t: Parameters<typeof openSite>[0], mode: Site['face']['mode']): Promise<Site> {
  const drawCaptcha = async () => ({ answer: 'kelp', image: PIXEL, type: 'image/gif' })
  return openSite(t, {}, { drawCaptcha }).then((site) => {
    site.face.mode = mode
    return site
  })
}

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)

  async function visit(options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    return context.newPage()
  }

  /** Presses Enter and waits for the next page. */
  async function enter(page: Page): Promise<void> {
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }

  for (const javaScriptEnabled of [false, true]) {
    const scripts = javaScriptEnabled ? 'with scripts' : 'without scripts'

    t.test(`set up by keyboard, ${scripts}`, async (t) => {
      const site = await openRoom(t, 'open')
      site.setup.pending = true
      const page = await visit({ viewport: SMALL, javaScriptEnabled })
      await page.goto(site.url)
      t.equal(new URL(page.url()).pathname, '/setup')
      await tabTo(page, '#token')
      await page.keyboard.type('not the token')
      await tabTo(page, '#name')
      await page.keyboard.type('Rock pool')
      await tabTo(page, '#description')
      await page.keyboard.type('At low tide.')
      await page.keyboard.press('Enter')
      await page.keyboard.type('With limpets.')
      await tabTo(page, '#admin')
      await page.keyboard.type('me')
      await enter(page)
      t.match(await page.textContent('[role=alert]'), 'token_wrong')
      t.ok(await isFocused(page, '#token'), 'the first wrong field waits')
      t.equal(await page.getAttribute('#admin', 'aria-invalid'), 'true')
      t.match(await page.textContent('#admin-wrong'), 'A feed id is')
      t.equal(await page.inputValue('#name'), 'Rock pool')
      t.equal(await page.inputValue('#description'), 'At low tide.\nWith limpets.')
      await page.keyboard.press('Control+A')
      await page.keyboard.type('oyster-token')
      await tabTo(page, '#admin')
      await page.keyboard.press('Control+A')
      await page.keyboard.press('Delete')
      await tabTo(page, '#ebt')
      await page.keyboard.press('Space')
      await tabTo(page, 'Open the room')
      await enter(page)
      t.equal(await page.textContent('h1'), 'Rock pool is ready')
      t.same(site.setup.claimed, [
        { name: 'Rock pool', description: 'At low tide.\nWith limpets.', admin: '', ebt: true },
      ])
    })

    t.test(`knock by keyboard, ${scripts}`, async (t) => {
      const site = await openRoom(t, 'community')
      const page = await visit({ viewport: SMALL, javaScriptEnabled })
      await page.goto(site.url)
      await tabTo(page, 'Knock at the door')
      await enter(page)
      await tabTo(page, '#captcha')
      await page.keyboard.type('kelp')
      await enter(page)
      await tabTo(page, '#feed')
      await page.keyboard.type('@ana')
      await tabTo(page, '#note')
      await page.keyboard.type('אנה מהרציף')
      await tabTo(page, 'Knock')
      await enter(page)
      t.ok(await isFocused(page, '#feed'))
      t.match(await page.textContent('#feed-wrong'), 'A feed id is')
      await page.keyboard.press('Control+A')
      await page.keyboard.type(ANA)
      await enter(page)
      t.equal(await page.textContent('h1'), 'You are on the waiting list')
      t.same(site.knocks.left, [{ feed: ANA, note: 'אנה מהרציף' }])
      t.equal(await page.locator('[data-copy]').isVisible(), javaScriptEnabled)
    })

    t.test(`take the open invite, ${scripts}`, async (t) => {
      const site = await openRoom(t, 'open')
      const page = await visit({ viewport: SMALL, javaScriptEnabled })
      await page.goto(site.url)
      const invite = `net:127.0.0.1:8008~shs:${RELAY_ID.slice(1, -8)}:SSB+Room+PSK3TLYC2T86EHQCUHBUHASCASE18JBV24=`
      t.equal(await page.inputValue('#open'), invite)
      t.ok(await fitsIn(page, '#open'), 'all of it is in sight')
      await page.locator('.qr img').first().scrollIntoViewIfNeeded()
      t.equal(await loaded(page, '.qr img'), 'loaded')
      if (javaScriptEnabled) {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
        await tabTo(page, 'Copy open invite')
        await page.keyboard.press('Enter')
        await page.locator('[role=status]', { hasText: 'clipboard' }).waitFor()
        t.equal(await page.evaluate('navigator.clipboard.readText()'), invite)
      } else {
        await tabTo(page, '#open')
        await page.keyboard.press('Control+A')
        t.equal(await page.evaluate('document.querySelector("#open").selectionEnd'), invite.length)
      }
    })
  }

  t.test('every page fits and reads', async (t) => {
    const site = await openRoom(t, 'open')
    const page = await visit({ viewport: SMALL })
    const check = (name: string) => checkReadable(t, page, name)
    const send = async (fields: Record<string, string>) => {
      await page.evaluate('document.querySelector("form").noValidate = true')
      for (const [id, text] of Object.entries(fields)) await page.fill(`#${id}`, text)
      await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])
    }
    site.setup.pending = true
    await page.goto(`${site.url}/setup?token=oyster-token`)
    await check('set-up by the link')
    await page.goto(`${site.url}/setup`)
    await check('set-up')
    await send({ token: 'x', name: '', description: 'y'.repeat(1200), admin: 'z'.repeat(200) })
    t.equal(await page.locator('.wrong').count(), 4)
    await check('set-up with everything wrong')
    site.setup.pending = false
    for (const [mode, name, description] of [
      ['open', 'בריכתסלעבליאףרווחשחייבלהישברבמקוםכלשהו', 'שורה\nועוד שורה'],
      ['community', `${'w'.repeat(64)}`, 'ש'.repeat(1000)],
      ['restricted', '', ''],
    ] as const) {
      Object.assign(site.face, { mode, name, description })
      await page.goto(site.url)
      await check(`landing, ${mode}`)
      if (mode === 'restricted') continue
      const direction = await page.evaluate('getComputedStyle(document.querySelector(".lead")).direction')
      t.equal(direction, 'rtl', 'text runs as its letters do')
    }
    site.face.mode = 'community'
    await page.goto(`${site.url}/invite/`)
    await check('captcha before a knock')
    await send({ captcha: 'kelp' })
    await check('knock')
    await send({ feed: 'x'.repeat(300), note: 'y'.repeat(300) })
    await check('knock with a wrong id')
    await send({ feed: ANA })
    await check('knock with too long a note')
    await send({ note: '' })
    await check('waiting')
    site.knocks.joins.add(ANA)
    await page.goto(`${site.url}/invite/`)
    await send({ captcha: 'kelp' })
    await send({ feed: ANA })
    t.equal(await page.textContent('h1'), 'You have joined')
    await check('joined')
    site.knocks.members.add(ANA)
    await page.goto(`${site.url}/invite/`)
    await send({ captcha: 'kelp' })
    await send({ feed: ANA })
    await check('in already')
  })
})
