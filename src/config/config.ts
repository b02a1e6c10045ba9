// SPDX-License-Identifier: AGPL-3.0-or-later
// The configuration: reads a TOML file and `--set`, and checks every value. Only config/ reads the environment.

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

/** The configuration, nested as in the file: `config.ssb.port`. */
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
  /** `key=value`; later ones override earlier ones and the file */
  sets?: readonly string[] | undefined
}

/** Problems reported at once. */
const PROBLEMS_MAX = 50

const table: Record<string, Key> = KEYS

const names = Object.keys(table)

/**
 * Reads the configuration: defaults, then the file, then `--set`.
 * @throws RelayError `config_invalid` with every problem, its source and its key
 */
export function loadConfig({ file, sets = [] }: ConfigSources = {}): Config {
  const problems: string[] = []
  const values = new Map<string, unknown>(names.map((name) => [name, (table[name] as Key).default]))
  const put = (name: string, given: unknown, source: string): void => {
    // a suggestion for each of 10,000 unknown keys would take minutes
    if (problems.length >= PROBLEMS_MAX) return
    const key = Object.hasOwn(table, name) ? (table[name] as Key) : null
    const value = key?.numeric && typeof given === 'number' ? String(given) : given
    const problem = key ? checkValue(key, value) : unknownKey(name)
    if (problem) problems.push(`${source}: ${escaped(name)} ${problem}`)
    else values.set(name, value)
  }
  if (file !== undefined) for (const [name, value] of readFile(file, problems)) put(name, value, file)
  for (const set of sets) {
    const [, name = '', text] = /^\s*([^=]*?)\s*=(.*)$/s.exec(set) ?? []
    if (text === undefined) problems.push(`--set ${escaped(set)}: must be key=value`)
    else put(name, fromText(name, text), '--set')
  }
  problems.push(...checkCombinations((name) => isGiven(values.get(name))))
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

function unknownKey(name: string): string {
  const nearest = suggestKey(name, names)
  return `is not a key${nearest === null ? '' : `; did you mean ${nearest}?`}`
}

/** The keys that differ: those that apply on reload, and those that need a restart. */
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

/** The absolute path of the data directory: `--data`, then `$TIDEPOOL_DATA`, then `~/.tidepool`. */
export function dataDirectory(data?: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(data || env.TIDEPOOL_DATA || join(homedir(), '.tidepool'))
}

/** Removes variables from the environment, so that child processes do not get them. Returns their values. */
export function takeEnvironment<Name extends string>(
  variables: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Partial<Record<Name, string>> {
  const taken = variables.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
  for (const name of variables) delete env[name]
  return Object.fromEntries(taken)
}

/**
 * Writes a configuration file with every key and its description. Keys at their defaults are commented out.
 */
export function describeConfig(config: Config = loadConfig()): string {
  const lines = [
    '# Tidepool: every configuration key with its default. Remove the # before a key to change it.',
  ]
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
      lines.push(`#${leaf} = ${JSON.stringify(key.example ?? key.default ?? '')}`)
    else lines.push(`${leaf} = ${JSON.stringify(value)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The keys of a TOML file with dotted names. Adds a problem if the file cannot be read or parsed. */
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
    // the message's further lines show the source
    const { message, line, column } = err as Error & { line?: number; column?: number }
    problems.push(`${file}${line ? `:${line}:${column}` : ''}: ${message.split('\n')[0]}`)
    return []
  }
}

/** Reads a file of limited size; it may be a pipe or an endless device. */
function textOf(file: string): string {
  const bytes = Buffer.alloc(CONFIG_BYTES + 1)
  const fd = openSync(file, 'r')
  try {
    // a pipe returns a part at a time
    let length = 0
    for (let more = 1; more > 0 && length < bytes.length; length += more)
      more = readSync(fd, bytes, length, bytes.length - length, null)
    if (length > CONFIG_BYTES) throw new Error(`larger than ${CONFIG_BYTES / KIB} KiB`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}

/** Converts a `--set` value to the type of its key. A value that does not fit stays text: the check rejects it. */
function fromText(name: string, text: string): unknown {
  const fallback = Object.hasOwn(table, name) ? (table[name] as Key).default : null
  if (Array.isArray(fallback)) return listFrom(text)
  if (typeof fallback === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (typeof fallback === 'number' && /^\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text)
  return fallback === null && text === '' ? null : text
}

/** Parses a list: `['a', 'b']` as in the file, or `a,b`. */
function listFrom(text: string): string[] {
  const items = text
    .trim()
    .replace(/^\[|\]$/g, '')
    .split(',')
  return items.map((each) => each.trim().replace(/^(['"])(.*)\1$/, '$2')).filter((each) => each !== '')
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}

/** Problems of combinations: each key is valid by itself. */
function checkCombinations(given: (name: ConfigKey) => boolean): string[] {
  const problems: string[] = []
  const [key, cert] = [given('domain.tls_key'), given('domain.tls_cert')]
  const [fetched, proxied] = [given('domain.acme_email'), given('domain.proxy')]
  if (key !== cert) problems.push('domain.tls_key and domain.tls_cert must be set together')
  if (!given('domain.name')) {
    for (const name of ['domain.tls_key', 'domain.acme_email', 'domain.proxy'] as const)
      if (given(name)) problems.push(`${name} needs domain.name`)
  }
  // the ACME HTTP challenge gives no wildcard certificates (RFC 8555, 7.1.3)
  if (given('domain.alias_subdomains') && !key && !proxied)
    problems.push('domain.alias_subdomains needs a wildcard certificate: domain.tls_key or domain.proxy')
  if (key && fetched)
    problems.push(
      'domain.tls_key and domain.acme_email cannot be set together: the relay uses one certificate',
    )
  if (given('invite.question') !== given('invite.answers'))
    problems.push('invite.question and invite.answers must be set together')
  problems.push(...checkMatrix(given))
  if (proxied && (key || fetched))
    problems.push(
      'domain.proxy cannot be set with domain.tls_key or domain.acme_email: the proxy has the certificate',
    )
  return problems
}

function checkMatrix(given: (name: ConfigKey) => boolean): string[] {
  const problems: string[] = []
  if (given('matrix.tls_key') !== given('matrix.tls_cert'))
    problems.push('matrix.tls_key and matrix.tls_cert must be set together')
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

function checkValue(key: Key, value: unknown): string | null {
  if (key.default === null && value === null) return null
  if (Array.isArray(key.default)) {
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
      return 'must be a list of strings'
    return key.check?.(value as never) ?? null
  }
  const type = key.default === null ? 'string' : typeof key.default
  const words = { string: 'a string', number: 'a number', boolean: 'true or false' }[type as 'string']
  if (typeof value !== type) return `must be ${words}`
  if (value === '') return 'must not be empty'
  return key.check?.(value as never) ?? null
}

/** Escapes and shortens a name for a message. */
function escaped(name: string): string {
  return JSON.stringify(name.slice(0, 80)).slice(1, -1) || '(nothing)'
}
