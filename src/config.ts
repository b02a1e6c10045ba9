// The configuration: one table of keys, and a TOML file plus `--set` turned into a checked Config. Only reader of the environment.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { RelayError } from './errors.js'
import { KIB, MIB } from './limits.js'
import { LOG_LEVELS, type LogLevel } from './log.js'
import { nearestKey } from './nearest.js'

/** How a value is checked: answers what is wrong with it, or null. */
type Check = (value: never) => string | null

interface Key {
  /** also decides the type: null stands for text that may be absent */
  default: string | number | boolean | null
  about: string
  unit?: string
  check?: Check
  /** takes effect on SIGHUP; every other key waits for a restart */
  reloadable?: true
  /** shown in `describeConfig` where there is no default */
  example?: string
}

// A process of 32 bits crashed as LMDB's map grew past some 450 MiB, so its store may not come near that.
const NARROW = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390'].includes(process.arch)
const NARROW_STORE = 384 * MIB
const STORE_LEAST = 16 * MIB
const STORE_MOST = NARROW ? NARROW_STORE : 2 ** 43

const HOST = /^[A-Za-z0-9._:%-]{1,255}$/
const NAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

const between =
  (least: number, most: number, whole = true): Check =>
  (value: number) =>
    (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) && value >= least && value <= most
      ? null
      : `must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`
const matching =
  (form: RegExp, words: string): Check =>
  (value: string) =>
    form.test(value) ? null : `must be ${words}`
const port = between(0, 65_535)
const host = matching(HOST, 'a host name or an IP address')
const path: Check = (value: string) => (value.includes('\0') ? 'must be a path' : null)
const bytes = between(STORE_LEAST, STORE_MOST)

/** Every key there is, in the order an operator meets them. `docs/operating.md` explains each; a test compares. */
export const KEYS = {
  'ssb.host': {
    default: '0.0.0.0',
    about: 'Address the SSB listener binds to; :: for IPv6 as well.',
    check: host,
  },
  'ssb.port': { default: 8008, about: 'TCP port for SSB; 0 takes any free one.', check: port },
  'web.host': { default: '127.0.0.1', about: 'Address the plain web listener binds to.', check: host },
  'web.port': {
    default: 8080,
    about: 'TCP port of the plain web listener; 0 takes any free one.',
    check: port,
  },
  'domain.name': {
    default: null,
    about: 'Public DNS name of this relay: it goes into invite codes, and the web answers to it.',
    check: matching(NAME, 'a DNS name such as relay.example.org'),
    example: 'relay.example.org',
  },
  'domain.https_port': { default: 443, about: 'TCP port for HTTPS under the domain.', check: port },
  'domain.http_port': { default: 80, about: 'TCP port that redirects to HTTPS.', check: port },
  'domain.tls_key': {
    default: null,
    about: 'PEM file of the TLS key.',
    check: path,
    example: '/etc/ssl/relay.key',
  },
  'domain.tls_cert': {
    default: null,
    about: 'PEM file of the TLS chain.',
    check: path,
    example: '/etc/ssl/relay.pem',
  },
  'domain.acme_email': {
    default: null,
    about: 'Contact given to the certificate authority when certificates are fetched automatically.',
    check: matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
    example: 'operator@example.org',
  },
  'onion.enabled': { default: false, about: 'Offer the relay as a Tor onion service.' },
  'onion.tor': {
    default: 'spawn',
    about: 'Which tor to use: spawn our own, or the control port of a running one (unix:PATH or HOST:PORT).',
    check: (value: string) =>
      value === 'spawn' || /^unix:\/[^\0]+$/.test(value) || isHostPort(value)
        ? null
        : 'must be spawn, unix:/PATH or HOST:PORT',
  },
  'onion.tor_binary': {
    default: null,
    about: 'The tor program to spawn.',
    check: path,
    example: '/usr/bin/tor',
  },
  'onion.extra_torrc': {
    default: null,
    about: "File whose lines are appended to the spawned tor's torrc: bridges, pluggable transports.",
    check: path,
    example: '/etc/tidepool/bridges.torrc',
  },
  'whois.port': {
    default: 26_819,
    about: 'TCP port where aliases are looked up; 0 takes any free one.',
    check: port,
  },
  'room.tunnels': {
    default: 1000,
    about: 'Tunnels open at once; each may hold some 256 KiB on its way.',
    unit: 'tunnels',
    check: between(0, 100_000),
  },
  'room.tunnels_per_peer': {
    default: 32,
    about: 'Tunnels one peer may have open at once, at either end.',
    unit: 'tunnels',
    check: between(1, 100_000),
  },
  'room.tunnel_bytes': {
    default: 4096 * MIB,
    about: 'What one tunnel may carry, both ways together, before it is ended and has to be opened anew.',
    unit: 'bytes',
    check: between(64 * KIB, 2 ** 50),
  },
  'room.tunnel_seconds': {
    default: 86_400,
    about: 'How long one tunnel may last before it is ended and has to be opened anew.',
    unit: 'seconds',
    check: between(1, 31_536_000),
  },
  'invite.captcha': {
    default: true,
    about: 'Ask a riddle before an invite is given on the web.',
    reloadable: true,
  },
  'invite.expires_days': {
    default: 7,
    about: 'How long an invite is good for.',
    unit: 'days',
    check: between(1 / 1440, 3650, false),
    reloadable: true,
  },
  'invite.per_hour': {
    default: 60,
    about: 'Invites the web gives out in an hour, to everyone together.',
    unit: 'invites',
    check: between(0, 1_000_000),
    reloadable: true,
  },
  'store.max_bytes': {
    default: NARROW ? NARROW_STORE : 8 * 1024 * MIB,
    about: 'What all messages together may take; beyond it new ones are refused.',
    unit: 'bytes',
    check: bytes,
    reloadable: true,
  },
  'store.max_feed_bytes': {
    default: 256 * MIB,
    about: 'What the messages of one feed may take.',
    unit: 'bytes',
    check: between(64 * KIB, STORE_MOST),
    reloadable: true,
  },
  'log.level': {
    default: 'info' as LogLevel,
    about: `Least severe entry written to the log: ${LOG_LEVELS.join(', ')}.`,
    check: (value: string) =>
      LOG_LEVELS.some((level) => level === value) ? null : `must be one of ${LOG_LEVELS.join(', ')}`,
    reloadable: true,
  },
} satisfies Record<string, Key>

export type ConfigKey = keyof typeof KEYS

type Widen<T> = T extends LogLevel
  ? T
  : T extends string
    ? string
    : T extends number
      ? number
      : T extends boolean
        ? boolean
        : string | null
type Section<K> = K extends `${infer S}.${string}` ? S : never

/** The whole configuration, nested as in the file: `config.ssb.port`. */
export type Config = {
  readonly [S in Section<ConfigKey>]: {
    readonly [K in ConfigKey as K extends `${S}.${infer Leaf}` ? Leaf : never]: Widen<
      (typeof KEYS)[K]['default']
    >
  }
}

export interface ConfigSources {
  /** a TOML file */
  file?: string | undefined
  /** `key=value`, later ones win over earlier ones and over the file */
  sets?: readonly string[] | undefined
}

const table: Record<string, Key> = KEYS
const names = Object.keys(table)

/**
 * Reads the configuration: defaults, then the file, then `--set`.
 * @throws RelayError `config_invalid` naming every problem found, each with its source and its key
 */
export function loadConfig({ file, sets = [] }: ConfigSources = {}): Config {
  const problems: string[] = []
  const values = new Map<string, unknown>(names.map((name) => [name, (table[name] as Key).default]))
  const put = (name: string, value: unknown, source: string): void => {
    const key = Object.hasOwn(table, name) ? (table[name] as Key) : null
    const wrong = key ? wrongWith(key, value) : `is not a key; did you mean ${nearestKey(name, names)}?`
    if (wrong) problems.push(`${source}: ${shown(name)} ${wrong}`)
    else values.set(name, value)
  }
  if (file !== undefined) for (const [name, value] of readFile(file, problems)) put(name, value, file)
  for (const set of sets) {
    const [, name = '', text] = /^\s*([^=]*?)\s*=(.*)$/s.exec(set) ?? []
    if (text === undefined) problems.push(`--set ${shown(set)}: must be key=value`)
    else put(name, fromText(name, text), '--set')
  }
  const given = (name: ConfigKey): boolean => values.get(name) !== null
  if (given('domain.tls_key') !== given('domain.tls_cert')) {
    problems.push('domain.tls_key and domain.tls_cert need each other')
  }
  if (given('domain.acme_email') && !given('domain.name'))
    problems.push('domain.acme_email needs domain.name')
  if (problems.length > 0) throw new RelayError('config_invalid', problems.join('; '))

  const config: Record<string, Record<string, unknown>> = {}
  for (const [name, value] of values) {
    const [section = '', leaf = ''] = name.split('.')
    config[section] ??= {}
    config[section][leaf] = value
  }
  for (const section of Object.values(config)) Object.freeze(section)
  return Object.freeze(config) as Config
}

/** Which keys differ, and what each needs to take effect. */
export function diffConfig(a: Config, b: Config): { applied: string[]; needs_restart: string[] } {
  const read = (config: Config, name: string): unknown =>
    name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config)
  const changed = names.filter((name) => read(a, name) !== read(b, name))
  return {
    applied: changed.filter((name) => (table[name] as Key).reloadable),
    needs_restart: changed.filter((name) => !(table[name] as Key).reloadable),
  }
}

/** The data directory: `--data`, then `$TIDEPOOL_DATA`, then `~/.tidepool`; always absolute. */
export function dataDirectory(data?: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(data || env.TIDEPOOL_DATA || join(homedir(), '.tidepool'))
}

/** A configuration file with every key, each explained and commented out at its default. */
export function describeConfig(): string {
  const lines = ['# Tidepool: every key there is, at its default. Remove the # before a key to change it.']
  let section = ''
  for (const name of names) {
    const key = table[name] as Key
    const [head = '', leaf = ''] = name.split('.')
    if (head !== section) lines.push('', `[${head}]`)
    section = head
    const traits = [
      key.unit,
      key.default === null && 'not set by default',
      key.reloadable && 'applied on SIGHUP',
    ]
    const more = traits.filter(Boolean).join('; ')
    lines.push(`# ${key.about}${more ? ` (${more})` : ''}`)
    lines.push(`#${leaf} = ${JSON.stringify(key.default ?? key.example ?? '')}`)
  }
  return `${lines.join('\n')}\n`
}

/** The leaves of a TOML file as dotted names; what cannot be read or parsed becomes a problem. */
function readFile(file: string, problems: string[]): Array<[string, unknown]> {
  try {
    const leaves: Array<[string, unknown]> = []
    for (const [section, entries] of Object.entries(parse(readFileSync(file, 'utf8')))) {
      const isTable = typeof entries === 'object' && !Array.isArray(entries) && !(entries instanceof Date)
      const known = names.some((name) => name.startsWith(`${section}.`))
      if (isTable && (known || Object.keys(entries).length > 0)) {
        for (const [leaf, value] of Object.entries(entries)) leaves.push([`${section}.${leaf}`, value])
      } else leaves.push([section, entries])
    }
    return leaves
  } catch (err) {
    // The parser draws the offending line below its message; the first line says what and the numbers say where.
    const { message, line, column } = err as Error & { line?: number; column?: number }
    problems.push(`${file}${line ? `:${line}:${column}` : ''}: ${message.split('\n')[0]}`)
    return []
  }
}

/** A `--set` value in the type its key has; what does not fit stays text and is refused by the check. */
function fromText(name: string, text: string): unknown {
  const fallback = Object.hasOwn(table, name) ? (table[name] as Key).default : null
  if (typeof fallback === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (typeof fallback === 'number' && /^\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text)
  return fallback === null && text === '' ? null : text
}

function wrongWith(key: Key, value: unknown): string | null {
  if (key.default === null && value === null) return null
  const type = key.default === null ? 'string' : typeof key.default
  const words = { string: 'text', number: 'a number', boolean: 'true or false' }[type as 'string']
  if (typeof value !== type) return `must be ${words}`
  if (value === '') return 'must not be empty'
  return key.check?.(value as never) ?? null
}

function isHostPort(value: string): boolean {
  const [, hostPart = '', portPart = ''] = /^(.+):(\d{1,5})$/.exec(value) ?? []
  return HOST.test(hostPart) && Number(portPart) >= 1 && Number(portPart) <= 65_535
}

/** A foreign name, fit for one line of a message. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80)).slice(1, -1) || '(nothing)'
}
