// Links that are handed out lead where their readers can open them: not to this machine alone where others reach it.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { reachableHost } from '../../src/lib/platform.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { type BootedRelay, bootRelay, connectMember } from '../helpers/relay.js'

/** The beginnings of all links that the operator and a member are given. */
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
