// SPDX-License-Identifier: AGPL-3.0-or-later
// Collects the doctor's facts from the system, the data directory and the running relay.

import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { readFileSync, statSync } from 'node:fs'
import { connect, createServer, isIP } from 'node:net'
import { freemem, machine, networkInterfaces, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/config.js'
import { SECOND } from '../../lib/limits.js'
import type { RelayStatus } from '../../operator/protocol.js'

/** Owner and mode of a file in the data directory. */
export interface FileFact {
  name: string
  /** null if it does not exist */
  mode: number | null
  uid: number | null
}

/** A port of the relay: whether it answers or, if no relay runs, whether it is free. */
export interface PortFact {
  name: string
  host: string
  port: number
  /** `answers` or `silent` while the relay runs, else `free` or an error code */
  state: 'answers' | 'silent' | 'free' | string
  /** the program that uses it, if known */
  holder: string | null
}

/** The input of all checks. Tests invent it. */
export interface Facts {
  kernel: string
  dataDir: string
  /** bytes */
  memory: { total: number; available: number }
  /** whether the network sets the clock; null if unknown */
  synchronized: boolean | null
  /** Unix ms */
  now: number
  files: FileFact[]
  /** user that runs the doctor */
  uid: number
  ports: PortFact[]
  /** the tor program, if the onion is enabled */
  tor: { version: string | null } | null
  domain: {
    name: string
    addresses: string[]
    own: string[]
    failure: string | null
    /** keys of listeners on IPv4 only */
    narrow?: string[]
  } | null
  /** null if no relay runs */
  status: RelayStatus | null
}

const PATIENCE_MS = 5 * SECOND
const FILES = ['.', 'secret', 'onion.key', 'matrix.key', 'control.sock', 'db']

/** Collects the facts; never rejects. Takes some seconds if names or programs do not answer. */
export async function gatherFacts(
  config: Config,
  dataDir: string,
  status: RelayStatus | null,
): Promise<Facts> {
  const https = status?.addresses.https
  const domainName = config.domain.name ?? (https ? new URL(https).hostname : null)
  const [synchronized, ports, tor, domain] = await Promise.all([
    askClock(),
    Promise.all(portsOf(config, status).map((port) => probe(port, status !== null))),
    config.onion.enabled ? askTor(config.onion.tor_binary ?? 'tor') : null,
    domainName ? resolve(domainName, narrowOf(config)) : null,
  ])
  return {
    kernel: machine(),
    dataDir,
    memory: { total: totalmem(), available: availableMemory() },
    synchronized,
    now: Date.now(),
    files: FILES.map((name) => fileFact(dataDir, name)),
    uid: process.getuid?.() ?? 0,
    ports,
    tor,
    domain,
    status,
  }
}

function availableMemory(): number {
  try {
    const [, kib] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
    if (kib) return Number(kib) * 1024
  } catch {
    // not Linux
  }
  return freemem()
}

function fileFact(dataDir: string, name: string): FileFact {
  try {
    const { mode, uid } = statSync(join(dataDir, name))
    return { name, mode: mode & 0o777, uid }
  } catch {
    return { name, mode: null, uid: null }
  }
}

type Wanted = Pick<PortFact, 'name' | 'host' | 'port'>

/** The ports of the running relay, else those of the configuration. */
export function portsOf(config: Config, status: RelayStatus | null): Wanted[] {
  const { ssb, web, whois, domain } = config
  if (status) {
    const [, host = '', port = ''] = /^net:(.+):(\d+)~/.exec(status.addresses.ssb[0] ?? '') ?? []
    const urls = [
      ['web', status.addresses.web],
      ['whois', status.addresses.whois],
    ] as const
    const found = urls.flatMap(([name, url]) => {
      if (!url) return []
      const { hostname, port } = new URL(url)
      return [{ name, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }]
    })
    // the public name may resolve to a router; the check is for this machine
    return [
      { name: 'ssb', host: isIP(host) ? host : '127.0.0.1', port: Number(port) },
      ...found,
      ...httpsPorts(config, status),
    ]
  }
  const wanted: Wanted[] = [
    { name: 'ssb', ...ssb },
    { name: 'web', ...web },
    { name: 'whois', host: ssb.host, port: whois.port },
  ]
  if (domain.tls_cert || domain.acme_email)
    wanted.push(
      { name: 'https', host: domain.host, port: domain.https_port },
      { name: 'http', host: domain.host, port: domain.http_port },
    )
  return wanted.filter(({ port }) => port !== 0)
}

/** The relay's own ports under the domain, with the host of the configuration. */
function httpsPorts({ domain }: Config, { addresses, https }: RelayStatus): Wanted[] {
  if (!domain.name || !addresses.https || https.state === 'off' || https.state === 'proxied') return []
  const { port } = new URL(addresses.https)
  const ports: Wanted[] = [{ name: 'https', host: domain.host, port: Number(port || 443) }]
  if (https.http_port !== null) ports.push({ name: 'http', host: domain.host, port: https.http_port })
  return ports
}

async function probe(wanted: Wanted, running: boolean): Promise<PortFact> {
  const state = await (running ? knock(wanted) : take(wanted))
  const holder = state === 'EADDRINUSE' ? await holderOf(wanted.port) : null
  return { ...wanted, state, holder }
}

function knock({ host, port }: Wanted): Promise<string> {
  return new Promise((resolve) => {
    const target = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    const socket = connect({ host: target, port, timeout: PATIENCE_MS })
    const end = (state: string): void => {
      socket.destroy()
      resolve(state)
    }
    socket.once('connect', () => end('answers'))
    socket.once('timeout', () => end('silent'))
    socket.once('error', () => end('silent'))
  })
}

function take({ host, port }: Wanted): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (err: NodeJS.ErrnoException) => resolve(err.code ?? 'unknown'))
    server.listen({ host, port }, () => server.close(() => resolve('free')))
  })
}

async function holderOf(port: number): Promise<string | null> {
  const said = await ask('ss', ['-Hltnp', `sport = :${port}`])
  return /users:\(\("([^"]{1,60})",pid=\d+/.exec(said ?? '')?.[1] ?? null
}

async function askClock(): Promise<boolean | null> {
  const said = await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  return said === 'yes' ? true : said === 'no' ? false : null
}

async function askTor(binary: string): Promise<{ version: string | null }> {
  const said = await ask(binary, ['--version'])
  return { version: /Tor version (\S+?)\.?(\s|$)/.exec(said ?? '')?.[1] ?? null }
}

/** Keys of hosts that do not listen on IPv6. */
function narrowOf({ ssb, domain }: Config): string[] {
  const hosts = { 'ssb.host': ssb.host, ...(domain.proxy ? {} : { 'domain.host': domain.host }) }
  return Object.entries(hosts).flatMap(([key, host]) => (isIP(host) === 4 ? [key] : []))
}

async function resolve(name: string, narrow: string[]): Promise<Facts['domain']> {
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  try {
    const found = await lookup(name, { all: true })
    return { name, addresses: found.map(({ address }) => address), own, failure: null, narrow }
  } catch (err) {
    return { name, addresses: [], own, failure: (err as NodeJS.ErrnoException).code ?? 'unknown' }
  }
}

/** Output of a program, trimmed; null if it is missing or fails. */
function ask(program: string, args: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PATIENCE_MS }, (err, stdout) => resolve(err ? null : stdout.trim()))
  })
}
