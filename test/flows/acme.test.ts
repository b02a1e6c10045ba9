// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay gets its certificate from a real certificate authority (pebble), renews it, and survives the authority's failures.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DAY, HOUR, MINUTE } from '../../src/lib/limits.js'
import { createFetch } from '../../src/web/domain/fetch.js'
import { createTestClock, type TestClock } from '../helpers/clock.js'
import { Visitor } from '../helpers/http.js'
import { type Pebble, startPebble } from '../helpers/pebble.js'
import { lacks } from '../helpers/programs.js'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'

const NAME = 'relay.example.org'
const skip = lacks('pebble', 'pebble')

interface Certified {
  relay: BootedRelay
  clock: TestClock
}

async function relayWith(t: Test, pebble: Pebble, sets: string[] = []): Promise<Certified> {
  // the clock stands still: a certificate made meanwhile must not be valid only later
  const clock = createTestClock(Date.now() + DAY)
  const own = [
    ...[`domain.name=${NAME}`, 'domain.host=127.0.0.1', 'domain.https_port=0'],
    ...[`domain.http_port=${pebble.httpPort}`, 'domain.acme_email=operator@example.org'],
    ...[`domain.acme_directory=${pebble.directory}`, `domain.acme_ca=${pebble.rootFile}`],
  ]
  return {
    relay: await bootRelay(t, { clock, fetchCertificate: createFetch(), sets: [...own, ...sets] }),
    clock,
  }
}

/** Waits until a certificate is in service. */
function certified({ relay }: Certified): Promise<string> {
  return until('a certificate', async () => (await relay.status()).addresses.https, 60_000)
}

/** Waits until the relay reports the expected failure. */
async function troubled({ relay }: Certified, words: RegExp): Promise<void> {
  await until(String(words), async () => words.test((await relay.status()).https.reason ?? ''), 60_000)
}

async function visit(url: string, ca: string) {
  return new Visitor(url, { port: Number(new URL(url).port), ca }).get('/')
}

t.test('issued, kept, renewed', { skip }, async (t) => {
  // the worst authority: it refuses a third of the nonces without reason, and its checks are slow
  const pebble = await startPebble(t, { refusedNonces: 30, sleepSeconds: 2 })
  const certifiedRelay = await relayWith(t, pebble)
  const { relay } = certifiedRelay
  const url = await certified(certifiedRelay)
  const ca = await pebble.issuer()
  const first = await visit(url, ca)
  t.match(first, { status: 200, headers: { 'strict-transport-security': /max-age/ } })
  const { https } = await relay.status()
  t.match(https, { state: 'valid', source: 'acme', issuer: /^Pebble Intermediate/, reason: null })
  t.match(new Date(first.certificate?.valid_to ?? '').getTime(), https.expires)
  t.ok(existsSync(join(relay.dataDir, 'tls', 'account.key')))

  await relay.restart()
  const again = await certified(certifiedRelay)
  t.equal((await visit(again, ca)).certificate?.fingerprint256, first.certificate?.fingerprint256, 'kept')

  await renewal(t, certifiedRelay, ca)
})

/** Sets the date to the renewal and waits until the certificate changes. */
async function renewal(t: Test, certifiedRelay: Certified, ca: string): Promise<void> {
  const { relay, clock } = certifiedRelay
  const url = await certified(certifiedRelay)
  const before = (await visit(url, ca)).certificate?.fingerprint256
  const wait = ((await relay.status()).https.renews ?? 0) - clock.now()
  t.ok(wait > 25 * DAY, 'further away than a timer can count')
  clock.jump(wait)
  clock.advance(MINUTE)
  const renewed = await until(
    'the renewal',
    async () => {
      const { certificate } = await visit(url, ca)
      return certificate?.fingerprint256 === before ? null : certificate
    },
    60_000,
  )
  t.equal(renewed.subjectaltname, `DNS:${NAME}`)
}

t.test('a name that leads elsewhere: refused, said, and mended when it is', { skip }, async (t) => {
  const pebble = await startPebble(t, { reusesAuthorizations: true })
  pebble.dns.answer = '127.0.0.9'
  const opened = await relayWith(t, pebble)
  const { relay, clock } = opened
  await troubled(opened, /127\.0\.0\.9|refused|connect/i)
  t.match((await relay.status()).https, { state: 'waiting', expires: null })
  t.match((await relay.status()).addresses.https, null)
  pebble.dns.answer = '127.0.0.1'
  clock.advance(HOUR)
  await certified(opened)
  t.match((await relay.status()).https, { state: 'valid', reason: null })
  // an account that the authority knows is not challenged again
  pebble.dns.answer = null
  await renewal(t, opened, await pebble.issuer())
})

t.test('no authority at start, and one later', { skip }, async (t) => {
  const pebble = await startPebble(t)
  await pebble.stop()
  const opened = await relayWith(t, pebble)
  await troubled(opened, /ECONNREFUSED/)
  await pebble.start()
  opened.clock.advance(2 * MINUTE)
  await visit(await certified(opened), await pebble.issuer())
})

t.test('an authority nobody vouches for is not asked', { skip }, async (t) => {
  const pebble = await startPebble(t)
  const opened = await relayWith(t, pebble, ['domain.acme_ca='])
  await troubled(opened, /certificate|unable to verify/i)
  t.notMatch(pebble.said(), /newOrder|new-order|There are now [1-9]\d* accounts/i)
})
