// SPDX-License-Identifier: AGPL-3.0-or-later
// The operator's certificate files: served, reloaded after changes, and never replaced by an invalid pair.

import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { CERTIFICATE_LOOK_MS, DAY } from '../../../src/lib/limits.js'
import { createDomain } from '../../../src/web/domain/domain.js'
import {
  type Authority,
  createAuthority,
  fingerprint,
  type PemPair,
  writePair,
} from '../../helpers/certificates.js'
import { createTestClock } from '../../helpers/clock.js'
import { silentLog } from '../../helpers/store.js'
import { until } from '../../helpers/wait.js'
import { NAME, type OpenedDomain, openDomain } from './reach.js'

let authority: Authority
t.before(async () => {
  authority = await createAuthority()
})

async function served(t: Test, pair?: PemPair): Promise<OpenedDomain & { dir: string; first: PemPair }> {
  const dir = t.testdir()
  const first = pair ?? (await authority.issue(NAME))
  return { dir, first, ...(await openDomain(t, authority, writePair(dir, first))) }
}

/** The certificate that a new connection gets. */
const shown = async ({ visitor }: OpenedDomain): Promise<string | undefined> =>
  (await visitor(false).get('/')).certificate?.fingerprint256

t.test('the site is served by TLS under the domain only', async (t) => {
  const { domain, first, visitor, plain } = await served(t)
  const reply = await visitor().get('/')
  t.match(reply, { status: 200, text: 'hello' })
  t.equal(reply.certificate?.fingerprint256, fingerprint(first.cert))
  t.equal(domain.url(), `https://${NAME}:${domain.httpsPort}`)
  t.match(domain.status(), {
    state: 'valid',
    source: 'files',
    issuer: 'Rock Pool Test CA',
    renews: null,
    reason: null,
  })
  const moved = await plain.get('/invite/?a=b', { Host: NAME })
  t.match(moved, { status: 301, headers: { location: `${domain.url()}/invite/?a=b` } })
})

t.test('TLS 1.2 or later, and HTTP/1.1 only', async (t) => {
  const { domain } = await served(t)
  const shake = (options: object): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({
        ...{ port: domain.httpsPort, host: '127.0.0.1', servername: NAME, ca: authority.root },
        ...options,
      })
      socket.once('secureConnect', () => resolve(socket))
      socket.once('error', reject)
      t.teardown(() => socket.destroy())
    })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await shake({
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    t.match(socket, { alpnProtocol: 'http/1.1' })
    t.equal(socket.getProtocol(), version)
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await t.rejects(shake(old), { code: /^ERR_SSL_|ECONNRESET/ })
  await t.rejects(shake({ ALPNProtocols: ['h2'] }), { code: /ALPN|ERR_SSL|ECONNRESET/ })
})

t.test('a replaced certificate is served without a restart', async (t) => {
  const opened = await served(t)
  const { clock, dir } = opened
  const next = await authority.issue(NAME)
  // as certbot does: new files, to which links then point
  const { key, cert } = writePair(join(dir, 'next'), next)
  for (const [from, to] of [
    [key, join(dir, 'relay.key')],
    [cert, join(dir, 'relay.pem')],
  ] as const) {
    unlinkSync(to)
    symlinkSync(from, to)
  }
  t.equal(await shown(opened), fingerprint(opened.first.cert), 'not before we look')
  clock.advance(CERTIFICATE_LOOK_MS)
  await until('the new certificate', async () => (await shown(opened)) === fingerprint(next.cert))
  t.match(opened.domain.status(), { state: 'valid', reason: null })
})

t.test('open connections keep their certificate', async (t) => {
  const opened = await served(t)
  const { domain, dir } = opened
  const socket = connect({ port: domain.httpsPort, host: '127.0.0.1', servername: NAME, ca: authority.root })
  t.teardown(() => socket.destroy())
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  writePair(dir, await authority.issue(NAME))
  await domain.check()
  const reply = new Promise((resolve) => socket.once('data', resolve))
  socket.write(`GET / HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`)
  t.match(String(await reply), /^HTTP\/1\.1 200 OK/)
})

t.test('an invalid new pair leaves the old one in use and is reported', async (t) => {
  const opened = await served(t)
  const { domain, dir, first, lines } = opened
  const other = await authority.issue(NAME)
  const paths = writePair(dir, first)
  const refuses = async (words: RegExp): Promise<void> => {
    await domain.check()
    t.match(domain.status(), { state: 'valid', reason: words }, String(words))
    t.equal(await shown(opened), fingerprint(first.cert))
  }
  writeFileSync(paths.key, other.key)
  await refuses(/the key does not match the certificate; the previous certificate stays in use/)
  const said = lines.length
  await domain.check()
  t.equal(lines.length, said, 'said once, not at every look')
  writeFileSync(paths.cert, 'nonsense')
  await refuses(/the certificate cannot be read/)
  writePair(dir, await authority.issue('elsewhere.example.org'))
  await refuses(/is not for relay\.example\.org/)
  writePair(dir, await authority.issue(NAME, { from: Date.now() - 9 * DAY, until: Date.now() - DAY }))
  await refuses(/it expired on/)
  rmSync(paths.cert)
  await refuses(/relay\.pem \(ENOENT\)/)
  renameSync(paths.key, paths.cert)
  mkdirSync(paths.key)
  await refuses(/not a regular file/)
  rmSync(paths.key, { recursive: true })
  writePair(dir, other)
  await domain.check()
  t.match(domain.status(), { state: 'valid', reason: null }, 'mended')
  t.equal(await shown(opened), fingerprint(other.cert))
})

t.test('an invalid pair stops the start with the reason', async (t) => {
  const dir = t.testdir()
  const good = await authority.issue(NAME)
  const other = await authority.issue(NAME)
  const cases: Array<[string, PemPair, RegExp]> = [
    ['not one pair', { key: other.key, cert: good.cert }, /the key does not match the certificate/],
    ['for another name', await authority.issue('a.example'), /not for relay\.example\.org/],
    [
      'damaged certificate',
      { ...good, cert: good.cert.replace(/\n.{20}/, '\n') },
      /the certificate cannot be read/,
    ],
    [
      'damaged chain',
      { ...good, cert: good.cert + good.cert.replace(/\n.{20}/, '\n') },
      /TLS rejects key or certificate/,
    ],
    ['damaged key', { ...good, key: good.key.slice(0, 60) }, /the key cannot be read/],
    ['a key with a passphrase', { ...good, key: LOCKED }, /the key cannot be read/],
    ['no file at all', { key: '', cert: '' }, /cannot be read/],
  ]
  for (const [name, pair, message] of cases) {
    const certificate = writePair(dir, pair)
    await t.rejects(openDomain(t, authority, certificate), { code: 'certificate_unusable', message }, name)
  }
  const certificate = writePair(dir, good)
  rmSync(certificate.key)
  await t.rejects(openDomain(t, authority, certificate), { message: /relay\.key \(ENOENT\)/ })
  writeFileSync(certificate.key, 'x'.repeat(1_000_000))
  await t.rejects(openDomain(t, authority, certificate), { message: /too large/ })
  rmSync(certificate.key)
  symlinkSync('/dev/zero', certificate.key)
  await t.rejects(openDomain(t, authority, certificate), { message: /not a regular file/ })
})

t.test(
  'a key we may not read',
  { skip: process.getuid?.() === 0 && 'root may read everything' },
  async (t) => {
    const certificate = writePair(t.testdir(), await authority.issue(NAME))
    chmodSync(certificate.key, 0)
    await t.rejects(openDomain(t, authority, certificate), {
      code: 'certificate_unusable',
      message: /EACCES/,
    })
  },
)

t.test('an expired certificate is served and reported', async (t) => {
  const dates = { from: Date.now() - 9 * DAY, until: Date.now() - DAY }
  const opened = await served(t, await authority.issue(NAME, dates))
  await t.rejects(opened.visitor().get('/'), { code: 'CERT_HAS_EXPIRED' })
  t.match(await opened.visitor(false).get('/'), { status: 200 })
  t.match(opened.domain.status(), { state: 'expired', reason: /has expired/ })
  await until('the log to say so', () => opened.lines.some((line) => line.includes('"state":"expired"')))
})

t.test('with an unset clock the certificate is served, and the state recovers', async (t) => {
  const clock = createTestClock(1000)
  const pair = await authority.issue(NAME)
  const { domain, visitor } = await openDomain(t, authority, writePair(t.testdir(), pair), { clock })
  t.match(domain.status(), { state: 'not_yet_valid', reason: /check the clock/ })
  t.match(await visitor().get('/'), { status: 200 }, 'the visitor’s clock counts')
  clock.jump(Date.now())
  t.match(domain.status(), { state: 'valid', reason: null })
})

t.test('a wildcard certificate is accepted', async (t) => {
  const { domain } = await served(t, await authority.issue('*.example.org'))
  t.equal(domain.status().state, 'valid')
})

t.test('a port in use is named in the error, and nothing stays open', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const certificate = writePair(t.testdir(), await authority.issue(NAME))
  for (const [ports, words] of [
    [{ httpsPort: port, httpPort: 0 }, `https 127.0.0.1:${port} (EADDRINUSE)`],
    [{ httpsPort: 0, httpPort: port }, `http 127.0.0.1:${port} (EADDRINUSE)`],
  ] as const) {
    const clock = createTestClock()
    const parts = { handler: () => {}, log: silentLog, clock }
    const opening = createDomain(parts, {
      hostname: NAME,
      aliasSubdomains: false,
      host: '127.0.0.1',
      ...ports,
      certificate,
    })
    await t.rejects(opening, { code: 'address_unusable', message: `cannot listen on this address: ${words}` })
    t.equal(clock.pending(), 0)
  }
})

t.test('close ends hanging handshakes', async (t) => {
  const { domain, clock } = await served(t)
  const { connect } = await import('node:net')
  const socket = connect(domain.httpsPort, '127.0.0.1')
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  const gone = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  await domain.close()
  await gone
  t.equal(clock.pending(), 0)
})

const LOCKED = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh1KjgNQ8SpNQICCAAw
-----END ENCRYPTED PRIVATE KEY-----
`
