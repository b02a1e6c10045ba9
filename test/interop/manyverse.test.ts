// SPDX-License-Identifier: AGPL-3.0-or-later
// Manyverse's whole stack in each app, with EBT on as the documents advise: an HTTP invite, feeds in and out while the
// author is offline, the room and sign-in.

import { createRequire } from 'node:module'
import { test } from 'tap'
import { kept } from '../helpers/app.js'
import { Visitor } from '../helpers/http.js'
import { openManyverse } from '../helpers/manyverse.js'
import { bootRelay, until } from '../helpers/relay.js'

const { toTunnelAddress } = createRequire(import.meta.url)('ssb-room-client/lib/utils')

test('two apps join by links, and one reads the other that is offline', async (t) => {
  const relay = await bootRelay(t, { sets: ['feeds.ebt=true'] })
  const { link } = await relay.operator.inviteCreate({ uses: 2 })
  const [author, reader] = [await openManyverse(t), await openManyverse(t)]
  for (const app of [author, reader])
    t.match(await app.call(app.ssb.httpInviteClient.claim, link), `~shs:${relay.id.slice(1, -8)}`)
  t.equal((await relay.status()).members, 2)
  const written = (await author.write(6)).map(({ value }) => value)
  await reader.follow(author.id)
  await author.join(relay)
  await kept(relay.operator, author.id, 6)
  await author.close()
  await reader.join(relay)
  await until('the posts', async () => (await reader.feed(author.id)).length === 6, 30_000)
  t.same(
    await reader.feed(author.id),
    written.sort((a, b) => a.sequence - b.sequence),
    'as they were written',
  )
})

test('both in the room: they see each other, call through it, and sign in', async (t) => {
  const relay = await bootRelay(t, { sets: ['feeds.ebt=true'] })
  const [ana, ben] = [await openManyverse(t), await openManyverse(t)]
  for (const app of [ana, ben]) {
    const { code } = await relay.operator.inviteCreate({})
    t.equal(await app.call(app.ssb.invite.accept, code), true)
    await app.join(relay)
  }
  await until('both to attend', async () => (await relay.status()).online === 2)
  const rpc = await ana.call(ana.ssb.conn.connect, toTunnelAddress(relay.id, ben.id))
  t.equal(rpc.id, ben.id)
  await until('Ben to see her', () => ben.visitors.includes(ana.id))
  const url = new URL(await ana.call(ana.ssb.httpAuthClient.produceSignInWebUrl, relay.id))
  const browser = new Visitor(relay.webUrl)
  t.equal((await browser.get(url.pathname + url.search)).status, 200)
  t.equal((await browser.get('/dashboard')).status, 200)
})
