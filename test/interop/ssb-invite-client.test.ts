// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-invite-client, which Manyverse uses, accepting our codes: on ssb-conn and ssb-db2, nothing put in their place.

import { createRequire } from 'node:module'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { type App, kept, openApp } from '../helpers/app.js'
import { type BootedRelay, bootRelay, until, within } from '../helpers/relay.js'

const require = createRequire(import.meta.url)

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** An app as ssb-invite-client wants it. */
const openClient = (t: Test): Promise<App> =>
  openApp(t, { plugins: [...require('ssb-conn'), require('ssb-invite-client')] })

const accept = (app: App, invite: unknown): Promise<true> =>
  within(
    'ssb-invite-client to accept',
    new Promise((resolve, reject) => {
      app.ssb.invite.accept(invite, (err: Error | null, value: true) => (err ? reject(err) : resolve(value)))
    }),
  )

/** Everything an error says, that of what caused it included: these clients wrap what the relay answered. */
function wordsOf(err: unknown): string {
  const words: string[] = []
  for (let at = err; at; at = (at as { cause?: unknown }).cause)
    words.push(String((at as Error).message ?? at), String((at as Error).stack ?? ''))
  return words.join(' ')
}

test('ssb-invite-client accepts a code, follows us, and remembers where we are', async (t) => {
  const relay = await bootRelay(t)
  const app = await openClient(t)
  const { code } = await relay.operator.inviteCreate({ note: 'by hand' })
  t.equal(await accept(app, code), true)
  t.match(await relay.operator.membersList(), [{ id: app.id, by: 'invite', note: 'by hand' }])
  t.match(await relay.operator.inviteList(), [{ used: 1, state: 'used up' }])

  const own = await app.feed(app.id)
  t.match(
    own.map(({ content }) => content),
    [
      { type: 'contact', contact: relay.id, following: true, autofollow: true },
      { type: 'pub', address: { host: '127.0.0.1', port: relay.ssbPort, key: relay.id } },
    ],
  )
  const [[address, remembered]] = app.ssb.conn.dbPeers()
  t.match(address, `net:127.0.0.1:${relay.ssbPort}`)
  t.match(remembered, { type: 'pub', autoconnect: true })
  t.match(address, relay.id.slice(1, -8))

  const connection = await app.connect(at(relay))
  t.teardown(() => connection.close())
  connection.replicate([relay.id])
  await kept(relay.operator, app.id, 2)
  await until('our own feed at the app', async () => (await app.feed(relay.id)).length === 1)
  t.match((await app.feed(relay.id))[0]?.content, { type: 'contact', contact: app.id, following: true })
})

test('ssb-invite-client says why a code is not accepted', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const spent = await operator.inviteCreate({})
  await accept(await openClient(t), { invite: spent.code, shouldPublish: false })
  const revoked = await operator.inviteCreate({})
  await operator.inviteRevoke(revoked.id)
  const unknown = spent.code.replace(/~.*/, `~${ssbKeys.generate().public.replace('.ed25519', '')}`)

  const app = await openClient(t)
  const refused = async (code: string, words: RegExp): Promise<void> => {
    const err = await accept(app, { invite: code, shouldPublish: false }).catch((err) => err)
    t.match(wordsOf(err), words)
    t.notMatch(wordsOf(err), /src\/(peer|store)/, 'and nothing of our inside')
  }
  await refused(spent.code, /Invite not accepted by the pub.*invite used up/s)
  await refused(revoked.code, /Invite not accepted by the pub.*invite unknown/s)
  // a key that no invite made is any stranger's: turned away at the door, or let into the room and no further
  await refused(unknown, /Could not connect to pub|invite unknown/)
  t.same(await app.feed(app.id), [], 'it does not follow whoever turned it away')
  t.equal((await relay.status()).members, 1)

  const good = await operator.inviteCreate({ uses: 2 })
  t.equal(await accept(app, ` "${good.code}" `), true, 'quoted and padded, as it is pasted')
  await refused(good.code, /Invite not accepted by the pub.*already following/s)
  t.match((await operator.inviteList()).at(-1), { used: 1 }, 'which uses nothing up')
})
