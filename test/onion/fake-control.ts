// SPDX-License-Identifier: AGPL-3.0-or-later
// A fake control server on a real socket, which misbehaves as a test demands.

import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { onionAddress, publicKeyOf } from '../../src/onion/address.js'
import { shortDir } from '../helpers/relay.js'

/** Answers a command with text (line ends are added), or with null to stay silent. */
export type Answer = (argument: string, socket: Socket) => string | null

export interface FakeControl {
  /** value for `onion.tor` */
  where: string
  cookieFile: string
  /** received commands of all connections */
  commands: string[]
  /** answers by the command's first word; tests replace them */
  answers: Map<string, Answer>
  /** open connections */
  sockets: Set<Socket>
  connections(): number
  /** Sends unchanged text to all connections. */
  send(text: string): void
  /** Sends an event. */
  event(text: string): void
  /** Resolves once this number of commands of a kind has arrived. */
  heard(word: string, count?: number): Promise<void>
}

export async function openFakeControl(t: Test): Promise<FakeControl> {
  const cookie = randomBytes(32)
  const cookieFile = join(await shortDir(t), 'cookie=of "tor"')
  writeFileSync(cookieFile, cookie)
  const sockets = new Set<Socket>()
  const commands: string[] = []
  let connections = 0
  const nonces = new WeakMap<Socket, Buffer>()
  const onions = new WeakMap<Socket, string>()
  const waiting = new Set<() => void>()
  const hash = (key: string, ...parts: Buffer[]): string =>
    createHmac('sha256', key)
      .update(Buffer.concat([cookie, ...parts]))
      .digest('hex')
      .toUpperCase()

  const answers = new Map<string, Answer>([
    [
      'PROTOCOLINFO',
      () =>
        `250-PROTOCOLINFO 1\n250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="${cookieFile.replaceAll('"', '\\"')}"\n250-VERSION Tor="0.4.8.1"\n250 OK`,
    ],
    [
      'AUTHCHALLENGE',
      (argument, socket) => {
        const ours = randomBytes(32)
        const theirs = Buffer.from(argument.split(' ')[1] ?? '', 'hex')
        nonces.set(socket, Buffer.concat([theirs, ours]))
        const proof = hash('Tor safe cookie authentication server-to-controller hash', theirs, ours)
        return `250 AUTHCHALLENGE SERVERHASH=${proof} SERVERNONCE=${ours.toString('hex')}`
      },
    ],
    [
      'AUTHENTICATE',
      (argument, socket) => {
        const both = nonces.get(socket) ?? Buffer.alloc(0)
        const proof = hash('Tor safe cookie authentication controller-to-server hash', both)
        return argument.toUpperCase() === proof ? '250 OK' : '515 Authentication failed'
      },
    ],
    ['SETEVENTS', () => '250 OK'],
    ['TAKEOWNERSHIP', () => '250 OK'],
    ['RESETCONF', () => '250 OK'],
    ['GETINFO', (argument, socket) => getInfo(argument, onions.get(socket))],
    [
      'ADD_ONION',
      (argument, socket) => {
        const blob = /^ED25519-V3:(\S+)/.exec(argument)?.[1] ?? ''
        const id = onionAddress(publicKeyOf(Buffer.from(blob, 'base64'))).replace('.onion', '')
        onions.set(socket, id)
        return `250-ServiceID=${id}\n250 OK`
      },
    ],
  ])

  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let left = ''
    socket.on('data', (chunk: Buffer) => {
      const lines = (left + chunk).split('\r\n')
      left = lines.pop() ?? ''
      for (const line of lines) {
        commands.push(line)
        const [word = '', argument = ''] = line.split(/ (.*)/s)
        const answer = answers.get(word) ?? (() => '510 Unrecognized command')
        const text = answer(argument, socket)
        if (text !== null) socket.write(`${text.replaceAll('\n', '\r\n')}\r\n`)
      }
      for (const look of [...waiting]) look()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })

  const send = (text: string): void => {
    for (const socket of sockets) socket.write(text)
  }
  return {
    where: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ cookieFile, commands, answers, sockets, send },
    connections: () => connections,
    event: (text) => send(`650 ${text}\r\n`),
    heard: (word, count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (commands.filter((line) => line.split(' ')[0] === word).length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

const BOOTSTRAPPED = 'NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"'

/** GETINFO answers of a tor that is ready. @param onion the connection's service */
export function getInfo(keywords: string, onion: string | undefined, bootstrap = BOOTSTRAPPED): string {
  const lines = keywords.split(' ').map((keyword) => {
    if (keyword === 'onions/current') return onion ? `250-onions/current=${onion}` : '250-onions/current='
    if (keyword === 'net/listeners/socks') return '250-net/listeners/socks='
    const value = { version: '0.4.8.1', 'status/bootstrap-phase': bootstrap }[keyword] ?? ''
    return `250-${keyword}=${value}`
  })
  return `${lines.join('\n')}\n250 OK`
}
