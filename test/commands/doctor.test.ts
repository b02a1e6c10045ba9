// SPDX-License-Identifier: AGPL-3.0-or-later
// The doctor: every check right and wrong on facts made up, the facts on what is really there, and the self-test.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkSystem } from '../../src/commands/doctor/checks.js'
import { type Facts, gatherFacts, portsOf } from '../../src/commands/doctor/facts.js'
import { watch } from '../../src/commands/doctor/watch.js'
import { selfTest } from '../../src/commands/self-test.js'
import { loadConfig } from '../../src/config/config.js'
import { DAY, MIB } from '../../src/lib/limits.js'
import {
  checkClock,
  checkDescriptors,
  checkNode,
  examineAtRest,
  LEAST_NODE,
  report,
  sound,
  trouble,
} from '../../src/operator/health-checks.js'
import type { RelayStatus } from '../../src/operator/protocol.js'
import { json } from '../house/files.js'
import { STATUS } from './fake-status.js'
import { shortDir } from './operator-stub.js'

const NOW = Date.UTC(2026, 5, 1)

const WELL: Facts = {
  kernel: 'aarch64',
  dataDir: '/data',
  memory: { total: 1000 * MIB, available: 500 * MIB },
  synchronized: true,
  now: NOW,
  files: [
    { name: '.', mode: 0o700, uid: 7 },
    { name: 'secret', mode: 0o400, uid: 7 },
    { name: 'onion.key', mode: null, uid: null },
    { name: 'control.sock', mode: 0o600, uid: 7 },
    { name: 'db', mode: 0o755, uid: 7 },
  ],
  uid: 7,
  ports: [{ name: 'ssb', host: '0.0.0.0', port: 8008, state: 'answers', holder: null }],
  tor: { version: '0.4.8.16' },
  domain: { name: 'relay.example', addresses: ['192.0.2.1'], own: ['192.0.2.1'], failure: null },
  status: STATUS,
}

const withHttps = (https: Partial<RelayStatus['https']>): Partial<Facts> => ({
  status: { ...STATUS, https: { ...STATUS.https, ...https } },
})
const withOnion = (onion: RelayStatus['onion']): Partial<Facts> => ({ status: { ...STATUS, onion } })
const withFile = (name: string, mode: number | null, uid: number | null): Partial<Facts> => ({
  files: WELL.files.map((file) => (file.name === name ? { name, mode, uid } : file)),
})
const withPort = (state: string, holder: string | null = null): Partial<Facts> => ({
  ports: [{ name: 'web', host: '127.0.0.1', port: 8080, state, holder }],
})

t.test('a machine that is well', async (t) => {
  for (const { name, severity, detail } of checkSystem(WELL)) t.equal(severity, 'ok', `${name}: ${detail}`)
  t.ok(checkNode('20.12.0').ok)
  t.ok(checkNode('22.0.0').ok)
  t.equal(json('package.json').engines.node, `>=${LEAST_NODE.join('.')}`)
  t.ok(checkClock(NOW).ok)
})

t.test('each thing that may be wrong is found, alone, with what to do', async (t) => {
  const cases: Array<[Partial<Facts>, string, 'warning' | 'error', RegExp, advice?: RegExp]> = [
    [{ status: null }, 'relay', 'error', /no relay runs/],
    [{ status: { ...STATUS, recovering: true } }, 'feed', 'warning', /nobody can join/],
    [{ kernel: 'armv6l' }, 'machine', 'error', /armv6l/],
    [{ memory: { total: 1000 * MIB, available: 20 * MIB } }, 'memory', 'error', /20 of 1000 MiB/],
    [{ memory: { total: 200 * MIB, available: 90 * MIB } }, 'memory', 'warning', /90 of 200 MiB/],
    [{ synchronized: false }, 'time', 'warning', /network does not set/],
    [withFile('secret', null, null), 'files', 'error', /secret does not exist/],
    [withFile('secret', 0o644, 7), 'files', 'error', /secret has mode 0644/],
    [withFile('onion.key', 0o640, 7), 'files', 'error', /onion.key has mode 0640/],
    [withFile('control.sock', 0o666, 7), 'files', 'error', /control.sock has mode 0666/],
    [withFile('secret', 0o400, 0), 'files', 'error', /secret belongs to user 0, the data directory to 7/],
    [withFile('.', 0o755, 7), 'files', 'error', /\/data has mode 0755/],
    [withPort('silent'), 'ports', 'error', /web: 127.0.0.1:8080 does not answer/],
    [withPort('EADDRINUSE', 'nginx'), 'ports', 'error', /in use by nginx/],
    [withPort('EADDRINUSE'), 'ports', 'error', /in use by another program/],
    [
      { ports: [{ name: 'http', host: '0.0.0.0', port: 80, state: 'EADDRINUSE', holder: 'nginx' }] },
      ...(['ports', 'error', /http: 0.0.0.0:80 is in use/, /with domain\.http_port$/] as const),
    ],
    [withPort('EACCES'), 'ports', 'warning', /privileged/],
    [withPort('EADDRNOTAVAIL'), 'ports', 'error', /EADDRNOTAVAIL/],
    [{ tor: { version: null } }, 'tor', 'error', /no tor program/],
    [withOnion({ state: 'starting' }), 'onion', 'warning', /is starting/],
    [
      withOnion({ state: 'degraded', reason: 'tor was killed' }),
      'onion',
      'error',
      /degraded: tor was killed/,
    ],
    [
      { domain: { name: 'gone.example', addresses: [], own: [], failure: 'ENOTFOUND' } },
      'dns',
      'error',
      /gone.example does not resolve \(ENOTFOUND\)/,
    ],
    [
      {
        domain: {
          name: 'six.example',
          addresses: ['192.0.2.1', '2001:db8::1'],
          own: ['192.0.2.1'],
          failure: null,
        },
      },
      ...([
        'dns',
        'warning',
        /AAAA record, 2001:db8::1, that is not an address/,
        /correct the AAAA/,
      ] as const),
    ],
    [
      {
        domain: {
          ...{ name: 'six.example', addresses: ['2001:db8::1'], own: ['2001:db8::1'], failure: null },
          narrow: ['ssb.host', 'domain.host'],
        },
      },
      ...(['dns', 'warning', /listens on IPv4 only/, /set ssb.host and domain.host to "::"/] as const),
    ],
    [withHttps({ state: 'proxied', reason: 'no header' }), 'proxy', 'error', /no header/, /Apache/],
    [{ status: { ...STATUS, time: 'unconfirmed' } }, 'time', 'warning', /expire by uptime/],
    ...(
      [
        ['there is no program /x that we may run', /onion.tor_binary/],
        ['onion.extra_torrc may not set User', /onion.extra_torrc names/],
        ['connect ECONNREFUSED 127.0.0.1:9051', /ControlPort/],
        ['no cookie can be read', /debian-tor/],
        ['tor ended (code 1): Failed to parse', /what tor reports/],
        ['/data/onion.key is damaged', /onion import/],
      ] as const
    ).map(
      ([reason, advice]) =>
        [withOnion({ state: 'degraded', reason }), 'onion', 'error', /is degraded/, advice] as [
          ...[Partial<Facts>, string, 'error', RegExp, RegExp],
        ],
    ),
    [
      withOnion({
        state: 'bootstrapping',
        progress: 0,
        reason: 'no progress of tor for 1 min, it waits for: …',
      }),
      ...(['onion', 'error', /is bootstrapping: no progress of tor for 1 min/, /firewall/] as const),
    ],
    [
      withHttps({ state: 'waiting', reason: 'no answer' }),
      'certificate',
      'error',
      /no certificate yet: no answer/,
    ],
    [withHttps({ state: 'expired' }), 'certificate', 'error', /^expired$/],
    [withHttps({ state: 'not_yet_valid' }), 'certificate', 'error', /not valid yet/],
    [withHttps({ state: 'valid', expires: NOW + 3 * DAY }), 'certificate', 'warning', /expires in 3 days/],
    [withHttps({ state: 'valid', expires: NOW + DAY }), 'certificate', 'warning', /expires in 1 day$/],
  ]
  for (const [change, name, severity, detail, advice = /\w+/] of cases) {
    const wrong = checkSystem({ ...WELL, ...change }).filter((found) => found.severity !== 'ok')
    t.match(wrong, [{ name, severity, ok: severity === 'warning', detail, advice }], String(detail))
    t.equal(wrong.length, 1, String(detail))
  }
  t.notOk(checkNode('20.11.9').ok)
  t.match(checkNode('18.20.0'), { ok: false, severity: 'error', advice: /Node 20/ })
  t.match(checkClock(0), { ok: false, detail: /1970/ })
})

t.test('what does not apply is not spoken of', async (t) => {
  const few: Facts = { ...WELL, tor: null, domain: null, ports: [], status: STATUS }
  t.same(
    checkSystem(few)
      .map(({ name }) => name)
      .filter((name) => ['tor', 'onion', 'dns', 'certificate', 'ports'].includes(name)),
    [],
  )
  const healthy: Array<Partial<Facts>> = [
    withOnion({ state: 'published' }),
    withOnion({ state: 'reachable' }),
    withHttps({ state: 'proxied' }),
    withHttps({ state: 'valid', expires: NOW + 60 * DAY }),
    withPort('free'),
    { synchronized: null },
    { domain: { name: 'nat.example', addresses: ['198.51.100.1'], own: ['10.0.0.2'], failure: null } },
  ]
  for (const change of healthy)
    t.ok(checkSystem({ ...WELL, ...change }).every(({ severity }) => severity === 'ok'))
})

function listening(t: Test): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    t.teardown(() => server.close())
    server.listen(0, '127.0.0.1', () =>
      resolve({ server, port: (server.address() as { port: number }).port }),
    )
  })
}

t.test('the facts of a relay at rest', async (t) => {
  const dataDir = shortDir(t)
  chmodSync(dataDir, 0o700)
  writeFileSync(join(dataDir, 'secret'), '', { mode: 0o600 })
  chmodSync(join(dataDir, 'secret'), 0o644)
  const { port } = await listening(t)
  const sets = ['ssb.host=127.0.0.1', `ssb.port=${port}`, 'web.port=0', 'whois.port=0']
  const facts = await gatherFacts(loadConfig({ sets }), dataDir, null)
  t.match(facts.ports, [{ name: 'ssb', port, state: 'EADDRINUSE' }])
  t.match(
    facts.files.find(({ name }) => name === 'secret'),
    { mode: 0o644, uid: process.getuid?.() },
  )
  t.ok(facts.memory.total > facts.memory.available && facts.memory.available > 0)
  t.equal(facts.tor, null)
  t.equal(facts.domain, null)
})

t.test('the facts of a running relay are its own', async (t) => {
  const { server, port } = await listening(t)
  const status: RelayStatus = {
    ...STATUS,
    addresses: { ...STATUS.addresses, ssb: [`net:127.0.0.1:${port}~shs:k`], web: null },
  }
  const config = loadConfig({ sets: ['onion.enabled=true', 'onion.tor_binary=/nowhere/tor'] })
  const facts = await gatherFacts(config, shortDir(t), status)
  t.match(facts.ports, [{ name: 'ssb', port, state: 'answers' }])
  t.equal(facts.ports.length, 1)
  t.same(facts.tor, { version: null })
  await new Promise((resolve) => server.close(resolve))
  t.match((await gatherFacts(config, shortDir(t), status)).ports, [{ state: 'silent' }])
  const named = { ...status, addresses: { ...status.addresses, ssb: ['net:relay.example:8008~shs:k'] } }
  t.same(portsOf(config, named), [{ name: 'ssb', host: '127.0.0.1', port: 8008 }], 'a name may be a router')
  const addresses = { ...named.addresses, https: 'https://relay.example/' }
  const secure = { ...named, addresses, https: { ...STATUS.https, state: 'valid' as const, http_port: 8081 } }
  const sets = ['domain.name=relay.example', 'domain.host=192.0.2.7']
  t.same(
    portsOf(loadConfig({ sets }), secure).slice(1),
    [
      { name: 'https', host: '192.0.2.7', port: 443 },
      { name: 'http', host: '192.0.2.7', port: 8081 },
    ],
    'tried where they are bound to',
  )
  const proxied = { ...secure, https: { ...secure.https, state: 'proxied' as const } }
  t.equal(portsOf(loadConfig({ sets }), proxied).length, 1, "the proxy's ports are not ours")
  t.equal(portsOf(config, secure).length, 1, 'nor can be tried what nobody has told the host of')
})

t.test('a store at rest is looked at from outside', async (t) => {
  const dataDir = shortDir(t)
  const store = () => examineAtRest(dataDir, NOW).find(({ name }) => name === 'store')
  t.match(store(), { ok: true, detail: /no store yet/ })
  mkdirSync(join(dataDir, 'db'))
  writeFileSync(join(dataDir, 'db', 'data.mdb'), Buffer.alloc(10_000))
  t.match(store(), { ok: false, detail: /damaged: its first head/, advice: /restore/ })
})

t.test('the self-test tries everything and leaves nothing', async (t) => {
  const result = await selfTest()
  t.match(result, { ok: true, failed: null })
  t.same(
    result.steps.map(({ name }) => name),
    ['crypto', 'store', 'start', 'captcha', 'invite', 'handshake', 'page'],
  )
})

t.test('few file descriptors left are an error that says so', async (t) => {
  t.match(checkDescriptors({ open: 10, limit: 1024 }), [{ severity: 'ok' }])
  t.match(checkDescriptors({ open: 900, limit: 1024 }), [
    { severity: 'error', detail: '900 of 1024 file descriptors are in use', advice: /LimitNOFILE/ },
  ])
  t.same(checkDescriptors(null), [])
})

t.test('the watch reports what changes and stops at the first error', async (t) => {
  const well = sound('node', '22')
  const slow = (free: number) => trouble('memory', 'warning', `${free} MiB`, 'run less')
  const dead = trouble('relay', 'error', 'no relay runs', 'start it')
  const rounds = [[well], [well, slow(90)], [well, slow(80)], [well], [dead], [well]]
  const asked: boolean[] = []
  const told: string[] = []
  const wrong = await watch({
    async check(quick) {
      asked.push(quick)
      return report(rounds[asked.length - 1] ?? [])
    },
    pause: async () => true,
    report: (change, { name, detail }) => void told.push(`${change} ${name} ${detail}`),
  })
  t.same(wrong, { ok: false, checks: [dead] })
  t.same(asked, [false, true, true, true, true], 'the whole store is read in the first round')
  t.same(told, ['new memory 90 MiB', 'gone memory 80 MiB'])
  const ended = await watch({
    check: async () => report([well]),
    pause: async () => false,
    report: () => t.fail('nothing changed'),
  })
  t.equal(ended, null)
})
