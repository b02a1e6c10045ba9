// SPDX-License-Identifier: AGPL-3.0-or-later
// Let's Encrypt's test server (Debian's package `pebble`), with a DNS server of the test.

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createAuthority } from './certificates.js'
import { Visitor } from './http.js'
import { freePorts } from './ports.js'
import { until } from './wait.js'

export interface Pebble {
  /** URL of the ACME directory, and a PEM file with the root of its certificate */
  directory: string
  rootFile: string
  /** the port where pebble fetches answers to challenges */
  httpPort: number
  dns: Dns
  /** PEM of the root under which it issues certificates; another one after every start */
  issuer(): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
  /** its output so far */
  said(): string
}

export interface PebbleOptions {
  /** how many of 100 nonces are refused without a reason */
  refusedNonces?: number
  /** most seconds by which it delays each challenge */
  sleepSeconds?: number
  /** whether a client that has met one challenge is asked for no second one */
  reusesAuthorizations?: boolean
}

/** Starts a pebble that ends with the test. */
export async function startPebble(
  t: Test,
  { refusedNonces = 0, sleepSeconds = 0, reusesAuthorizations = false }: PebbleOptions = {},
): Promise<Pebble> {
  const dir = t.testdir()
  const authority = await createAuthority('Pebble Test Root')
  const own = await authority.issue('127.0.0.1')
  const path = (name: string): string => join(dir, name)
  const [port = 0, management = 0, httpPort = 0] = await freePorts(3)
  writeFileSync(path('root.pem'), authority.root)
  writeFileSync(path('key.pem'), own.key)
  writeFileSync(path('cert.pem'), own.cert)
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: path('cert.pem'),
    privateKey: path('key.pem'),
    ...{ httpPort, tlsPort: 1, ocspResponderURL: '', externalAccountBindingRequired: false },
  }
  writeFileSync(path('pebble.json'), JSON.stringify({ pebble }))
  const dns = await startDns(t)
  let log = ''
  let stop = async (): Promise<void> => {}

  async function start(): Promise<void> {
    const args = ['-config', path('pebble.json'), '-dnsserver', dns.address]
    const sleep = sleepSeconds ? { PEBBLE_VA_SLEEPTIME: String(sleepSeconds) } : { PEBBLE_VA_NOSLEEP: '1' }
    const env = {
      PATH: process.env.PATH,
      PEBBLE_WFE_NONCEREJECT: String(refusedNonces),
      PEBBLE_AUTHZREUSE: reusesAuthorizations ? '100' : '0',
      ...sleep,
    }
    const child = spawn('pebble', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        log = (log + chunk).slice(-100_000)
      })
    const gone = once(child, 'exit')
    stop = async () => {
      child.kill('SIGKILL')
      await gone
    }
    await until('pebble to listen', () => {
      if (child.exitCode !== null) throw new Error(`pebble ended: ${log}`)
      return ask(`https://127.0.0.1:${port}/dir`, authority.root).catch(() => null)
    })
  }

  t.teardown(() => stop())
  await start()
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    rootFile: path('root.pem'),
    httpPort,
    dns,
    issuer: () => ask(`https://127.0.0.1:${management}/roots/0`, authority.root),
    start,
    stop: () => stop(),
    said: () => log,
  }
}

interface Dns {
  /** HOST:PORT */
  address: string
  /** the address of every name; null for none */
  answer: string | null
}

/** A DNS server with one address for every name. */
async function startDns(t: Test): Promise<Dns> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  const dns: Dns = { address: `127.0.0.1:${socket.address().port}`, answer: '127.0.0.1' }
  socket.on('message', (query, from) => {
    // the question ends with an empty label, a type and a class (RFC 1035, 4.1.2)
    const end = query.indexOf(0, 12) + 5
    const isA = query.readUInt16BE(end - 4) === 1
    const record = Buffer.from([
      0xc0,
      12,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      1,
      0,
      4,
      ...(dns.answer ?? '').split('.').map(Number),
    ])
    const answers = isA && dns.answer ? record : Buffer.alloc(0)
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(0x8180 | (dns.answer ? 0 : 3), 2)
    head.writeUInt16BE(answers.length ? 1 : 0, 6)
    head.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([head, query.subarray(12, end), answers]), from.port, from.address)
  })
  return dns
}

async function ask(url: string, ca: string): Promise<string> {
  const { origin, port, pathname } = new URL(url)
  return (await new Visitor(origin, { port: Number(port), ca }).get(pathname)).text
}
