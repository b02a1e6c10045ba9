// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay under its public name: HTTPS, the redirect from port 80, and an invite that contains the name.

import { once } from 'node:events'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/config.js'
import { CLOSE_MS, DAY } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import { type Authority, createAuthority, writePair } from '../helpers/certificates.js'
import { titleOf, Visitor } from '../helpers/http.js'
import {
  type BootedRelay,
  bootRelay,
  knownCaptchas,
  OWN_SETS,
  shortDir,
  until,
  within,
} from '../helpers/relay.js'

const NAME = 'relay.example.org'
const ANSWER = '/invite/invite-captcha-reponse'

let authority: Authority
t.before(async () => {
  authority = await createAuthority()
})

const captchas = knownCaptchas()

/** A relay under the name, with a certificate of the test's authority. */
async function underName(
  t: Test,
  name = NAME,
): Promise<{ relay: BootedRelay; visitor: () => Visitor; sets: string[] }> {
  const { key, cert } = writePair(join(await shortDir(t), 'pair'), await authority.issue(name))
  const pair = [`domain.tls_key=${key}`, `domain.tls_cert=${cert}`]
  const ports = ['domain.host=127.0.0.1', 'domain.https_port=0', 'domain.http_port=0']
  const sets = [`domain.name=${name}`, ...ports, ...pair]
  const relay = await bootRelay(t, { sets, drawCaptcha: captchas.draw })
  const { https } = (await relay.status()).addresses
  const port = Number(new URL(https ?? '').port)
  return { relay, sets, visitor: () => new Visitor(https ?? '', { port, ca: authority.root }) }
}

t.test('a captcha by HTTPS, and an invite under the domain', async (t) => {
  const { relay, visitor } = await underName(t)
  const status = await relay.status()
  t.match(status.https, { state: 'valid', source: 'files', reason: null, http_port: Number })
  t.match(status.addresses.https, /^https:\/\/relay\.example\.org:\d+$/)
  t.match(status.addresses.ssb, [`net:${NAME}:${relay.ssbPort}~shs:`])
  const person = visitor()
  const page = await person.get('/invite/')
  t.equal(page.status, 200)
  t.match(page.headers['strict-transport-security'], /^max-age=15552000$/)
  t.match(page.headers['set-cookie'], [/^__Host-tidepool=.*; Secure$/])
  const captcha = captchas.answerTo((await person.get('/invite/captcha.png')).body) ?? ''
  const { port } = new URL(status.addresses.https ?? '')
  const origin = { Origin: `https://${NAME}:${port}`, 'Sec-Fetch-Site': 'same-origin' }
  const given = await person.post(ANSWER, { captcha }, origin)
  t.equal(given.status, 200, given.text)
  t.match(parseInviteCode(titleOf(given.text) ?? ''), { host: NAME, port: relay.ssbPort, relay: relay.id })
  for (const host of ['127.0.0.1', 'localhost', 'evil.example'])
    t.equal((await visitor().get('/', { Host: host })).status, 421, host)
})

t.test('what an attacker says of a proxy is nothing where there is none', async (t) => {
  const { relay, visitor } = await underName(t)
  const plain = new Visitor(relay.webUrl)
  const reply = await plain.get('/', { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': NAME })
  t.notOk(reply.headers['strict-transport-security'])
  t.equal((await visitor().get('/', { 'X-Forwarded-Host': 'evil.example' })).status, 200)
})

t.test('SIGHUP looks at the certificate at once', async (t) => {
  const { relay, sets } = await underName(t)
  const [cert = ''] = sets.filter((set) => set.startsWith('domain.tls_cert=')).map((set) => set.slice(16))
  const { expires } = (await relay.status()).https
  writePair(dirname(cert), await authority.issue(NAME, { until: (expires ?? 0) + DAY }))
  relay.relay.reload(loadConfig({ sets: [...OWN_SETS, ...sets] }))
  await until(
    'the new certificate',
    async () => (await relay.status()).https.expires === (expires ?? 0) + DAY,
  )
})

t.test('behind a proxy two lines of configuration are enough', async (t) => {
  const relay = await bootRelay(t, { sets: [`domain.name=${NAME}`, 'domain.proxy=127.0.0.1'] })
  const status = await relay.status()
  t.match(status.addresses, { https: `https://${NAME}`, ssb: [`net:${NAME}:${relay.ssbPort}~shs:`] })
  t.match(status.https, { state: 'proxied', source: null, expires: null })
  const visitor = new Visitor(relay.webUrl)
  const page = await visitor.get('/', { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': NAME })
  t.match(page, { status: 200, text: `net:${NAME}:${relay.ssbPort}~shs:` })
})

t.test('callers who hang, on every listener, do not hold a stop up', async (t) => {
  const { relay } = await underName(t)
  const { addresses, https } = await relay.status()
  const ports = [addresses.web, addresses.https, addresses.whois].map((url) =>
    Number(new URL(url ?? '').port),
  )
  const hanging = [...ports, https.http_port ?? 0].map(async (port) => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    // HTTP reads the beginning of a request, TLS nothing valid
    socket.write('GET')
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    return { closed }
  })
  const callers = await Promise.all(hanging)
  await within('a clean close', relay.close(), CLOSE_MS)
  await Promise.all(callers.map(({ closed }) => closed))
})

t.test('in a browser, from the plain address to the code', { skip: withoutBrowser() }, async (t) => {
  // the only name that resolves to this machine everywhere
  const { relay } = await underName(t, 'localhost')
  const { addresses, https } = await relay.status()
  const browser = await openBrowser(t)
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 320, height: 568 } })
  const page = await context.newPage()
  await page.goto(`http://localhost:${https.http_port}/invite/`)
  t.equal(page.url(), `${addresses.https}/invite/`, 'led to HTTPS')
  const picture = await page.request.get(`${addresses.https}/invite/captcha.png`)
  await page.fill('#captcha', captchas.answerTo(await picture.body()) ?? '')
  await page.click('button[name=action]')
  await page.waitForSelector('#code')
  t.match(parseInviteCode(await page.title()), { host: 'localhost', port: relay.ssbPort, relay: relay.id })
  const [cookie] = await context.cookies()
  t.match(cookie, { name: '__Host-tidepool', secure: true, httpOnly: true, sameSite: 'Strict' })
})
