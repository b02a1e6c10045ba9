// SPDX-License-Identifier: AGPL-3.0-or-later
// Alias pages: ssb-room-client registers an alias, others find its owner in a browser, and it is revoked.

import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { createAuthority, writePair } from '../helpers/certificates.js'
import { Visitor } from '../helpers/http.js'
import { type BootedRelay, bootRelay, connectMember, shortDir, until } from '../helpers/relay.js'
import { openRoomApp, type RoomApp } from '../helpers/room-app.js'

/** An app of a member, in the room. */
async function enter(t: Test, relay: BootedRelay): Promise<RoomApp> {
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const app = await openRoomApp(t, { keys })
  await app.join(relay)
  return app
}

const register = (app: RoomApp, relay: BootedRelay, alias: string): Promise<string> =>
  app.call(app.ssb.roomClient.registerAlias, relay.id, alias)
const consume = (app: RoomApp, uri: string) => app.call(app.ssb.roomClient.consumeAliasUri, uri)

test('registered, consumed by its URL and by its SSB URI, and revoked', async (t) => {
  const relay = await bootRelay(t)
  const bob = await enter(t, relay)
  const url = await register(bob, relay, 'bob')
  t.equal(url, `${relay.webUrl}/alias/bob`)
  const json = JSON.parse((await new Visitor(relay.webUrl).get('/alias/bob?encoding=json')).text)
  t.match(json, { status: 'successful', alias: 'bob', userId: bob.id, roomId: relay.id })
  t.ok(json.signature === signRegistration(bob.keys, relay.id, 'bob'))

  const byUrl = await openRoomApp(t)
  t.equal((await consume(byUrl, url)).id, bob.id, 'a stranger meets Bob through the room')
  await until('Bob to see who came', () => bob.visitors.some(({ id }) => id === byUrl.id))

  const page = (await new Visitor(relay.webUrl).get('/alias/bob')).text
  const uri = /class="button" href="(ssb:[^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const byUri = await openRoomApp(t)
  t.equal((await consume(byUri, uri)).id, bob.id)

  await bob.call(bob.ssb.roomClient.revokeAlias, relay.id, 'bob')
  t.equal((await new Visitor(relay.webUrl).get('/alias/bob')).status, 404)
  await t.rejects(consume(await openRoomApp(t), url), /404/)
})

test('in a community a stranger finds a name, in a restricted room nobody does', async (t) => {
  const relay = await bootRelay(t)
  await relay.operator.mode('community')
  const bob = await enter(t, relay)
  const url = await register(bob, relay, 'bob')
  t.equal((await consume(await openRoomApp(t), url)).id, bob.id)
  await relay.operator.mode('restricted')
  const visitor = new Visitor(relay.webUrl)
  const [held, free] = [await visitor.get('/alias/bob'), await visitor.get('/alias/nobody')]
  t.same([held.status, held.text], [404, free.text])
  await relay.operator.mode('open')
  await relay.operator.membersRemove(bob.id)
  t.equal((await visitor.get('/alias/bob')).status, 404, 'it goes with the membership')
})

test('in a browser, with the owner here and gone', {
  skip: withoutBrowser(),
  timeout: 110_000,
}, async (t) => {
  const relay = await bootRelay(t)
  const bob = await enter(t, relay)
  const url = await register(bob, relay, 'bob')
  const browser = await openBrowser(t)
  for (const javaScriptEnabled of [false, true]) {
    const context = await browser.newContext({ viewport: { width: 320, height: 568 }, javaScriptEnabled })
    const page = await context.newPage()
    await page.goto(url)
    t.equal(await page.textContent('h1'), 'bob')
    t.match(await page.textContent('main'), 'Online now.')
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'))
    const uri = await page.getAttribute('a.button', 'href')
    t.equal((await consume(await openRoomApp(t), uri ?? '')).id, bob.id)
    if (javaScriptEnabled) {
      await bob.close()
      await until('Bob to be gone', async () => {
        await page.reload()
        return (await page.textContent('main'))?.includes('Offline at the moment')
      })
    }
    await context.close()
  }
})

test('on hosts of their own, by HTTPS', { timeout: 110_000 }, async (t) => {
  const authority = await createAuthority()
  // browsers resolve names under localhost to this machine
  const issued = await authority.issue(['localhost', '*.localhost', 'bob.localhost'])
  const { key, cert } = writePair(join(await shortDir(t), 'pair'), issued)
  const relay = await bootRelay(t, {
    sets: [
      ...['domain.name=localhost', 'domain.alias_subdomains=true', 'domain.host=127.0.0.1'],
      ...['domain.https_port=0', 'domain.http_port=0', `domain.tls_key=${key}`, `domain.tls_cert=${cert}`],
    ],
  })
  const { https } = (await relay.status()).addresses
  const { port } = new URL(https ?? '')
  const bob = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const url = await bob.rpc.room.registerAlias('bob', signRegistration(bob.keys, relay.id, 'bob'))
  t.equal(url, `https://bob.localhost:${port}`)
  const visitor = new Visitor(url, { port: Number(port), ca: authority.root })
  const json = JSON.parse((await visitor.get('/?encoding=json')).text)
  t.match(json, { alias: 'bob', userId: bob.id, multiserverAddress: `net:localhost:${relay.ssbPort}~shs:` })
  t.equal((await visitor.get('/invite/')).status, 404)
  if (withoutBrowser()) return
  const browser = await openBrowser(t)
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  await page.goto(`http://bob.localhost:${(await relay.status()).https.http_port}/`)
  t.equal(page.url(), `${url}/`, 'led to HTTPS')
  t.equal(await page.textContent('h1'), 'bob')
  await page.click('button[value=de]')
  t.equal(page.url(), `${url}/`)
  t.equal(await page.getAttribute('html', 'lang'), 'de')
  const front = await page.goto(`https://nobody.localhost:${port}/`)
  t.equal(front?.status(), 404)
})
