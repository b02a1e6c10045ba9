// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-invite, the classic pubs' own plugin, accepting our codes from an ssb-db2 app.

import { createRequire } from 'node:module'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { type App, kept, openApp } from '../helpers/app.js'
import { type BootedRelay, bootRelay, within } from '../helpers/relay.js'

const require = createRequire(import.meta.url)

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

const openClient = (t: Test): Promise<App> => openApp(t, { plugins: [require('ssb-invite')] })

const accept = (app: App, invite: string): Promise<unknown[]> =>
  within(
    'ssb-invite to accept',
    new Promise((resolve, reject) => {
      app.ssb.invite.accept(invite, (err: Error | null, messages: unknown[]) =>
        err ? reject(err) : resolve(messages),
      )
    }),
    20_000,
  )

test('ssb-invite accepts a code and follows us', async (t) => {
  const relay = await bootRelay(t)
  const app = await openClient(t)
  const { code } = await relay.operator.inviteCreate({})
  await accept(app, code)
  t.match(await relay.operator.membersList(), [{ id: app.id, by: 'invite' }])
  const contents = (await app.feed(app.id)).map(({ content }) => content)
  t.match(contents, [
    { type: 'contact', contact: relay.id, following: true, autofollow: true },
    { type: 'pub', address: { host: '127.0.0.1', port: relay.ssbPort, key: relay.id } },
  ])

  const connection = await app.connect(at(relay))
  t.teardown(() => connection.close())
  connection.replicate([])
  await kept(relay.operator, app.id, 2)
})

test('ssb-invite takes `already following` for success, and uses nothing up', async (t) => {
  const relay = await bootRelay(t)
  const app = await openClient(t)
  await accept(app, (await relay.operator.inviteCreate({})).code)
  const again = await relay.operator.inviteCreate({})
  await accept(app, again.code)
  t.match(
    (await relay.operator.inviteList()).find(({ id }) => id === again.id),
    { used: 0, state: 'live' },
  )
  const contents = (await app.feed(app.id)).map(({ content }) => content)
  const contacts = contents.filter((content) => typeof content === 'object' && content.type === 'contact')
  t.equal(contacts.length, 1, 'it does not follow twice')

  const spent = (await relay.operator.inviteList())[0]
  t.match(spent, { state: 'used up' })
  t.equal((await relay.status()).members, 1)
})

test('ssb-invite fails on a dead code, with our words', async (t) => {
  const relay = await bootRelay(t)
  const { code } = await relay.operator.inviteCreate({})
  await accept(await openClient(t), code)
  const app = await openClient(t)
  await t.rejects(accept(app, code), /invite used up/)
  const unknown = code.replace(/~.*/, `~${ssbKeys.generate().public.replace('.ed25519', '')}`)
  await t.rejects(accept(app, unknown), /invite unknown/)
  t.same(await app.feed(app.id), [])
})
