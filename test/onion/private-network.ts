// SPDX-License-Identifier: AGPL-3.0-or-later
// A complete Tor network on 127.0.0.1: three authorities, three relays and a client, removed after the test.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from '../helpers/ports.js'
import { programPath } from '../helpers/programs.js'
import { shortDir } from '../helpers/relay.js'
import { until } from '../helpers/wait.js'

export interface PrivateNetwork {
  /** torrc lines for further members of the network */
  torrc: string
  /** the client's SOCKS port */
  socksPort: number
  /** milliseconds from the first process to a client that can build circuits */
  bootMs: number
}

const tor = (): string => programPath('tor') ?? 'tor'

/** Options for a network whose authorities agree every ten seconds and trust what relays say about themselves. */
const TESTING = `TestingTorNetwork 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.67
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
TestingV3AuthInitialVotingInterval 10
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
`

/** Starts the network and waits until its client is ready. The network ends with the test. */
export async function startNetwork(t: Test): Promise<PrivateNetwork> {
  const began = Date.now()
  const root = await shortDir(t)
  const children: Array<{ child: ChildProcess; gone: Promise<unknown> }> = []
  t.teardown(async () => {
    for (const { child } of children) child.kill('SIGKILL')
    await Promise.all(children.map(({ gone }) => gone))
  })
  const ports = await freePorts(13)
  const port = (): number => ports.shift() as number

  const authorities = await Promise.all(
    ['a1', 'a2', 'a3'].map(async (name) => prepareAuthority(join(root, name), name, port(), port())),
  )
  const torrc = TESTING + authorities.map(({ line }) => `${line}\n`).join('')

  const start = (name: string, own: string): void => {
    const dir = join(root, name)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const file = join(dir, 'torrc')
    writeFileSync(file, `${torrc}DataDirectory ${dir}\nLog notice file ${dir}/log\n${own}`)
    const child = spawn(tor(), ['--defaults-torrc', '/dev/null', '-f', file], { stdio: 'ignore' })
    children.push({ child, gone: once(child, 'exit') })
  }
  const relay = (name: string, orPort: number): string =>
    `Nickname ${name}\nSocksPort 0\nAddress 127.0.0.1\nORPort 127.0.0.1:${orPort} IPv4Only\nExitRelay 0\n`
  for (const { name, orPort, dirPort } of authorities) {
    const own = `DirPort 127.0.0.1:${dirPort}\nAuthoritativeDirectory 1\nV3AuthoritativeDirectory 1\n`
    start(name, `${relay(name, orPort)}${own}ContactInfo nobody@example.org\n`)
  }
  for (const name of ['r1', 'r2', 'r3']) start(name, relay(name, port()))
  const socksPort = port()
  start('client', `SocksPort 127.0.0.1:${socksPort}\nClientOnly 1\n`)
  const log = join(root, 'client', 'log')
  await until('the private network', () => /Bootstrapped 100%/.test(read(log)), 120_000)
  return { torrc, socksPort, bootMs: Date.now() - began }
}

/** Creates the keys of an authority; returns the torrc line by which the others know it. */
async function prepareAuthority(dir: string, name: string, orPort: number, dirPort: number) {
  const keys = join(dir, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  await run('tor-gencert', [
    ...['--create-identity-key', '-m', '12', '-a', `127.0.0.1:${dirPort}`, '--passphrase-fd', '0'],
    ...['-i', join(keys, 'authority_identity_key'), '-s', join(keys, 'authority_signing_key')],
    ...['-c', join(keys, 'authority_certificate')],
  ])
  const [, v3 = ''] = /^fingerprint (\w+)$/m.exec(read(join(keys, 'authority_certificate'))) ?? []
  const known = `x 127.0.0.1:1 ${'F'.repeat(40)}`
  await run('tor', [
    ...['--defaults-torrc', '/dev/null', '--ignore-missing-torrc', '-f', join(dir, 'none')],
    ...['--quiet', '--list-fingerprint'],
    ...['--DataDirectory', dir, '--Nickname', name, '--ORPort', '1', '--DirAuthority', known],
  ])
  const [, fingerprint = ''] = /^\S+ (.+)$/m.exec(read(join(dir, 'fingerprint'))) ?? []
  const line = `DirAuthority ${name} orport=${orPort} no-v2 v3ident=${v3} 127.0.0.1:${dirPort} ${fingerprint}`
  return { name, orPort, dirPort, line }
}

function run(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(programPath(program) ?? program, args, (err, _, stderr) =>
      err ? reject(new Error(`${program}: ${stderr}`)) : resolve(),
    )
    child.stdin?.end('passphrase\n')
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The relay's tor, found by the torrc on its command line. */
export function torPid(dataDir: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return words.includes(join(dataDir, 'tor', 'torrc'))
      } catch {
        return false
      }
    })
}
