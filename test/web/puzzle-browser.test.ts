// SPDX-License-Identifier: AGPL-3.0-or-later
// The real puzzle in a real browser: its picture is seen and its letters are heard, without scripts.

import type { BrowserContextOptions } from 'playwright-core'
import t from 'tap'
import { createCaptchaDrawer } from '../../src/web/captcha-image.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { complaintsOf } from '../helpers/complaints.js'
import { violations } from './axe.js'
import { inPage, loaded } from './in-page.js'
import { openSite } from './site.js'

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)
  const draw = createCaptchaDrawer(Buffer.alloc(32))
  let answer = ''
  const drawCaptcha = async () => {
    const drawn = await draw()
    answer = drawn.answer
    return drawn
  }
  const site = await openSite(t, {}, { drawCaptcha })

  async function visit(options: BrowserContextOptions) {
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(`${site.url}/invite/`)
    return { page, complaints }
  }

  for (const viewport of [
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ]) {
    t.test(`without scripts, at ${viewport.width}`, async (t) => {
      const { page, complaints } = await visit({ viewport, javaScriptEnabled: false })
      t.equal(await loaded(page, '.captcha img'), 'loaded')
      const size = (await inPage(page, '.captcha img', '[e.width, e.height]')) as number[]
      const [width = 0, height = 0] = size
      t.ok(width >= 300 && Math.abs(width / height - 3) < 0.05, `${width} by ${height}, whole`)
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no sideways scroll')
      // browsers play without a click only what is muted
      const play = '(e.muted = true, e.play().then(() => e.duration, (error) => String(error)))'
      const played = await inPage(page, '.sound audio', play)
      t.ok(Number(played) > 4, `a sound of ${played} s`)
      await page.fill('#captcha', answer)
      await page.click('button[name=action]')
      await page.waitForSelector('#code')
      t.same(complaints, [])
    })

    t.test(`is accessible, at ${viewport.width}`, async (t) => {
      const { page, complaints } = await visit({ viewport })
      t.same(await violations(page), [])
      t.same(complaints, [])
    })
  }
})
