// SPDX-License-Identifier: AGPL-3.0-or-later
// The configuration: defaults, file, --set, and errors with source and key.

import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { parse } from 'smol-toml'
import t, { type Test } from 'tap'
import {
  type Config,
  type ConfigSources,
  dataDirectory,
  describeConfig,
  diffConfig,
  KEYS,
  loadConfig,
} from '../../src/config/config.js'
import { RelayError } from '../../src/lib/errors.js'
import { CONFIG_BYTES } from '../../src/lib/limits.js'

function toml(t: Test, text: string): string {
  const file = join(t.testdir(), 'tidepool.toml')
  writeFileSync(file, text)
  return file
}

/** The message of the error. */
function refusal(sources: ConfigSources): string {
  try {
    loadConfig(sources)
  } catch (err) {
    if (err instanceof RelayError && err.code === 'config_invalid') return err.message
    throw err
  }
  return 'accepted'
}

t.test('defaults', async (t) => {
  const config = loadConfig()
  t.match(config, {
    ssb: { host: '0.0.0.0', port: 8008 },
    web: { host: '127.0.0.1', port: 8080 },
    domain: {
      name: null,
      host: '0.0.0.0',
      https_port: 443,
      http_port: 80,
      tls_key: null,
      tls_cert: null,
      acme_email: null,
      acme_directory: 'https://acme-v02.api.letsencrypt.org/directory',
      acme_ca: null,
      proxy: null,
    },
    onion: { enabled: false, tor: 'spawn', tor_binary: null, extra_torrc: null },
    whois: { port: 26_819 },
    invite: { captcha: true, question: null, answers: [], expires_days: 7, per_hour: 60 },
    store: { max_feed_bytes: 256 * 1024 ** 2 },
    log: { level: 'info' },
  })
  t.ok([8 * 1024 ** 3, 1024 ** 3].includes(config.store.max_bytes), 'by the width of the machine')
  t.throws(() => Object.assign(config.ssb, { port: 1 }), 'frozen')
})

t.test('--set overrides the file, the file the defaults; the last --set wins', async (t) => {
  const file = toml(t, '[ssb]\nport = 1\n[web]\nport = 2\n[invite]\nper_hour = 3\n')
  const config = loadConfig({ file, sets: ['web.port=4', 'invite.per_hour=5', ' invite.per_hour =6'] })
  t.same([config.ssb.port, config.web.port, config.invite.per_hour, config.whois.port], [1, 4, 6, 26_819])
})

t.test('--set takes the type of its key', async (t) => {
  const sets = [
    'onion.enabled=true',
    'domain.name=relay.example.org',
    'invite.expires_days=0.5',
    'onion.tor=unix:/a=b',
  ]
  const config = loadConfig({ sets })
  t.same(
    [config.onion.enabled, config.domain.name, config.invite.expires_days],
    [true, 'relay.example.org', 0.5],
  )
  t.equal(config.onion.tor, 'unix:/a=b')
  const file = toml(t, '[domain]\nname = "a.example"')
  t.equal(loadConfig({ file, sets: ['domain.name='] }).domain.name, null, 'an empty --set takes text away')
})

t.test('an unknown key is reported with the nearest known one', async (t) => {
  const near: Array<[set: string, key: string]> = [
    ['ssb.prt', 'ssb.port'],
    ['SSB.PORT', 'ssb.port'],
    ['web.prot', 'web.port'],
    ['invites.captcha', 'invite.captcha'],
    ['store.max_byte', 'store.max_bytes'],
    ['captcha', 'invite.captcha'],
    ['log.levle', 'log.level'],
    ['onion.enable', 'onion.enabled'],
  ]
  for (const [set, key] of near)
    t.match(refusal({ sets: [`${set}=1`] }), `--set: ${set} is not a key; did you mean ${key}?`)
  for (const far of ['foo', 'foo.bar', 'x'.repeat(500)])
    t.notMatch(refusal({ sets: [`${far}=1`] }), 'did you mean', 'what is near nothing is near nothing')
  const file = toml(t, '[ssb]\nprt = 1\n[empty]\n[ssb.port]\nx = 1\n')
  const message = refusal({ file })
  t.match(message, `${file}: ssb.prt is not a key; did you mean ssb.port?`)
  t.match(message, `${file}: empty is not a key`)
  t.match(message, `${file}: ssb.port must be a number`)
})

t.test('names of object properties are unknown keys', async (t) => {
  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    '__proto__.polluted',
    'ssb.__proto__',
    'ssb.constructor',
  ]) {
    t.match(refusal({ sets: [`${name}=1`] }), 'is not a key', name)
  }
  const file = toml(t, '[__proto__]\npolluted = 1\n[ssb.__proto__]\npolluted = 1\n')
  t.match(refusal({ file }), /__proto__.polluted is not a key.*ssb.__proto__ is not a key/)
  t.notOk('polluted' in {})
})

t.test('all problems are reported at once, in one line', async (t) => {
  const file = toml(t, '[ssb]\nport = 70000\nhost = 5\n[log]\nlevel = "loud"\n')
  const message = refusal({
    file,
    sets: ['web.port=-1', 'nonsense', 'x.y=1', 'domain.tls_key=/k', 'domain.acme_email=a@b.c'],
  })
  for (const part of [
    `${file}: ssb.port must be a whole number from 0 to 65535`,
    `${file}: ssb.host must be a string`,
    `${file}: log.level must be one of silent, `,
    '--set: web.port must be a number',
    '--set nonsense: must be key=value',
    '--set: x.y is not a key',
    'domain.tls_key and domain.tls_cert must be set together',
    'domain.acme_email needs domain.name',
  ]) {
    t.ok(message.includes(part), part)
  }
  t.notMatch(message, '\n')
  t.notMatch(refusal({ sets: ['a\u001b[2J\nb=1'] }), '\u001b')
})

t.test('only one source of certificates can be set, and it needs a domain', async (t) => {
  const pair = ['domain.tls_key=/k', 'domain.tls_cert=/c']
  const named = 'domain.name=a.example'
  for (const sets of [pair, ['domain.acme_email=a@b.c'], ['domain.proxy=::1']]) {
    t.match(refusal({ sets }), 'needs domain.name')
    t.equal(refusal({ sets: [...sets, named] }), 'accepted')
  }
  t.match(refusal({ sets: [named, ...pair, 'domain.acme_email=a@b.c'] }), 'cannot be set together')
  t.match(refusal({ sets: [named, ...pair, 'domain.proxy=127.0.0.1'] }), 'domain.proxy cannot be set')
  t.match(
    refusal({ sets: [named, 'domain.acme_email=a@b.c', 'domain.proxy=127.0.0.1'] }),
    'proxy cannot be set',
  )
})

t.test('wrong types and ranges in a file', async (t) => {
  const wrong: Array<[section: string, line: string]> = [
    ['ssb', 'port = "8008"'],
    ['ssb', 'port = 8008.5'],
    ['ssb', 'port = -1'],
    ['ssb', 'port = 65536'],
    ['ssb', 'port = nan'],
    ['ssb', 'port = inf'],
    ['ssb', 'port = true'],
    ['ssb', 'port = [8008]'],
    ['ssb', 'port = 2020-01-01'],
    ['ssb', 'port = { }'],
    ['ssb', 'host = ""'],
    ['ssb', 'host = "a b"'],
    ['domain', 'name = "-bad.example"'],
    ['domain', 'name = "https://relay.example"'],
    ['domain', 'acme_email = "nobody"'],
    ['domain', 'acme_directory = "http://ca.example/directory"'],
    ['domain', 'acme_directory = "directory"'],
    ['domain', 'proxy = "localhost"'],
    ['domain', 'proxy = "10.0.0.0/8"'],
    ['domain', 'tls_key = "a\\u0000b"'],
    ['onion', 'enabled = 1'],
    ['onion', 'enabled = "true"'],
    ['onion', 'tor = ""'],
    ['onion', 'tor = "unix:"'],
    ['onion', 'tor = "unix:relative"'],
    ['onion', 'tor = "localhost"'],
    ['onion', 'tor = "localhost:0"'],
    ['onion', 'tor = "localhost:99999"'],
    ['invite', 'captcha = 0'],
    ['invite', 'expires_days = 0'],
    ['invite', 'expires_days = -7'],
    ['invite', 'expires_days = inf'],
    ['invite', 'per_hour = 1.5'],
    ['invite', 'per_hour = nan'],
    ['store', 'max_bytes = 0'],
    ['store', 'max_bytes = 1e300'],
    ['store', 'max_feed_bytes = -5'],
    ['log', 'level = "INFO"'],
    ['log', 'level = 30'],
  ]
  for (const [section, line] of wrong) {
    const key = `${section}.${line.split(' ')[0]}`
    t.match(refusal({ file: toml(t, `[${section}]\n${line}\n`) }), `${key} must `, line)
  }
  for (const tor of ['spawn', 'unix:/run/tor/control', 'localhost:9051', '127.0.0.1:9051', '::1:9051']) {
    t.equal(loadConfig({ sets: [`onion.tor=${tor}`] }).onion.tor, tor)
  }
})

t.test('files that cannot be read or parsed', async (t) => {
  t.match(refusal({ file: '/nonexistent/x.toml' }), /\/nonexistent\/x\.toml: ENOENT/)
  t.match(refusal({ file: t.testdir() }), /EISDIR/)
  t.match(refusal({ file: toml(t, '[ssb]\nport = = 3') }), /tidepool\.toml:2:\d+: /)
  t.match(refusal({ file: toml(t, '[ssb]\nport = 1\nport = 2') }), /tidepool\.toml:3:\d+: /)
  t.match(refusal({ file: toml(t, 'ssb = 5') }), /tidepool\.toml: ssb is not a key; did you mean ssb\./)
})

t.test('an endless file, and one with too many keys', async (t) => {
  const long = '#'.repeat(CONFIG_BYTES)
  t.equal(refusal({ file: toml(t, long) }), 'accepted')
  t.match(refusal({ file: toml(t, `${long}#`) }), /larger than 256 KiB/)
  t.match(refusal({ file: '/dev/zero' }), /larger than 256 KiB/)
  const begun = performance.now()
  const many = Array.from({ length: 20_000 }, (_, i) => `k${i} = 1`).join('\n')
  const said = refusal({ file: toml(t, many) })
  t.match(said, /k0 is not a key/)
  t.ok(said.length < 10_000, `${said.length} characters`)
  t.ok(performance.now() - begun < 5000)
  t.match(refusal({ file: toml(t, `a = [${'[],'.repeat(80_000)}]`) }), /a is not a key/)
  t.match(refusal({ file: toml(t, `a = ${'['.repeat(200_000)}`) }), /nested/)
})

t.test('changed keys: applied, or in need of a restart', async (t) => {
  const before = loadConfig()
  t.same(diffConfig(before, loadConfig()), { applied: [], needs_restart: [] })
  const sets = [
    'ssb.port=1',
    'domain.name=a.example',
    'log.level=debug',
    'invite.captcha=false',
    'store.max_bytes=50000000',
  ]
  t.same(diffConfig(before, loadConfig({ sets })), {
    applied: ['invite.captcha', 'store.max_bytes', 'log.level'],
    needs_restart: ['ssb.port', 'domain.name'],
  })
  const reloadable = Object.entries(KEYS).filter(([, key]) => 'reloadable' in key)
  t.same(
    reloadable.map(([name]) => name),
    [
      'invite.captcha',
      'invite.question',
      'invite.answers',
      'invite.expires_days',
      'invite.per_hour',
      'store.max_bytes',
      'store.max_feed_bytes',
      'log.level',
    ],
  )
})

t.test('the data directory', async (t) => {
  t.equal(dataDirectory('/a', { TIDEPOOL_DATA: '/b' }), '/a')
  t.equal(dataDirectory(undefined, { TIDEPOOL_DATA: '/b' }), '/b')
  t.equal(dataDirectory(undefined, {}), join(homedir(), '.tidepool'))
  t.equal(dataDirectory('', { TIDEPOOL_DATA: '' }), join(homedir(), '.tidepool'))
  t.equal(dataDirectory('here', {}), resolve('here'))
})

t.test('the described configuration is a file that changes nothing', async (t) => {
  const text = describeConfig()
  t.same(loadConfig({ file: toml(t, text) }), loadConfig())
  const live = text.replace(/^#(?=[a-z_]+ = )/gm, '')
  t.equal(
    Object.values(parse(live)).flatMap((section) => Object.keys(section)).length,
    Object.keys(KEYS).length,
  )
  const withoutExamples = live.replace(
    /^(?:(question|answers|names|name|tls_key|tls_cert|acme_email|acme_ca|proxy|tor_binary|extra_torrc|cookie|server_name|ca) = .*|port = ".*)$/gm,
    '',
  )
  t.same(loadConfig({ file: toml(t, withoutExamples) }), loadConfig())
  // only one source of certificates can be set
  const ways = [/^tls_/, /^acme_email/, /^proxy/]
  for (const way of ways) {
    const others = ways.filter((each) => each !== way)
    const lines = live.split('\n').filter((line) => !others.some((other) => other.test(line)))
    t.doesNotThrow(() => loadConfig({ file: toml(t, lines.join('\n')) }), 'the examples are sound as well')
  }
})

t.test('a described configuration keeps set values with any characters', async (t) => {
  const sets = [
    'ssb.port=7',
    'onion.enabled=true',
    'domain.name=a.example',
    'domain.tls_key=/k "\\ y',
    'domain.tls_cert=/ü',
  ]
  const config = loadConfig({ sets })
  const text = describeConfig(config)
  t.match(text, /^port = 7$/m)
  t.match(text, /^#port = 8080$/m)
  t.same(loadConfig({ file: toml(t, text) }), config)
})

t.test('any input gives a valid configuration or an error', async (t) => {
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(KEYS)),
    fc.string(),
    fc.constantFrom('__proto__', 'ssb', 'ssb.'),
  )
  const value = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom('true', 'false', ''),
  )
  const sound = (config: Config): void => {
    for (const port of [config.ssb.port, config.web.port, config.whois.port]) {
      if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`port ${port}`)
    }
    for (const n of [config.invite.expires_days, config.store.max_bytes])
      if (!(n > 0 && n < Infinity)) throw new Error(`${n}`)
    if (Object.keys(config).join() !== Object.keys(loadConfig()).join()) throw new Error('other sections')
  }
  const tried = (sources: ConfigSources): void => {
    try {
      sound(loadConfig(sources))
    } catch (err) {
      if (!(err instanceof RelayError) || err.message.includes('\n')) throw err
    }
  }
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 5 }), (pairs) =>
      tried({ sets: pairs.map(([name, text]) => `${name}=${text}`) }),
    ),
    { numRuns: 500 },
  )
  const file = join(t.testdir(), 'fuzz.toml')
  const scalar = fc.oneof(
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('nan', '-inf', '1979-05-27', '[]', '{}', '1e400'),
    fc.integer(),
  )
  const known = fc.constantFrom(...Object.keys(KEYS))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(known, scalar).map(([name, text]) => `${name} = ${text}`),
      ),
      (text) => {
        writeFileSync(file, text)
        tried({ file })
      },
    ),
    { numRuns: 300 },
  )
  t.pass('no other outcome')
})
