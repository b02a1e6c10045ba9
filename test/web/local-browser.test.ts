// SPDX-License-Identifier: AGPL-3.0-or-later
// The pages for the local network in a real browser.

import t from 'tap'
import { LOCAL_CLAIM_MS } from '../../src/lib/limits.js'
import type { PlaceOf } from '../../src/web/app.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { createTestClock } from '../helpers/clock.js'
import { bootRelay, until } from '../helpers/relay.js'
import { openFakeControl } from '../onion/fake-control.js'
import { loaded } from './in-page.js'
import { checkReadable, SMALL } from './readable.js'

const onNetwork: PlaceOf = () => 'network'

t.test('in a browser', { timeout: 250_000, skip: withoutBrowser() }, async (t) => {
  const browser = await openBrowser(t)
  t.test('set-up without the token and with it, then the addresses', async (t) => {
    const control = await openFakeControl(t)
    const clock = createTestClock()
    const relay = await bootRelay(t, {
      ...{ setUp: false, placeOf: onNetwork, clock },
      sets: [
        ...['web.local=true', 'web.local_host=127.0.0.1', 'web.local_port=0', 'onion.enabled=true'],
        ...[`onion.cookie=${control.cookieFile}`, `onion.tor=${control.where}`],
      ],
    })
    const context = await browser.newContext({ viewport: SMALL })
    t.teardown(() => context.close())
    const page = await context.newPage()
    const check = (name: string) => checkReadable(t, page, name)
    const { local } = (await relay.status()).addresses
    await page.goto(`${local}/`)
    t.equal(new URL(page.url()).pathname, '/setup')
    await check('no token')
    clock.advance(LOCAL_CLAIM_MS)
    await page.fill('#name', 'Rock pool')
    await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])
    t.equal(await page.inputValue('#name'), 'Rock pool')
    await check('out of date')
    await page.goto(`${local}/setup`)
    await check('token')
    await relay.restart()
    const again = (await relay.status()).addresses.local
    await page.goto(`${again}/setup`)
    await page.fill('#name', 'Rock pool')
    await page.fill('#description', 'For people who like limpets.')
    await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])
    t.equal(await page.textContent('h1'), 'Rock pool is ready')
    await check('ready')
    await page.goto(`${again}/`)
    t.equal(await page.textContent('h1'), 'Rock pool')
    await check('no address yet')
    const address = await until('an address', async () => String((await relay.status()).onion.address ?? ''))
    control.event(`HS_DESC UPLOADED ${address.replace('.onion', '')} UNKNOWN $AA~a b hsdir`)
    await until('it to be found', async () => (await relay.status()).addresses.onion)
    await page.goto(`${again}/`)
    t.equal(await loaded(page, '.qr img'), 'loaded')
    await check('addresses')
    await page.click('text=Sign in')
    t.equal(new URL(page.url()).pathname, '/login')
  })
})
