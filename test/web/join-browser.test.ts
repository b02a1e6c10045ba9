// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages of invites and aliases in a real browser: in every language, by keyboard.

import type { Page } from 'playwright-core'
import t from 'tap'
import { tokenOf } from '../../src/ssb/invite-code.js'
import { LANGUAGES } from '../../src/web/words/languages.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { fitsIn, isFocused, tabTo } from './in-page.js'
import { checkReadable, SMALL } from './readable.js'
import { addInvite, openSite, type Site, seedFor } from './site.js'

const TOKEN = tokenOf(seedFor(7))
const ANA = `@${'A'.repeat(43)}=.ed25519`
/** The longest alias. */
const NAME = `${'long-name-'.repeat(6)}bob`

async function openInvited(t: Parameters<typeof openSite>[0], uses = 1): Promise<Site> {
  const site = await openSite(t)
  addInvite(site.invites.known, { seed: seedFor(7), expires: site.clock.now + 1e9, uses })
  const signature = `${Buffer.alloc(64, 255).toString('base64')}.sig.ed25519`
  site.aliases.set(NAME, { owner: ANA, signature, online: false })
  return site
}

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)

  for (const javaScriptEnabled of [true, false]) {
    t.test(`in by keyboard, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async (t) => {
      const site = await openInvited(t)
      const context = await browser.newContext({ viewport: SMALL, javaScriptEnabled })
      const page = await context.newPage()
      await page.goto(`${site.url}/join?invite=${TOKEN}`)
      await tabTo(page, 'Open in my app')
      for (const id of ['link', 'claim', 'code', 'address'])
        t.ok(await fitsIn(page, `#${id}`), `all of ${id} is in sight`)
      if (javaScriptEnabled) {
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])
        await tabTo(page, 'Copy link')
        await page.keyboard.press('Enter')
        await page.locator('[role=status]', { hasText: 'clipboard' }).waitFor()
        t.equal(await page.evaluate('navigator.clipboard.readText()'), `${site.url}/join?invite=${TOKEN}`)
      }
      await tabTo(page, 'Show QR code')
      await page.keyboard.press('Enter')
      t.ok(await page.locator('details[open] img').isVisible())
      await tabTo(page, '#id')
      await page.keyboard.type('ana')
      await enter(page)
      t.ok(await isFocused(page, '#id'), 'the field waits for the next try')
      await page.keyboard.press('Control+A')
      await page.keyboard.type(ANA)
      await tabTo(page, 'Join')
      await enter(page)
      t.equal(await page.textContent('h1'), 'You have joined')
      t.ok(site.invites.members.has(ANA))
      await context.close()
    })
  }

  for (const { tag } of LANGUAGES) {
    t.test(`every page fits and reads in ${tag}`, async (t) => {
      const site = await openInvited(t, 3)
      site.face.name = 'Averylongnamewithoutanyspacethatmustbreaksomewhere'
      site.face.description = `A line.\nAnother ${'w'.repeat(80)}`
      const context = await browser.newContext({ viewport: SMALL, locale: tag })
      const page = await context.newPage()
      const check = async (name: string) => {
        t.equal(await page.getAttribute('html', 'lang'), tag)
        for (const summary of await page.locator('summary').all()) await summary.click()
        await checkReadable(t, page, name)
      }
      const send = async (id: string) => {
        await page.fill('#id', id)
        await Promise.all([page.waitForNavigation(), page.click('form[action="/join"] button')])
      }
      const link = `${site.url}/join?invite=${TOKEN}`
      await page.goto(link)
      await check('join')
      await page.evaluate('document.querySelector("#claimed").hidden = false')
      await check('claimed')
      await send('x'.repeat(200))
      await check('join with a wrong id')
      await send(ANA)
      await check('joined')
      for (const state of ['used up', 'expired', 'revoked'] as const) {
        for (const invite of site.invites.known.values()) invite.state = state
        await page.goto(link)
        await check(state)
      }
      await page.goto(`${site.url}/alias/${NAME}`)
      await check('name')
      await page.goto(site.url)
      await check('landing')
      await context.close()
    })
  }
})

/** Presses Enter and waits for the next page. */
async function enter(page: Page): Promise<void> {
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
}
