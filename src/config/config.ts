// The configuration: one table of keys, and a TOML file plus `--set` turned into a checked Config. Only reader of the environment.

import { closeSync, openSync, readSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { RelayError } from '../lib/errors.js'
import { CONFIG_BYTES, KIB } from '../lib/limits.js'
import type { LogLevel } from '../lib/log.js'
import { suggestKey } from '../lib/suggest.js'
import { KEYS, type Key } from './keys.js'

export { KEYS } from './keys.js'

export type ConfigKey = keyof typeof KEYS

type Widen<T> = T extends LogLevel
  ? T
  : T extends string
    ? string
    : T extends number
      ? number
      : T extends boolean
        ? boolean
        : T extends readonly unknown[]
          ? readonly string[]
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

/** Problems that are told of at a time. */
const MOST_PROBLEMS = 50

const table: Record<string, Key> = KEYS

const names = Object.keys(table)

/**
 * Reads the configuration: defaults, then the file, then `--set`.
 * @throws RelayError `config_invalid` naming what is wrong, each problem with its source and its key
 */
export function loadConfig({ file, sets = [] }: ConfigSources = {}): Config {
  const problems: string[] = []
  const values = new Map<string, unknown>(names.map((name) => [name, (table[name] as Key).default]))
  const put = (name: string, given: unknown, source: string): void => {
    // what would have been meant by each of ten thousand is dear to find out, and nobody reads it
    if (problems.length >= MOST_PROBLEMS) return
    const key = Object.hasOwn(table, name) ? (table[name] as Key) : null
    const value = key?.numeric && typeof given === 'number' ? String(given) : given
    const wrong = key ? wrongWith(key, value) : unknown(name)
    if (wrong) problems.push(`${source}: ${shown(name)} ${wrong}`)
    else values.set(name, value)
  }
  if (file !== undefined) for (const [name, value] of readFile(file, problems)) put(name, value, file)
  for (const set of sets) {
    const [, name = '', text] = /^\s*([^=]*?)\s*=(.*)$/s.exec(set) ?? []
    if (text === undefined) problems.push(`--set ${shown(set)}: must be key=value`)
    else put(name, fromText(name, text), '--set')
  }
  problems.push(...wrongTogether((name) => values.get(name) !== null && values.get(name) !== false))
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

function unknown(name: string): string {
  const nearest = suggestKey(name, names)
  return `is not a key${nearest === null ? '' : `; did you mean ${nearest}?`}`
}

/** Which keys differ, and what each needs to take effect. */
export function diffConfig(a: Config, b: Config): { applied: string[]; needs_restart: string[] } {
  const changed = names.filter(
    (name) => JSON.stringify(settingOf(a, name)) !== JSON.stringify(settingOf(b, name)),
  )
  return {
    applied: changed.filter((name) => (table[name] as Key).reloadable),
    needs_restart: changed.filter((name) => !(table[name] as Key).reloadable),
  }
}

function settingOf(config: Config, name: string): unknown {
  return name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config)
}

/** The data directory: `--data`, then `$TIDEPOOL_DATA`, then `~/.tidepool`; always absolute. */
export function dataDirectory(data?: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(data || env.TIDEPOOL_DATA || join(homedir(), '.tidepool'))
}

/** Takes variables out of the environment: answers their values, and no child inherits them. */
export function takeEnvironment<Name extends string>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Partial<Record<Name, string>> {
  const taken = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
  for (const name of names) delete env[name]
  return Object.fromEntries(taken)
}

/**
 * A configuration file with every key, each explained and commented out at its default.
 * @param config whose keys that are not at their defaults are set
 */
export function describeConfig(config: Config = loadConfig()): string {
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
    const value = settingOf(config, name)
    if (JSON.stringify(value) === JSON.stringify(key.default))
      lines.push(`#${leaf} = ${JSON.stringify(key.default ?? key.example ?? '')}`)
    else lines.push(`${leaf} = ${JSON.stringify(value)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The leaves of a TOML file as dotted names; what cannot be read or parsed becomes a problem. */
function readFile(file: string, problems: string[]): Array<[string, unknown]> {
  try {
    const leaves: Array<[string, unknown]> = []
    for (const [section, entries] of Object.entries(parse(textOf(file)))) {
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

/** The text of a file, which may not be one without an end. */
function textOf(file: string): string {
  const bytes = Buffer.alloc(CONFIG_BYTES + 1)
  const fd = openSync(file, 'r')
  try {
    // a pipe gives what it has, piece by piece
    let length = 0
    for (let more = 1; more > 0 && length < bytes.length; length += more)
      more = readSync(fd, bytes, length, bytes.length - length, null)
    if (length > CONFIG_BYTES) throw new Error(`it is larger than ${CONFIG_BYTES / KIB} KiB`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}

/** A `--set` value in the type its key has; what does not fit stays text and is refused by the check. */
function fromText(name: string, text: string): unknown {
  const fallback = Object.hasOwn(table, name) ? (table[name] as Key).default : null
  if (Array.isArray(fallback)) return listFrom(text)
  if (typeof fallback === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (typeof fallback === 'number' && /^\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text)
  return fallback === null && text === '' ? null : text
}

/** A list as it is typed: `['a', 'b']` as in the file, or `a,b`. */
function listFrom(text: string): string[] {
  const items = text
    .trim()
    .replace(/^\[|\]$/g, '')
    .split(',')
  return items.map((each) => each.trim().replace(/^(['"])(.*)\1$/, '$2')).filter((each) => each !== '')
}

/** What is wrong with keys that are fine each by itself. */
function wrongTogether(given: (name: ConfigKey) => boolean): string[] {
  const problems: string[] = []
  const [key, cert] = [given('domain.tls_key'), given('domain.tls_cert')]
  const [fetched, proxied] = [given('domain.acme_email'), given('domain.proxy')]
  if (key !== cert) problems.push('domain.tls_key and domain.tls_cert need each other')
  if (!given('domain.name')) {
    for (const name of ['domain.tls_key', 'domain.acme_email', 'domain.proxy'] as const)
      if (given(name)) problems.push(`${name} needs domain.name`)
  }
  // what an authority is asked over HTTP is one name, never a wildcard
  if (given('domain.alias_subdomains') && !key && !proxied)
    problems.push('domain.alias_subdomains needs a wildcard certificate: domain.tls_key or domain.proxy')
  if (key && fetched)
    problems.push('domain.tls_key and domain.acme_email exclude each other: one certificate is enough')
  problems.push(...wrongMatrix(given))
  if (proxied && (key || fetched))
    problems.push('domain.proxy excludes domain.tls_key and domain.acme_email: the proxy has the certificate')
  return problems
}

function wrongMatrix(given: (name: ConfigKey) => boolean): string[] {
  const problems: string[] = []
  if (given('matrix.tls_key') !== given('matrix.tls_cert'))
    problems.push('matrix.tls_key and matrix.tls_cert need each other')
  if (!given('matrix.enabled')) return problems
  if (!given('matrix.server_name') && !given('domain.name'))
    problems.push('matrix.enabled needs matrix.server_name or domain.name')
  const served = given('domain.tls_key') || given('domain.acme_email')
  if (!given('matrix.port') && !served && !given('domain.proxy'))
    problems.push(
      'matrix.enabled needs HTTPS for the domain, or matrix.port with matrix.tls_key and matrix.tls_cert',
    )
  if (given('matrix.port') && !given('matrix.tls_key') && !served)
    problems.push('matrix.port needs matrix.tls_key and matrix.tls_cert, or a certificate of the domain')
  return problems
}

function wrongWith(key: Key, value: unknown): string | null {
  if (key.default === null && value === null) return null
  if (Array.isArray(key.default)) {
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
      return 'must be a list of texts'
    return key.check?.(value as never) ?? null
  }
  const type = key.default === null ? 'string' : typeof key.default
  const words = { string: 'text', number: 'a number', boolean: 'true or false' }[type as 'string']
  if (typeof value !== type) return `must be ${words}`
  if (value === '') return 'must not be empty'
  return key.check?.(value as never) ?? null
}

/** A foreign name, fit for one line of a message. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80)).slice(1, -1) || '(nothing)'
}
