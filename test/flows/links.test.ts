// SPDX-License-Identifier: AGPL-3.0-or-later
// Links name an address that their readers can open, not one of this machine alone.

import { createRequire } from 'node:module'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { reachableHost } from '../../src/lib/platform.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { Visitor } from '../helpers/http.js'
import { type BootedRelay, bootRelay, connectMember } from '../helpers/relay.js'

const { fromFeedSigil } = createRequire(import.meta.url)('ssb-uri2')

/** The origins of all links that the operator and a member get. */
async function linksOf(t: Parameters<typeof bootRelay>[0], relay: BootedRelay): Promise<string[]> {
  const { operator } = relay
  const { rpc, keys } = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const { link } = await operator.inviteCreate({})
  const { url: login } = await operator.membersLink(keys.id)
  const alias = await rpc.room.registerAlias('bob', signRegistration(keys, relay.id, 'bob'))
  return [link, login, alias].map((url) => new URL(url).origin)
}

t.test('by the domain, where the pages are open to others', async (t) => {
  const relay = await bootRelay(t, {
    sets: [
      ...['web.host=0.0.0.0', 'domain.name=relay.example.org'],
      ...['domain.host=127.0.0.1', 'domain.https_port=0', 'domain.http_port=0'],
    ],
    // no certificate comes
    fetchCertificate: (_order, _answer, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const { port } = new URL(relay.webUrl)
  t.equal(relay.webUrl, `http://${reachableHost('0.0.0.0')}:${port}`)
  for (const origin of await linksOf(t, relay)) t.equal(origin, `http://relay.example.org:${port}`)
  const { code, link } = await relay.operator.inviteCreate({ host: '192.0.2.7' })
  t.match(code, /^192\.0\.2\.7:/)
  t.equal(new URL(link).origin, `http://192.0.2.7:${port}`, 'and by whatever host is asked for')
  const page = await fetch(`http://127.0.0.1:${port}${new URL(link).pathname}${new URL(link).search}`)
  t.equal(page.status, 200)
})

t.test('by the address, where there is no domain', async (t) => {
  const relay = await bootRelay(t, { sets: ['web.host=0.0.0.0'] })
  for (const origin of await linksOf(t, relay)) t.equal(origin, relay.webUrl)
})

t.test('to this machine, where the pages are for it alone', async (t) => {
  const relay = await bootRelay(t)
  t.match(relay.webUrl, /^http:\/\/127\.0\.0\.1:/)
  for (const origin of await linksOf(t, relay)) t.equal(origin, relay.webUrl)
  const { link } = await relay.operator.inviteCreate({ host: '192.0.2.7' })
  t.equal(new URL(link).origin, relay.webUrl, 'a link elsewhere would lead nowhere')
})

t.test('feed ids are taken as SSB URIs, and hosts that no app can read are refused', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const id = ssbKeys.generate().id
  const uri = fromFeedSigil(id)
  await operator.membersAdd(uri)
  await operator.membersRole(uri, 'admin')
  t.match(await operator.membersList(), [{ id, role: 'admin' }])
  const directed = ssbKeys.generate().id
  t.match(await operator.inviteCreate({ for: fromFeedSigil(directed) }), { for: directed })
  await operator.block(uri)
  t.match(await operator.blockedList(), [{ id }])
  await t.rejects(operator.membersAdd(uri), { code: 'not_allowed', message: /is blocked/ })
  const { link } = await operator.inviteCreate({})
  const invite = new URL(link).searchParams.get('invite') ?? ''
  const joiner = ssbKeys.generate().id
  const page = await new Visitor(relay.webUrl).post('/join', { id: fromFeedSigil(joiner), invite })
  t.equal(page.status, 200)
  t.ok((await operator.membersList()).some((member) => member.id === joiner))
  for (const host of ['a_b.example', '-x.example', 'relay..example', 'fe80::1%eth0', 'relay'])
    await t.rejects(operator.inviteCreate({ host }), {
      code: 'bad_argument',
      message: /apps accept nothing else/,
    })
})
