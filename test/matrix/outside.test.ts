// SPDX-License-Identifier: AGPL-3.0-or-later
// Calls to servers whose names strangers choose: addresses, redirects, discovery, patience, keys that change.

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { createAddressRules } from '../../src/matrix/addresses.js'
import { createDiscovery, type WellKnownAnswer } from '../../src/matrix/discovery.js'
import { createHttps } from '../../src/matrix/https.js'
import { serverKeys } from '../../src/matrix/identity.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { createKeyRing, readKeys } from '../../src/matrix/key-ring.js'
import { type SigningKey, signedBytes, signingKeyOf, signJson } from '../../src/matrix/signing.js'
import { createAuthority, writePair } from '../helpers/certificates.js'
import { startFake } from '../helpers/fake-homeserver.js'
import { bootLobby } from '../helpers/lobby.js'
import { shortDir } from '../helpers/relay.js'
import { openTestStore } from '../helpers/store.js'

t.test('addresses: none that are private but those that are allowed', async (t) => {
  const rules = createAddressRules(['10.1.0.0/16', 'fd00::/64'])
  for (const bad of [
    '127.0.0.1',
    '10.0.0.1',
    '172.16.5.5',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'localhost',
    '',
  ])
    t.notOk(rules.allows(bad), bad)
  for (const good of ['1.1.1.1', '10.1.2.3', 'fd00::5', '2606:4700::1', '::ffff:1.1.1.1'])
    t.ok(rules.allows(good), good)

  type Found = Array<{ address: string; family: number }>
  const dns = (found: Found) =>
    ((_host: string, _options: unknown, cb: (err: null, found: Found) => void) => cb(null, found)) as never
  const lookup = (found: Found): Promise<unknown> =>
    new Promise((resolve, reject) =>
      createAddressRules([], dns(found)).lookup('x.example', { all: true }, (err, answer) =>
        err ? reject(err) : resolve(answer),
      ),
    )
  await t.rejects(lookup([{ address: '127.0.0.1', family: 4 }]), { code: 'EPRIVATE' }, 'after DNS')
  const mixed = [
    { address: '192.168.0.1', family: 4 },
    { address: '1.1.1.1', family: 4 },
  ]
  t.same(await lookup(mixed), [{ address: '1.1.1.1', family: 4 }])
  const https = createHttps(createAddressRules([]), null)
  t.teardown(() => https.close())
  await t.rejects(https.fetch('https://127.0.0.1/'), { message: /private/ })
  await t.rejects(https.fetch('https://[::1]/'), { message: /private/ })
  await t.rejects(https.fetch('http://1.1.1.1/'), { message: /HTTPS/ })
})

t.test('redirects, silence, and connections that go', async (t) => {
  const authority = await createAuthority()
  const pair = await authority.issue('127.0.0.1')
  const asked: string[] = []
  const server = createServer({ key: pair.key, cert: pair.cert }, (req, res) => {
    asked.push(req.url ?? '')
    if (req.url === '/private') return void res.writeHead(302, { Location: 'https://10.1.2.3/secret' }).end()
    if (req.url === '/named') return void res.writeHead(302, { Location: 'https://localhost/secret' }).end()
    if (req.url === '/plain') return void res.writeHead(302, { Location: 'http://127.0.0.1/x' }).end()
    if (req.url === '/circle') return void res.writeHead(302, { Location: '/circle' }).end()
    if (req.url === '/once') return void res.writeHead(302, { Location: '/there' }).end()
    if (req.url === '/silence') return
    res.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { cert: ca } = writePair(await shortDir(t), { key: '', cert: authority.root })
  // this very address may be called and no other that is private: what is refused is where the redirect leads
  const https = createHttps(createAddressRules(['127.0.0.1/32']), ca)
  t.teardown(() => https.close())
  const base = `https://127.0.0.1:${port}`
  await t.rejects(https.fetch(`${base}/private`), { message: /10\.1\.2\.3 is a private address/ })
  await t.rejects(https.fetch(`${base}/plain`), { message: /HTTPS/ })
  await t.rejects(https.fetch(`${base}/circle`), { message: /redirects/ })
  t.match(await https.fetch(`${base}/once`), { status: 200 })
  const named = createHttps(
    createAddressRules(['127.0.0.1/32'], ((
      _host: string,
      _options: unknown,
      cb: (...all: unknown[]) => void,
    ) => cb(null, [{ address: '192.168.0.1', family: 4 }])) as never),
    ca,
  )
  t.teardown(() => named.close())
  await t.rejects(named.fetch(`${base}/named`), { code: 'EPRIVATE' }, 'after DNS')

  const call = { host: '127.0.0.1', port, certificate: '127.0.0.1' }
  await t.rejects(https.call({ ...call, path: '/silence', ms: 50 }), { message: /no answer/ })
  t.equal(asked.filter((path) => path === '/silence').length, 1, 'and is not asked again')
  await https.call({ ...call, path: '/first' })
  // the other side closes the kept connection, and we have not read that yet when we use it
  server.closeIdleConnections()
  t.match(await https.call({ ...call, path: '/second' }), { status: 200 })
  const broken = join(await shortDir(t), 'broken.pem')
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  for (const path of [broken, '/nowhere'])
    t.throws(() => createHttps(createAddressRules([]), path), { code: 'certificate_unusable' }, path)
})

t.test('discovery, in the order of the specification', async (t) => {
  let now = 0
  const asked: string[] = []
  const answers = new Map<string, Partial<WellKnownAnswer>>()
  const services = new Map<string, Array<{ name: string; port: number; priority: number; weight: number }>>()
  const discovery = createDiscovery({
    now: () => now,
    async fetch(url) {
      asked.push(url)
      return { status: 404, body: '', headers: {}, ...answers.get(new URL(url).host) }
    },
    async srv(name) {
      const found = services.get(name)
      if (!found) throw new Error('ENOTFOUND')
      return found
    },
  })
  const says = (server: string): Partial<WellKnownAnswer> => ({
    status: 200,
    body: JSON.stringify({ 'm.server': server }),
  })
  t.match(await discovery.find('1.2.3.4'), { host: '1.2.3.4', port: 8448, certificate: '1.2.3.4' })
  t.match(await discovery.find('[::1]:5'), { host: '::1', port: 5, header: '[::1]:5' })
  t.match(await discovery.find('a.example:90'), { host: 'a.example', port: 90, header: 'a.example:90' })
  t.same(asked, [], 'none of these is asked about')
  answers.set('b.example', says('matrix.b.example:443'))
  t.match(await discovery.find('b.example'), {
    host: 'matrix.b.example',
    port: 443,
    certificate: 'matrix.b.example',
  })
  answers.set('c.example', says('d.example'))
  services.set('_matrix-fed._tcp.d.example', [
    { name: 's.example', port: 7, priority: 1, weight: 0 },
    { name: 'late.example', port: 8, priority: 9, weight: 0 },
  ])
  t.match(await discovery.find('c.example'), {
    host: 's.example',
    port: 7,
    header: 'd.example',
    certificate: 'd.example',
  })
  services.set('_matrix._tcp.e.example', [{ name: 'old.example', port: 6, priority: 1, weight: 0 }])
  t.match(await discovery.find('e.example'), { host: 'old.example', port: 6, certificate: 'e.example' })
  t.match(await discovery.find('f.example'), { host: 'f.example', port: 8448 })
  for (const body of ['', 'x', '[]', '{"m.server":5}', '{"m.server":"a b"}', '{"m.server":"x:99999"}']) {
    answers.set('g.example', { status: 200, body })
    now += 24 * 3_600_000
    t.match(await discovery.find('g.example'), { host: 'g.example', port: 8448 }, body)
  }
  asked.length = 0
  await discovery.find('b.example')
  await discovery.find('b.example')
  t.equal(asked.length, 1, 'an answer is kept for a while')
  await t.rejects(discovery.find('no server name'))
})

t.test('keys of others: proven, expired, rotated, forged', async (t) => {
  const { store } = await openTestStore(t)
  const matrix = await store.matrix()
  let now = Date.now()
  const [first, second] = [signingKeyOf('one', randomBytes(32)), signingKeyOf('two', randomBytes(32))]
  let current: SigningKey = first
  let asked = 0
  const ring = createKeyRing({
    store: matrix,
    now: () => now,
    own: { server: 'relay.example', key: second },
    async fetch(server) {
      asked += 1
      return serverKeys(server, current, now)
    },
    query: async () => ({}),
  })
  const bytes = signedBytes({ a: 1 })
  const signedBy = (key: SigningKey): Array<[string, string]> => [[key.id, key.sign(bytes)]]
  t.ok(await ring.isSigned('other.example', bytes, signedBy(first), now))
  t.ok(await ring.isSigned('other.example', bytes, signedBy(first), now))
  t.equal(asked, 1, 'it is kept')
  t.notOk(await ring.isSigned('other.example', signedBytes({ a: 2 }), signedBy(first), now))
  t.notOk(await ring.isSigned('other.example', bytes, [], now))
  t.notOk(
    await ring.isSigned('other.example', bytes, signedBy(first), now + 8 * 86_400_000),
    'not for what is dated after its end',
  )
  // rotated
  now += 3_600_000
  current = second
  t.ok(await ring.isSigned('other.example', bytes, signedBy(second), now))
  t.ok(
    await ring.isSigned('other.example', bytes, signedBy(first), now - 3_600_000),
    'the old one, for what is old',
  )
  t.notOk(await ring.isSigned('other.example', bytes, signedBy(first), now), 'and for nothing new')

  const keys = serverKeys('other.example', first, now)
  const bad: Array<[string, JsonObject]> = [
    ['of another server', serverKeys('evil.example', first, now)],
    ['changed', { ...keys, valid_until_ts: 1 }],
    ['not signed', { ...keys, signatures: {} }],
    ['signed by another key', signJson({ ...keys, signatures: {} }, 'other.example', second)],
    ['without keys', signJson({ ...keys, verify_keys: {} }, 'other.example', first)],
    [
      'one more key, unsigned',
      signJson(
        {
          ...keys,
          signatures: {},
          verify_keys: { ...(keys.verify_keys as JsonObject), 'ed25519:x': { key: second.public } },
        },
        'other.example',
        first,
      ),
    ],
  ]
  for (const [what, each] of bad)
    t.throws(() => readKeys('other.example', each, now), { name: 'MatrixError' }, what)
  for (const each of [null, [], 'x', {}]) t.throws(() => readKeys('other.example', each as never, now))
})

t.test('a server that never answers, or answers garbage, holds nothing up', async (t) => {
  const authority = await createAuthority()
  const [relay, fake] = [await bootLobby(t, authority), await startFake(t, authority)]
  const alias = `#x:${fake.name}`
  for (const answer of [
    { room_id: 5 },
    { room_id: '!x:y', servers: 'z' },
    { status: 500 },
    { room_id: `!${'A'.repeat(43)}`, servers: [fake.name] },
  ]) {
    fake.answers.set('GET /_matrix/federation/v1/query/directory', () => answer)
    await t.rejects(relay.operator.matrixJoin(alias), { code: /matrix_(refused|unreachable)/ })
  }
  fake.answers.set('GET /_matrix/federation/v1/query/directory', () => ({ x: 'x'.repeat(17 * 1024 * 1024) }))
  await t.rejects(relay.operator.matrixJoin(alias), { code: 'matrix_unreachable' })
  await t.rejects(
    relay.operator.matrixJoin('#x:10.0.0.1'),
    { code: 'matrix_unreachable' },
    'a private address',
  )
  await t.rejects(relay.operator.matrixJoin('no alias'), { code: 'bad_argument' })
  await t.rejects(relay.operator.matrixInvite(fake.user('nobody')), { code: 'matrix_refused' })
  t.equal((await relay.status()).matrix.joined, 1)
})
