// SPDX-License-Identifier: AGPL-3.0-or-later
// The whole path of a person: open the page, solve the captcha, paste the code into an app, post, and be read by another.

import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { type Test, test } from 'tap'
import { type App, kept, openApp } from '../helpers/app.js'
import { openBrowser } from '../helpers/browser.js'
import { complaintsOf } from '../helpers/complaints.js'
import {
  type BootedRelay,
  bootRelay,
  type KnownCaptchas,
  knownCaptchas,
  until,
  within,
} from '../helpers/relay.js'

const require = createRequire(import.meta.url)

/** The smallest supported phone, and a desktop. */
const PHONE = { width: 320, height: 568 }
const DESK = { width: 1280, height: 800 }

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** Opens the page that `act` leads to and reads its captcha as a person does. */
async function readCaptcha(
  page: Page,
  captchas: KnownCaptchas,
  act: () => Promise<unknown>,
): Promise<string> {
  const [picture] = await Promise.all([page.waitForResponse(/captcha\.png/), act()])
  const drawn = await page
    .locator('.captcha img')
    .evaluate((img) => (img as { naturalWidth?: number }).naturalWidth)
  if (!drawn) throw new Error('the captcha is not shown')
  const answer = captchas.answerTo(await picture.body())
  if (!answer) throw new Error('the picture is no captcha of ours')
  return answer
}

async function openAppWithInvites(t: Test): Promise<App> {
  return openApp(t, { plugins: [...require('ssb-conn'), require('ssb-invite-client')] })
}

async function acceptInvite(app: App, code: string): Promise<void> {
  const accepted = new Promise<void>((resolve, reject) => {
    app.ssb.invite.accept(code, (err: Error | null) => (err ? reject(err) : resolve()))
  })
  await within('the app to accept the code', accepted)
}

test('from the landing page to being read', async (t) => {
  const browser = await openBrowser(t)
  if (!browser) return
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const people: App[] = []

  for (const [name, viewport, javaScriptEnabled] of [
    ['on a phone without JavaScript', PHONE, false],
    ['at a desk', DESK, true],
  ] as const) {
    await t.test(name, async (t) => {
      const context = await browser.newContext({ viewport, javaScriptEnabled })
      t.teardown(() => context.close())
      const page = await context.newPage()
      const foreign: string[] = []
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== relay.webUrl) foreign.push(request.url())
      })
      // the browser also reports the 403 of a wrong answer
      const complaints = complaintsOf(page, /403/)

      await page.goto(relay.webUrl)
      const invite = page.locator('a[href^="/invite"]').first()
      await readCaptcha(page, captchas, () => invite.click())

      const second = await readCaptcha(page, captchas, async () => {
        await page.getByLabel('The letters you see').fill('zzzz')
        await page.getByRole('button', { name: 'Get my invite' }).click()
      })
      t.match(
        await page.getByRole('alert').textContent(),
        /Wrong answer/,
        'a wrong answer, and another captcha',
      )

      await page.getByLabel('The letters you see').fill(` ${second.toUpperCase()} `)
      await page.getByRole('button', { name: 'Get my invite' }).click()
      await page.getByRole('heading', { name: 'Here is your invite' }).waitFor()
      const code = await page.getByLabel('Invite code').inputValue()
      t.equal(await page.title(), code, 'the title is the code and nothing else')
      const wide = await page.locator('html').evaluate((html) => {
        const { scrollWidth, clientWidth } = html as unknown as { scrollWidth: number; clientWidth: number }
        return scrollWidth - clientWidth
      })
      t.equal(wide, 0, 'nothing to scroll sideways')
      t.same(foreign, [], 'nothing is fetched from anywhere else')
      t.same(complaints, [], 'and the browser has nothing to complain of')

      const app = await openAppWithInvites(t.parent as Test)
      await acceptInvite(app, code)
      people.push(app)
      await page.reload()
      t.not(await page.title(), code, 'the page gives the code away once')
    })
  }

  const [alice, bob] = people as [App, App]
  t.match(
    new Set((await relay.operator.membersList()).map(({ id }) => id)),
    new Set([alice.id, bob.id]),
    'both are in',
  )
  const written = await alice.write(25)
  const writing = await alice.connect(at(relay))
  t.teardown(() => writing.close())
  writing.replicate([])
  // two more: the follow and the address that her app published on joining
  await kept(relay.operator, alice.id, written.length + 2)

  const reading = await bob.connect(at(relay))
  t.teardown(() => reading.close())
  const replication = reading.replicate([alice.id])
  await until('Bob to have read Alice', () => replication.added.get(alice.id) === written.length + 2)
  t.same(replication.failures, [])
  t.same(await bob.feed(alice.id), await alice.feed(alice.id))
})
