// SPDX-License-Identifier: AGPL-3.0-or-later
// HTTP invites: a person opens a link in a browser, the app claims it, the page shows that, and the person is a member.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { guestIdOf, parseInviteCode, tokenOf } from '../../src/ssb/invite-code.js'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { connectClient } from '../helpers/client.js'
import { complaintsOf } from '../helpers/complaints.js'
import { Visitor } from '../helpers/http.js'
import { type BootedRelay, bootRelay, connectMember, shortDir, until } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'

const require = createRequire(import.meta.url)

interface InviteApp {
  id: string
  keys: Keys
  /** takes a link or an SSB URI; answers the relay's multiserver address */
  claim(input: string): Promise<string>
}

/** A real app with ssb-http-invite-client. */
async function openInviteApp(t: Test): Promise<InviteApp> {
  const keys = ssbKeys.generate()
  const stack = require('secret-stack')({ appKey: NETWORK_KEY, caps: { shs: NETWORK_KEY } })
  const ssb = stack.use(require('ssb-http-invite-client'))({
    ...{ keys, path: await shortDir(t), caps: { shs: NETWORK_KEY } },
    connections: { incoming: {}, outgoing: { net: [{ transform: 'shs' }] } },
  })
  t.teardown(() => new Promise((resolve) => ssb.close(true, resolve)))
  return {
    id: keys.id,
    keys,
    claim: (input) =>
      new Promise((resolve, reject) => {
        ssb.httpInviteClient.claim(input, (err: Error | null, address: string) =>
          err ? reject(err) : resolve(address),
        )
      }),
  }
}

const isMember = async (relay: BootedRelay, id: string): Promise<boolean> =>
  (await relay.operator.membersList()).some((member) => member.id === id)

const addressOf = (relay: BootedRelay): string =>
  `net:127.0.0.1:${relay.ssbPort}~shs:${relay.id.slice(1, -8)}`

test('a link claimed by ssb-http-invite-client, by URL and by SSB URI', async (t) => {
  const relay = await bootRelay(t)
  const { link } = await relay.operator.inviteCreate({ uses: 2, note: 'harbour' })
  t.equal(new URL(link).origin, relay.webUrl)
  const [ana, ben, cem] = [await openInviteApp(t), await openInviteApp(t), await openInviteApp(t)]
  t.equal(await ana.claim(link), addressOf(relay))
  const page = (await new Visitor(relay.webUrl).get(link.slice(relay.webUrl.length))).text
  const uri = /class="button" href="(ssb:[^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
  t.equal(await ben.claim(uri), addressOf(relay))
  await t.rejects(cem.claim(link), /410/)
  t.equal(await ana.claim(uri).catch((err: Error) => err.message), addressOf(relay), 'again is not an error')
  const members = await relay.operator.membersList()
  t.same(
    members.map(({ id, by, note }) => ({ id, by, note })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    [ana.id, ben.id].sort().map((id) => ({ id, by: 'invite', note: 'harbour' })),
  )
  const { rpc } = await connectRoomClient(t, relay, { keys: ana.keys })
  t.match(await rpc.room.metadata(), { membership: true }, 'and the app connects with its own key')
  await relay.restart()
  t.ok(await isMember(relay, ben.id), 'what was answered is on the disk')
})

test('one use, by whichever of the two ways', async (t) => {
  const relay = await bootRelay(t)
  const { link, code } = await relay.operator.inviteCreate({})
  const { seed } = parseInviteCode(code)
  t.equal(new URL(link).searchParams.get('invite'), tokenOf(seed))
  const guest = async () => {
    const keys = ssbKeys.generate('ed25519', seed)
    const client = await connectClient({ port: relay.ssbPort, relay: relay.id, keys })
    t.teardown(() => client.close())
    return client
  }
  const visitor = new Visitor(relay.webUrl)
  const newcomers = Array.from({ length: 12 }, () => ssbKeys.generate().id)
  const { rpc } = await guest()
  const results = await Promise.allSettled(
    newcomers.map(async (id, n) => {
      if (n % 2 === 0) return rpc.invite.use({ feed: id })
      const body = JSON.stringify({ id, invite: tokenOf(seed) })
      const reply = await visitor.ask('/join', {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      })
      if (reply.status !== 200) throw new Error(reply.text)
    }),
  )
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal((await relay.operator.membersList()).length, 1)
  const [invite] = await relay.operator.inviteList()
  t.match(invite, { id: guestIdOf(seed), used: 1, state: 'used up' })
})

test('what is kept is neither code nor token', async (t) => {
  const relay = await bootRelay(t)
  const member = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const made = await member.rpc.room.createInvite({})
  t.equal(new URL(made.link).pathname, '/join')
  const { seed } = parseInviteCode(made.code)
  t.equal(new URL(made.link).searchParams.get('invite'), tokenOf(seed))
  await new Visitor(relay.webUrl).get(made.link.slice(relay.webUrl.length))
  await relay.close()
  const stored = readdirSync(relay.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  t.ok(stored.length > 1, 'the data was found')
  const log = Buffer.from(relay.lines.join('\n'))
  for (const secret of [seed, seed.toString('base64'), tokenOf(seed), seed.toString('hex')])
    t.notOk([...stored, log].some((bytes) => bytes.includes(secret)))
})

test('a blocked feed, a revoked link, a restricted room', async (t) => {
  const relay = await bootRelay(t)
  const app = await openInviteApp(t)
  const visitor = new Visitor(relay.webUrl)
  const post = (id: string, invite: string) =>
    visitor.ask('/join', {
      ...{ method: 'POST', body: JSON.stringify({ id, invite }) },
      headers: { 'Content-Type': 'application/json' },
    })
  const first = await relay.operator.inviteCreate({})
  const token = new URL(first.link).searchParams.get('invite') ?? ''
  await relay.operator.block(app.id, 'spam')
  const blocked = await post(app.id, token)
  const unknown = await post(app.id, tokenOf(Buffer.alloc(32)))
  t.same([blocked.status, blocked.text], [unknown.status, unknown.text], 'it learns nothing of its block')
  t.match((await relay.operator.inviteList())[0], { used: 0, state: 'live' })
  await relay.operator.unblock(app.id)
  await relay.operator.inviteRevoke(first.id)
  const taken = await post(app.id, token)
  t.same([taken.status, taken.text], [unknown.status, unknown.text])
  t.match((await visitor.get(`/join?invite=${token}`)).text, 'This invite was revoked')
  await relay.operator.mode('restricted')
  const second = await relay.operator.inviteCreate({ for: app.id })
  t.equal(await app.claim(second.link), addressOf(relay), 'a link works where codes do')
  t.ok(await isMember(relay, app.id))
  t.equal((await visitor.get('/join?invite=x')).text, (await visitor.get('/x')).text)
})

test('in a browser', { skip: withoutBrowser(), timeout: 110_000 }, async (t) => {
  const relay = await bootRelay(t)
  const browser = await openBrowser(t)
  const viewport = { width: 320, height: 568 }

  t.test('the page says by itself that the app has come in', async (t) => {
    const { link } = await relay.operator.inviteCreate({})
    const page = await (await browser.newContext({ viewport })).newPage()
    const complaints = complaintsOf(page, /^Failed to load resource/)
    await page.goto(link)
    const uri = await page.getAttribute('a.button[href^="ssb:"]', 'href')
    t.notOk(await page.locator('#claimed').isVisible())
    const app = await openInviteApp(t)
    await app.claim(uri ?? '')
    await page.locator('#claimed').waitFor({ state: 'visible' })
    t.notOk(await page.locator('#unclaimed').isVisible())
    t.match(await page.textContent('#claimed'), 'go back to your app')
    t.ok(await isMember(relay, app.id))
    await page.reload()
    t.match(await page.textContent('h1'), 'used up')
    t.same(complaints, [])
    await page.context().close()
  })

  t.test('and when it is taken back', async (t) => {
    const { link, id } = await relay.operator.inviteCreate({})
    const page = await (await browser.newContext({ viewport })).newPage()
    await page.goto(link)
    await relay.operator.inviteRevoke(id)
    await page.locator('h1', { hasText: 'revoked' }).waitFor()
    await page.context().close()
    t.pass()
  })

  t.test('without scripts: a feed id in a form', async (t) => {
    const { link } = await relay.operator.inviteCreate({})
    const context = await browser.newContext({ viewport, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(link)
    t.notOk(await page.locator('[data-copy]').first().isVisible(), 'no button that would do nothing')
    const { id } = ssbKeys.generate()
    await page.fill('#id', 'ana')
    await page.click('form[action="/join"] button')
    t.match(await page.textContent('#id-wrong'), 'A feed id is')
    await page.fill('#id', id)
    await page.click('form[action="/join"] button')
    t.equal(await page.textContent('h1'), 'You have joined')
    t.equal(await page.inputValue('#address'), addressOf(relay))
    t.ok(await isMember(relay, id))
    await context.close()
  })

  t.test('pictures to scan, opened one by one', async (t) => {
    const { link } = await relay.operator.inviteCreate({})
    const context = await browser.newContext({ viewport, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(link)
    for (const summary of await page.locator('summary').all()) await summary.click()
    const images = await page.locator('.qr img').all()
    t.equal(images.length, 4)
    for (const image of images) await image.scrollIntoViewIfNeeded()
    const shown =
      "[...document.querySelectorAll('.qr img')].filter((e) => e.complete && e.naturalWidth > 0).length"
    await until('all pictures', async () => (await page.evaluate(shown)) === 4)
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'))
    await context.close()
  })
})
