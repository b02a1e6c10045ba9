// SPDX-License-Identifier: AGPL-3.0-or-later
// The invite pages in a real browser: with and without scripts, by keyboard, on a small screen, in both palettes.

import type { BrowserContextOptions } from 'playwright-core'
import t from 'tap'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { complaintsOf } from '../helpers/complaints.js'
import { fitsIn, isFocused, loaded, tabTo } from './in-page.js'
import { checkReadable, SMALL } from './readable.js'
import { codeFor, ONION, openSite, type Site } from './site.js'

/** The longest code: an onion host with a port of five digits. */
const code = codeFor({ host: ONION, port: 58008 }, 1)

/** A valid image of one pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64')

function openTestSite(t: Parameters<typeof openSite>[0], answers: string[]): Promise<Site> {
  return openSite(
    t,
    { perHour: 1 },
    {
      mintInvite: async () => ({ code, expires: Date.UTC(2025, 4, 8, 12) }),
      drawCaptcha: async () => {
        answers.push(`kelp${answers.length}`)
        return { answer: answers.at(-1) as string, image: PIXEL, type: 'image/gif' }
      },
    },
  )
}

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)

  /** A page in a new browser profile, and its console errors. */
  async function visit(options: BrowserContextOptions) {
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    const page = await context.newPage()
    // browsers log the status of error pages
    const complaints = complaintsOf(page, /^Failed to load resource/)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => {
      // an image request cancelled by navigation is no error
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`)
    })
    return { page, complaints }
  }

  for (const javaScriptEnabled of [true, false]) {
    const scripts = javaScriptEnabled ? 'with scripts' : 'without scripts'

    t.test(`the story by keyboard, ${scripts}`, async (t) => {
      const answers: string[] = []
      const site = await openTestSite(t, answers)
      const { page, complaints } = await visit({ viewport: SMALL, javaScriptEnabled })
      await page.goto(`${site.url}/`)
      await tabTo(page, 'Get an invite')
      await Promise.all([page.waitForURL('**/invite/'), page.keyboard.press('Enter')])
      t.equal(await loaded(page, '.captcha img'), 'loaded')
      await tabTo(page, '#captcha')
      await page.keyboard.type('not this')
      await Promise.all([page.waitForURL('**/invite-captcha-reponse'), page.keyboard.press('Enter')])
      t.match(await page.textContent('[role=alert]'), 'Wrong answer')
      t.ok(await isFocused(page, '#captcha'), 'the field waits for the next try')
      t.equal(answers.length, 2, 'another captcha')
      t.equal(await loaded(page, '.captcha img'), 'loaded')
      await page.keyboard.type(` ${answers.at(-1)?.toUpperCase()}`)
      await tabTo(page, 'Get my invite')
      await Promise.all([page.waitForSelector('#code'), page.keyboard.press('Enter')])
      t.equal(await page.title(), code)
      t.equal(await page.inputValue('#code'), code)
      t.ok(await fitsIn(page, '#code'), 'all of the code is in sight')
      t.equal(await loaded(page, '.qr img'), 'loaded')
      const copy = page.locator('[data-copy=code]')
      t.equal(await copy.isVisible(), javaScriptEnabled, 'a button that works, or none')
      if (javaScriptEnabled) {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
        await tabTo(page, 'Copy code')
        await page.keyboard.press('Enter')
        await page.locator('[role=status]', { hasText: 'clipboard' }).waitFor()
        t.equal(await page.evaluate('navigator.clipboard.readText()'), code)
      } else {
        await tabTo(page, '#code')
        await page.keyboard.press('Control+A')
        t.equal(await page.evaluate('document.querySelector("#code").selectionEnd'), code.length)
      }
      t.same(complaints, [])
    })
  }

  t.test('the link for a new captcha works', async (t) => {
    const answers: string[] = []
    const site = await openTestSite(t, answers)
    const { page } = await visit({ viewport: SMALL })
    await page.goto(`${site.url}/invite`)
    await page.click('text=New puzzle')
    await page.waitForURL('**/invite/')
    await page.fill('#captcha', answers.at(-1) ?? '')
    await page.click('button[name=action]')
    await page.waitForSelector('#code')
    t.equal(answers.length, 2)
  })

  t.test('every page fits and reads', async (t) => {
    const answers: string[] = []
    const site = await openTestSite(t, answers)
    const { page, complaints } = await visit({ viewport: SMALL })
    site.face.name = 'Averylongnamewithoutanyspacethatmustbreaksomewhere'
    site.face.description = `A line.\nAnother ${'w'.repeat(80)}`
    const check = (name: string) => checkReadable(t, page, name)
    const send = async (answer: string) => {
      await page.fill('#captcha', answer)
      await Promise.all([page.waitForNavigation(), page.click('button[name=action]')])
    }
    await page.goto(`${site.url}/`)
    await check('landing')
    await page.goto(`${site.url}/invite/`)
    await check('captcha')
    await send('wrong')
    await check('wrong answer')
    await send(answers.at(-1) ?? '')
    await check('success')
    await page.goto(`${site.url}/invite/`)
    await check('low tide')
    await send(answers.at(-1) ?? '')
    await check('429')
    await page.goto(`${site.url}/nothing`)
    await check('404')
    await page.goto(`http://other.localhost:${site.web.port}/`)
    t.match(await page.textContent('main'), 'wrong_host')
    await check('421')
    t.same(complaints, [])
  })
})
