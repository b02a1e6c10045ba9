// SPDX-License-Identifier: AGPL-3.0-or-later
// When certificates are requested: at start, at two thirds of their life, after failures, with wrong clocks.

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CERTIFICATE_LOOK_MS, DAY, HOUR, MINUTE, SECOND } from '../../../src/lib/limits.js'
import { type CertificateOrder, FetchError } from '../../../src/web/domain/fetch.js'
import { createAuthority, fingerprint } from '../../helpers/certificates.js'
import { createTestClock } from '../../helpers/clock.js'
import { asked, DIRECTORY, type Kept, keptBy, type Office, officeOf } from './office.js'
import { NAME, openDomain } from './reach.js'

const authority = await createAuthority()
const openOffice = (today: () => number): Office => officeOf(authority, today)
const kept = (t: Test, options: Parameters<typeof keptBy>[2] = {}): Promise<Kept> =>
  keptBy(t, authority, options)

t.test('without a certificate TLS fails; the first one is installed and stored', async (t) => {
  let release = () => {}
  const clock = createTestClock(Date.UTC(2026, 0, 10))
  const office = openOffice(clock.now)
  office.next = async (order) => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return authority.certify(order.key, order.hostname, { from: clock.now(), until: clock.now() + 90 * DAY })
  }
  const opened = await kept(t, { clock, office })
  const { domain, dir, plain, visitor } = opened
  t.match(domain.status(), { state: 'waiting', source: 'acme', expires: null, reason: /no certificate/ })
  t.equal(domain.url(), null)
  await t.rejects(visitor(false).get('/'), { code: /EPROTO|ECONNRESET/ })
  const Host = NAME
  t.match(await plain.get('/.well-known/acme-challenge/token-1', { Host }), { status: 200, text: 'answer' })
  t.match(await plain.get('/', { Host }), { status: 503 })
  release()
  await asked(opened, 1)
  t.match(domain.status(), {
    state: 'valid',
    issuer: 'Rock Pool Test CA',
    expires: clock.now() + 90 * DAY,
    renews: clock.now() + 60 * DAY,
    reason: null,
  })
  const { certificate } = await visitor(false).get('/')
  t.match(office.orders, [{ hostname: NAME, email: 'operator@example.org', directory: DIRECTORY, ca: null }])
  t.match(
    await plain.get('/.well-known/acme-challenge/token-1', { Host }),
    { status: 404 },
    'asked no longer',
  )
  t.match(await plain.get('/', { Host }), { status: 301 })
  t.equal(statSync(dir).mode & 0o777, 0o700)
  for (const file of ['certificate.pem', 'account.key'])
    t.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file)
  t.notOk(existsSync(join(dir, 'next.key')))

  await domain.close()
  t.equal(clock.pending(), 0)
  const again = await kept(t, { clock, office, dir })
  t.equal(again.domain.status().state, 'valid', 'after a restart it is there at once')
  t.equal((await again.visitor(false).get('/')).certificate?.fingerprint256, certificate?.fingerprint256)
  t.equal(office.orders.length, 1, 'and none is asked for')
})

t.test('renewed once at two thirds of its life', async (t) => {
  const opened = await kept(t)
  await asked(opened, 1)
  const { clock, office, visitor, dir, domain } = opened
  const [first] = office.orders
  const before = (await visitor(false).get('/')).certificate?.fingerprint256
  clock.jump(60 * DAY - MINUTE)
  await opened.pass(30 * SECOND)
  t.equal(office.orders.length, 1)
  await opened.pass(2 * MINUTE)
  await asked(opened, 2)
  t.equal(office.orders.length, 2)
  t.equal(office.orders[1]?.accountKey, first?.accountKey, 'by the same account')
  t.not(office.orders[1]?.key, first?.key, 'with a key of its own')
  const after = (await visitor(false).get('/')).certificate?.fingerprint256
  t.not(after, before)
  t.equal(fingerprint(readFileSync(join(dir, 'certificate.pem'), 'utf8')), after)
  const { renews } = domain.status()
  t.ok(Math.abs((renews ?? 0) - clock.now() - 60 * DAY) < 2 * MINUTE)
  await opened.pass(HOUR)
  t.equal(office.orders.length, 2)
})

/** Minutes between the retries after this kind of failure. */
async function gaps(t: Test, failure: () => Error, count: number): Promise<number[]> {
  const opened = await kept(t)
  await asked(opened, 1)
  const { office, clock } = opened
  office.next = () => Promise.reject(failure())
  clock.jump(61 * DAY)
  await opened.pass(CERTIFICATE_LOOK_MS)
  const found: number[] = []
  let since = clock.uptime()
  while (found.length < count) {
    const before = office.orders.length
    await opened.pass(CERTIFICATE_LOOK_MS)
    if (office.orders.length === before) continue
    found.push((clock.uptime() - since) / MINUTE)
    since = clock.uptime()
  }
  t.match(opened.domain.status(), { state: 'valid', reason: failure().message }, 'the old one serves on')
  t.ok(opened.domain.status().renews ?? 0 > clock.now())
  return found
}

t.test('an unreachable authority is retried often', async (t) => {
  const found = await gaps(t, () => new FetchError('ENOTFOUND', false), 9)
  const due = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
  for (const [i, gap] of found.entries()) {
    const least = due[i] ?? 0
    t.ok(gap >= least && gap <= least * 1.25 + 0.5, `${gap} minutes, from ${least}`)
  }
})

t.test('an authority that rejects is retried at growing intervals', async (t) => {
  const found = await gaps(t, () => new FetchError('rejected', true), 6)
  for (const [i, gap] of found.entries()) {
    const least = 5 * 2 ** i
    t.ok(gap >= least && gap <= least * 1.25 + 0.5, `${gap} minutes, from ${least}`)
  }
})

t.test('Retry-After is followed, up to a limit', async (t) => {
  const [first = 0] = await gaps(t, () => new FetchError('rateLimited', true, 3 * HOUR), 1)
  t.ok(first >= 180 && first < 181, `${first} minutes`)
  const { domain, clock } = await kept(t, { office: refusing(new FetchError('no', true, 400 * DAY)) })
  const { renews } = domain.status()
  t.equal(renews, clock.now() + 7 * DAY)
})

function refusing(error: Error): Office {
  const office = openOffice(Date.now)
  office.next = () => Promise.reject(error)
  return office
}

t.test('a relay that starts without a network gets its certificate later', async (t) => {
  const office = refusing(new FetchError('getaddrinfo EAI_AGAIN', false))
  const opened = await kept(t, { office })
  const { domain, clock } = opened
  t.match(domain.status(), { state: 'waiting', reason: /EAI_AGAIN/ })
  office.next = (order) => authority.certify(order.key, order.hostname, { from: clock.now() })
  await opened.pass(MINUTE)
  await asked(opened, 2)
  t.match(domain.status(), { state: 'valid', reason: null })
})

t.test('with a clock in 1970 nothing is requested until it is set', async (t) => {
  const clock = createTestClock(20 * SECOND)
  const opened = await kept(t, { clock })
  const { domain, office } = opened
  await opened.pass(10 * MINUTE)
  t.equal(office.orders.length, 0)
  t.match(domain.status(), { state: 'waiting', reason: /clock of this machine is not set/ })
  clock.jump(Date.UTC(2026, 0, 10))
  await opened.pass(CERTIFICATE_LOOK_MS)
  await asked(opened, 1)
  t.match(domain.status(), { state: 'valid', reason: null })
  await opened.pass(HOUR)
  t.equal(office.orders.length, 1)
})

t.test('a stored certificate is served with a clock in 1970, without a request', async (t) => {
  const first = await kept(t)
  await asked(first, 1)
  await first.domain.close()
  const clock = createTestClock(20 * SECOND)
  const opened = await kept(t, { clock, dir: first.dir })
  t.match(opened.domain.status(), { state: 'not_yet_valid', reason: /check the clock/ })
  await opened.pass(MINUTE)
  t.equal(opened.office.orders.length, 0)
  clock.jump(first.clock.now())
  t.match(opened.domain.status(), { state: 'valid', reason: null })
})

t.test('a clock that ran years ahead causes no flood of requests', async (t) => {
  const today = Date.UTC(2026, 0, 10)
  const clock = createTestClock(today)
  const opened = await kept(t, { clock, office: openOffice(() => today) })
  await asked(opened, 1)
  const { office, domain } = opened
  clock.jump(3650 * DAY)
  await opened.pass(HOUR)
  t.ok(office.orders.length <= 5, `${office.orders.length} orders in an hour`)
  t.match(domain.status(), { state: 'expired', reason: /by the clock of this machine/ })
  clock.jump(-3650 * DAY)
  await opened.pass(CERTIFICATE_LOOK_MS)
  t.match(domain.status(), { state: 'valid', reason: null })
})

t.test('an invalid certificate from the authority is not installed', async (t) => {
  const opened = await kept(t)
  await asked(opened, 1)
  const { office, clock, domain, dir } = opened
  const before = readFileSync(join(dir, 'certificate.pem'), 'utf8')
  clock.jump(61 * DAY)
  const pair = await authority.issue(NAME)
  const answers: Array<[RegExp, (order: CertificateOrder) => Promise<string>]> = [
    [/key does not match/, async () => pair.cert],
    [/is not for relay/, (order) => authority.certify(order.key, 'other.example')],
    [/cannot be read/, async () => '<html>'],
  ]
  for (const [words, answer] of answers) {
    office.next = answer
    const times = office.orders.length
    clock.advance(DAY)
    await asked(opened, times + 1)
    t.match(domain.status(), { state: 'valid', reason: words })
  }
  t.equal(readFileSync(join(dir, 'certificate.pem'), 'utf8'), before)
})

t.test('on a full disk no certificate is requested', async (t) => {
  const dir = join(t.testdir({ tls: 'a file where a directory should be' }), 'tls')
  const opened = await kept(t, { dir })
  t.equal(opened.office.orders.length, 0)
  t.match(opened.domain.status(), { state: 'waiting', reason: /EEXIST|ENOTDIR/ })
  rmSync(dir)
  await opened.pass(7 * MINUTE)
  await asked(opened, 1)
  t.equal(opened.domain.status().state, 'valid')
})

t.test('on a disk that fills up later the certificate is served, and saved when possible', async (t) => {
  const clock = createTestClock(Date.UTC(2026, 0, 10))
  const dir = join(t.testdir(), 'tls')
  const office = openOffice(clock.now)
  office.next = (order) => {
    rmSync(dir, { recursive: true })
    writeFileSync(dir, 'in the way')
    return authority.certify(order.key, order.hostname, { from: clock.now() })
  }
  const opened = await kept(t, { clock, dir, office })
  await asked(opened, 1)
  t.match(opened.domain.status(), { state: 'valid', reason: /cannot be saved/ })
  const said = opened.lines.length
  await opened.pass(MINUTE)
  t.match(opened.domain.status(), { state: 'valid', reason: /cannot be saved/ })
  t.equal(opened.lines.length, said, 'said once')
  rmSync(dir)
  await opened.pass(CERTIFICATE_LOOK_MS)
  t.match(opened.domain.status(), { state: 'valid', reason: null })
  t.ok(existsSync(join(dir, 'certificate.pem')))
  t.equal(office.orders.length, 1)
})

t.test('an invalid stored certificate, or one of another authority, is replaced', async (t) => {
  const first = await kept(t)
  await asked(first, 1)
  await first.domain.close()
  const file = join(first.dir, 'certificate.pem')
  const text = readFileSync(file, 'utf8')
  for (const [name, damaged] of [
    ['cut short', text.slice(0, text.length / 2)],
    ['empty', ''],
    ['without its origin', text.replace(/^From.*\n/, '')],
  ] as const) {
    writeFileSync(file, damaged)
    const opened = await kept(t, { dir: first.dir })
    await asked(opened, 1)
    t.equal(opened.domain.status().state, 'valid', name)
    await opened.domain.close()
  }
  const moved = await kept(t, { dir: first.dir, directory: 'https://other.example/directory' })
  await asked(moved, 1)
  t.equal(moved.office.orders.length, 1, 'of a test authority, say')
  await moved.domain.close()
  writeFileSync(join(first.dir, 'account.key'), 'damaged')
  rmSync(file)
  const opened = await kept(t, { dir: first.dir })
  await asked(opened, 1)
  t.equal(
    readFileSync(join(first.dir, 'account.key.damaged'), 'utf8'),
    'damaged',
    'an account is not thrown away',
  )
})

t.test('close does not wait for an authority that never answers', async (t) => {
  const office = openOffice(Date.now)
  office.next = (_order, signal) =>
    new Promise((_resolve, reject) => {
      ;(signal as AbortSignal).addEventListener('abort', () => reject(new FetchError('cancelled', false)))
    })
  const opened = await kept(t, { office })
  opened.clock.advance(HOUR)
  t.equal(office.orders.length, 1, 'nor is it asked twice at a time')
  await opened.domain.close()
  t.notOk(opened.lines.some((line) => line.includes('cancelled')))
})

t.test('an unreadable root certificate stops the start', async (t) => {
  const certificate = { email: 'a@b.c', directory: DIRECTORY, ca: '/nowhere/root.pem', dir: t.testdir() }
  await t.rejects(openDomain(t, authority, certificate), {
    code: 'certificate_unusable',
    message: /domain\.acme_ca \/nowhere\/root\.pem \(ENOENT\)/,
  })
})
