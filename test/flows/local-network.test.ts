// SPDX-License-Identifier: AGPL-3.0-or-later
// A board without a keyboard: set up from a phone on its network, and what others on that network and elsewhere can do.

import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { LOCAL_CLAIM_MS, MINUTE } from '../../src/lib/limits.js'
import type { PlaceOf } from '../../src/web/app.js'
import { createTestClock } from '../helpers/clock.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { type BootedRelay, type BootOptions, bootRelay, until } from '../helpers/relay.js'
import { openFakeControl } from '../onion/fake-control.js'

const PHONE = '127.0.0.2'
const LAPTOP = '127.0.0.3'
const STRANGER = '127.0.0.9'

/** All callers of a test have loopback addresses, so each stands for a place. */
const placeOf: PlaceOf = ({ remoteAddress }) =>
  remoteAddress === STRANGER ? 'elsewhere' : remoteAddress === '127.0.0.1' ? 'machine' : 'network'

async function bootBoard(t: Test, { sets = [], ...options }: BootOptions = {}) {
  const relay = await bootRelay(t, {
    ...{ setUp: false, placeOf, ...options },
    sets: ['web.local=true', 'web.local_host=127.0.0.1', 'web.local_port=0', ...sets],
  })
  const from = (address: string): Visitor => new Visitor(localOf(relay), undefined, address)
  const localOf = ({ relay }: BootedRelay): string => urls.get(relay) ?? ''
  const urls = new Map([[relay.relay, (await relay.status()).addresses.local]])
  return { relay, from }
}

/** The key that the page carries in place of the token. */
const keyIn = (html: string): string => /name="key" value="([^"]+)"/.exec(html)?.[1] ?? ''

const minutesIn = (html: string): string => /For (\d+ more minutes?) this page/.exec(html)?.[1] ?? ''

t.test('in the first hour a phone on the network sets the room up, once', async (t) => {
  const clock = createTestClock()
  const { relay, from } = await bootBoard(t, { clock })
  const phone = from(PHONE)
  t.match(await phone.get('/', { Host: 'tidepool.local' }), { status: 303, headers: { location: '/setup' } })
  const page = await phone.get('/setup', { Host: 'tidepool.local' })
  t.equal(page.status, 200)
  t.equal(minutesIn(page.text), '60 more minutes')
  t.notMatch(page.text, 'name="token"')
  t.equal((await relay.operator.settings()).local_claim_s, 3600)
  clock.advance(59 * MINUTE)
  clock.jump(-300 * LOCAL_CLAIM_MS)
  const laptop = from(LAPTOP)
  const other = await laptop.get('/setup')
  t.equal(minutesIn(other.text), '1 more minute', 'by uptime')
  const admin = ssbKeys.generate().id
  const key = keyIn(page.text)
  const wrong = await phone.post('/setup', { key, name: '', admin })
  t.equal(wrong.status, 400)
  t.equal(keyIn(wrong.text), key, 'a mistake costs nothing')
  const replies = await Promise.all([
    phone.post('/setup', { key, name: 'Rock pool', admin }),
    laptop.post('/setup', { key: keyIn(other.text), name: 'Mine now' }),
  ])
  t.equal(replies.filter(({ status }) => status === 200).length, 1, 'of two browsers one wins')
  t.ok(replies.every(({ status }) => [200, 404, 409].includes(status)))
  const won = replies.find(({ status }) => status === 200)
  t.match(won?.text, 'So far only this network can reach the room.')
  t.notMatch(won?.text, '/join?invite=', 'no invite names an address of this network')
  t.match(await relay.operator.settings(), { set_up: true, setup_token: null, local_claim_s: null })
  for (const visitor of [phone, laptop]) {
    t.equal((await visitor.get('/setup')).status, 404)
    t.equal((await visitor.post('/setup', { key, name: 'Again' })).status, 404)
  }
})

t.test('afterwards the token is needed, until the board starts again', async (t) => {
  const clock = createTestClock()
  const { relay, from } = await bootBoard(t, { clock })
  const phone = from(PHONE)
  const key = keyIn((await phone.get('/setup')).text)
  clock.advance(LOCAL_CLAIM_MS)
  const late = await phone.post('/setup', { key, name: 'Rock pool' })
  t.equal(late.status, 403)
  t.match(late.text, '<label for="token">')
  t.match(late.text, 'The page was out of date')
  t.match(late.text, 'value="Rock pool"', 'the input stays')
  const page = await phone.get('/setup')
  t.match(page.text, /<code>tidepool\.txt<\/code>[\s\S]*restart the board/)
  t.equal(keyIn(page.text), '')
  t.equal((await phone.post('/setup', { name: 'Rock pool' })).status, 403)
  t.equal((await relay.operator.settings()).local_claim_s, 0)
  await relay.restart()
  const again = new Visitor((await relay.status()).addresses.local ?? '', undefined, PHONE)
  const stale = await again.post('/setup', { key, name: 'Rock pool' })
  t.equal(stale.status, 403, 'a page from before the restart')
  t.match(stale.text, 'Nothing was saved.</strong> The page was out of date')
  t.equal((await again.post('/setup', { key: keyIn(stale.text), name: 'Rock pool' })).status, 200)
})

t.test('the token works at any time, and its link alone', async (t) => {
  const clock = createTestClock()
  const { relay, from } = await bootBoard(t, { clock, sets: ['web.local_claim=false'] })
  const phone = from(PHONE)
  const { setup_token, local_claim_s } = await relay.operator.settings()
  t.equal(local_claim_s, null)
  const page = await phone.get('/setup')
  t.match(page.text, '<label for="token">')
  t.notMatch(page.text, /name="key"|restart the board/)
  clock.advance(2 * LOCAL_CLAIM_MS)
  t.match((await phone.get(`/setup?token=${setup_token}`)).text, `name="token" value="${setup_token}"`)
  t.equal((await phone.post('/setup', { token: setup_token ?? '', name: 'Rock pool' })).status, 200)
})

t.test('no other caller can do without the token', async (t) => {
  const { relay, from } = await bootBoard(t)
  const key = keyIn((await from(PHONE).get('/setup')).text)
  t.ok(key)
  const form = { key, name: 'Mine now' }
  for (const path of ['/', '/setup', '/healthz', '/assets/style.css', '/login']) {
    const { status, text } = await from(STRANGER).get(path)
    t.equal(status, 403, `${path}: by a router's forward`)
    t.notMatch(text, /tidepool|key/i)
  }
  t.equal((await from(STRANGER).post('/setup', form)).status, 403)
  for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Proto'])
    t.equal((await from(PHONE).post('/setup', form, { [header]: 'x' })).status, 403, `by a proxy: ${header}`)
  // a proxy without such headers, or tor, on this machine
  t.equal(keyIn((await from('127.0.0.1').get('/setup')).text), '')
  t.equal((await from('127.0.0.1').post('/setup', form)).status, 403)
  t.equal((await new Visitor(relay.webUrl, undefined, PHONE).post('/setup', form)).status, 403, 'web.port')
  t.equal(keyIn((await new Visitor(relay.webUrl, undefined, PHONE).get('/setup')).text), '')
  for (const Host of ['evil.example', 'localhost.example', '192.168.7.9', 'rebound.local'])
    t.equal((await from(PHONE).post('/setup', form, { Host })).status, 421, `DNS rebinding: ${Host}`)
  t.equal((await from(PHONE).post('/setup', form, { Origin: 'http://evil.example' })).status, 403)
  const blind = await from(PHONE).post('/setup', { name: 'Mine now' }, { Origin: 'null' })
  t.equal(blind.status, 403, 'a form of another site has no key')
  t.equal((await relay.operator.settings()).set_up, false)
  t.equal((await from(PHONE).post('/setup', form, { Host: 'tidepool-2.local' })).status, 200)
  t.match(relay.lines.join('\n'), 'caller from outside the local network rejected')
})

t.test('once set up it shows the addresses, how the relay is, and where to sign in', async (t) => {
  const control = await openFakeControl(t)
  const { relay, from } = await bootBoard(t, {
    ...{ setUp: true, network: async () => true },
    sets: ['onion.enabled=true', `onion.cookie=${control.cookieFile}`, `onion.tor=${control.where}`],
  })
  const phone = from(PHONE)
  const early = await phone.get('/')
  t.match(early.text, 'The room has no address yet')
  t.match(early.text, 'The onion address appears here')
  t.equal((await phone.get('/local/qr.gif?of=onion')).status, 404)
  const address = await until('an address', async () => String((await relay.status()).onion.address ?? ''))
  control.event(`HS_DESC UPLOADED ${address.replace('.onion', '')} UNKNOWN $AA~a b hsdir`)
  await until('it to be found', async () => (await relay.status()).addresses.onion)
  const page = await phone.get('/')
  t.equal(titleOf(page.text), 'Tidepool')
  t.match(page.text, `href="http://${address}/"`)
  t.match(page.text, 'All is well.')
  t.match(page.text, 'href="/login"')
  t.match(page.text, 'This board has the address <code>127.0.0.1</code>', 'of two boards, which one it is')
  t.match(await phone.get('/local/qr.gif?of=onion'), {
    status: 200,
    headers: { 'content-type': 'image/gif' },
  })
  t.equal((await phone.get('/local/qr.gif?of=warnings')).status, 404)
  t.equal((await new Visitor(relay.webUrl).get('/local/qr.gif?of=onion')).status, 404)
  for (const path of ['/invite/', '/invite/captcha.png', '/invite/captcha.wav', '/alias/bob', '/whois'])
    t.equal((await phone.get(path)).status, 404, `${path} is for the addresses that strangers can reach`)
  await signedIn(t, relay, phone, address)
  await relay.operator.mode('restricted')
  t.equal((await phone.get('/')).status, 404, 'a restricted room shows nothing to strangers')
  t.equal((await phone.get('/local/qr.gif?of=onion')).status, 404)
  t.equal((await phone.get('/dashboard/health')).status, 200, 'its moderators see it on the dashboard')
})

/** Signs in on the local network by a login link, and makes an invite there. */
async function signedIn(t: Test, relay: BootedRelay, phone: Visitor, onion: string): Promise<void> {
  const login = await phone.get('/login', { Host: 'tidepool.local' })
  t.match(login.text, /multiserverAddress=net%3A127\.0\.0\.1%3A\d+/, 'the app is on this network, too')
  const { id } = ssbKeys.generate()
  await relay.operator.membersAdd(id)
  await relay.operator.membersRole(id, 'admin')
  const token = new URL((await relay.operator.membersLink(id)).url).searchParams.get('token') ?? ''
  const csrf = /name="csrf" value="([^"]+)"/
  const button = await phone.get(`/login/link?token=${token}`)
  t.equal((await phone.post('/login/link', { token, csrf: csrf.exec(button.text)?.[1] ?? '' })).status, 303)
  const invites = await phone.get('/dashboard/invites')
  const made = await phone.post('/dashboard/do/invite.create', {
    ...{ csrf: csrf.exec(invites.text)?.[1] ?? '', uses: '1', days: '1', note: '', for: '' },
  })
  t.equal(made.status, 200)
  t.match(made.text, `http://${onion}/join?invite=`, 'an invite names what others can reach')
  t.notMatch(made.text, /127\.0\.0\.1|tidepool\.local/)
}

t.test('after the set-up its warnings are words', async (t) => {
  const { relay, from } = await bootBoard(t, { setUp: true })
  const { warnings } = await relay.status()
  const { text } = await from(PHONE).get('/')
  t.ok(warnings.length > 0)
  t.match(text, 'The clock is not confirmed.')
  t.notMatch(text, '[object ')
})
