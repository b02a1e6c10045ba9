// SPDX-License-Identifier: AGPL-3.0-or-later
// Connections to onion services through tor's SOCKS port (RFC 1928, 1929), and the onion self-check.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import { KIB, MINUTE } from '../lib/limits.js'

/** Milliseconds for a self-check: a new circuit to a rendezvous point can be slow. */
export const LOOK_MS = 1 * MINUTE

/** Bytes of an answer that are read; `ok` with its headers has some 800. */
const ANSWER_BYTES = 8 * KIB

/** SOCKS errors 1 to 8 (RFC 1928, 6), then tor's for onion services (proposal 304). */
const FAILURES: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'timed out',
  7: 'no such command',
  8: 'no such kind of address',
  240: 'the descriptor was not found',
  241: 'the descriptor is not valid',
  242: 'no introduction point answered',
  243: 'no rendezvous',
  247: 'the introduction timed out',
}

/** The first SOCKS port in `GETINFO net/listeners/socks`, or null. */
export function socksAddress(listeners: string): { host: string; port: number } | { path: string } | null {
  const [, text = ''] = /^"([^"]+)"/.exec(listeners) ?? []
  if (text.startsWith('unix:')) return { path: text.slice(5) }
  const [, host = '', port = ''] = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  return host ? { host, port: Number(port) } : null
}

export type SocksProxy = NonNullable<ReturnType<typeof socksAddress>>

/**
 * Fetches a page of an onion service over a new circuit.
 * @throws Error with the reason of the failure
 */
export async function look(
  { clock }: { clock: Clock },
  { path, ...at }: { proxy: SocksProxy; host: string; port: number; path: string },
): Promise<void> {
  const socket = await connectThrough({ clock }, at)
  const stop = clock.after(LOOK_MS, () => socket.destroy(new Error('timed out')))
  try {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${at.host}\r\nConnection: close\r\n\r\n`)
    const status = await readLine(socket, ANSWER_BYTES)
    if (!/^HTTP\/1\.[01] 200 /.test(`${status} `))
      throw new Error(`it answers ${JSON.stringify(status.slice(0, 40))}`)
  } finally {
    stop()
    socket.destroy()
  }
}

/**
 * Connects to an onion service over a new circuit.
 * @throws Error with the reason of the failure
 */
export async function connectThrough(
  { clock }: { clock: Clock },
  { proxy, host, port }: { proxy: SocksProxy; host: string; port: number },
): Promise<Socket> {
  const socket = connect(proxy)
  // until the socket has an owner, an error must not throw
  socket.on('error', () => {})
  const stop = clock.after(LOOK_MS, () => socket.destroy(new Error('timed out')))
  try {
    await ask(socket, { host, port })
    return socket
  } catch (err) {
    socket.destroy()
    throw err
  } finally {
    stop()
  }
}

async function ask(socket: Socket, { host, port }: { host: string; port: number }): Promise<void> {
  // version 5, one method: name and password. tor accepts any, and a new name gets a new circuit
  socket.write(Buffer.from([5, 1, 2]))
  const method = await readBytes(socket, 2)
  if (method[0] !== 5 || method[1] !== 2) throw new Error('the port is not a SOCKS port of tor')
  const name = Buffer.from(randomBytes(8).toString('hex'))
  socket.write(Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([1, 0x78])]))
  if ((await readBytes(socket, 2))[1] !== 0) throw new Error('the SOCKS port rejects the connection')
  const target = Buffer.from(host)
  const head = Buffer.from([5, 1, 0, 3, target.length])
  socket.write(Buffer.concat([head, target, Buffer.from([port >> 8, port & 255])]))
  const [, failure = 1, , kind] = await readBytes(socket, 4)
  if (failure !== 0) throw new Error(FAILURES[failure] ?? `SOCKS error ${failure}`)
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await readBytes(socket, 1))[0]
  await readBytes(socket, (length ?? 0) + 2)
}

/**
 * Reads exactly this many bytes; what follows stays in the socket. All that has come is taken first: Node tells a new
 * listener again and again of bytes that are left.
 */
async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    bytes = Buffer.concat([bytes, socket.read() ?? Buffer.alloc(0)])
    if (bytes.length >= count) break
    await readable(socket)
  }
  if (bytes.length > count) socket.unshift(bytes.subarray(count))
  return bytes.subarray(0, count)
}

/** Reads a line, without its end. */
async function readLine(socket: Socket, most: number): Promise<string> {
  let line = ''
  while (!line.endsWith('\n')) {
    if (line.length > most) throw new Error('its answer has no end')
    line += (await readBytes(socket, 1)).toString('latin1')
  }
  return line.trim()
}

/** Resolves when the socket has bytes to read. Rejects when it has ended. */
function readable(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => (): void => {
      for (const [event, listener] of listeners) socket.removeListener(event, listener)
      run()
    }
    const ended = settle(() => reject(socket.errored ?? new Error('hung up')))
    const listeners = [
      ['readable', settle(resolve)],
      ['end', ended],
      ['close', ended],
    ] as const
    if (socket.destroyed || socket.readableEnded) return ended()
    for (const [event, listener] of listeners) socket.on(event, listener)
  })
}
