// SPDX-License-Identifier: AGPL-3.0-or-later
// The onion self-check: one GET through tor's SOCKS port (RFC 1928, 1929).

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

/**
 * Fetches a page of an onion service over a new circuit.
 * @throws Error with the reason of the failure
 */
export async function look(
  { clock }: { clock: Clock },
  at: { proxy: NonNullable<ReturnType<typeof socksAddress>>; host: string; port: number; path: string },
): Promise<void> {
  const socket = connect(at.proxy)
  const stop = clock.after(LOOK_MS, () => socket.destroy(new Error('timed out')))
  try {
    const reader = createReader(socket)
    await dial(socket, reader, at)
    socket.write(`GET ${at.path} HTTP/1.1\r\nHost: ${at.host}\r\nConnection: close\r\n\r\n`)
    const status = await reader.line(ANSWER_BYTES)
    if (!/^HTTP\/1\.[01] 200 /.test(`${status} `))
      throw new Error(`it answers ${JSON.stringify(status.slice(0, 40))}`)
  } finally {
    stop()
    socket.destroy()
  }
}

async function dial(socket: Socket, reader: Reader, { host, port }: { host: string; port: number }) {
  // version 5, one method: name and password. tor accepts any, and a new name gets a new circuit
  socket.write(Buffer.from([5, 1, 2]))
  const method = await reader.bytes(2)
  if (method[0] !== 5 || method[1] !== 2) throw new Error('the port is not a SOCKS port of tor')
  const name = Buffer.from(randomBytes(8).toString('hex'))
  socket.write(Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([1, 0x78])]))
  if ((await reader.bytes(2))[1] !== 0) throw new Error('the SOCKS port rejects the connection')
  const target = Buffer.from(host)
  const head = Buffer.from([5, 1, 0, 3, target.length])
  socket.write(Buffer.concat([head, target, Buffer.from([port >> 8, port & 255])]))
  const [, failure = 1, , kind] = await reader.bytes(4)
  if (failure !== 0) throw new Error(FAILURES[failure] ?? `SOCKS error ${failure}`)
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await reader.bytes(1))[0]
  await reader.bytes((length ?? 0) + 2)
}

interface Reader {
  bytes(count: number): Promise<Buffer>
  /** Reads a line, without its end. */
  line(most: number): Promise<string>
}

/** Reads a socket by length or by line. */
function createReader(socket: Socket): Reader {
  const chunks = socket[Symbol.asyncIterator]()
  let left: Buffer = Buffer.alloc(0)
  const more = async (): Promise<void> => {
    const { value, done } = await chunks.next()
    if (done) throw new Error('hung up')
    left = Buffer.concat([left, value])
  }
  const take = (count: number): Buffer => {
    const taken = left.subarray(0, count)
    left = left.subarray(count)
    return taken
  }
  return {
    async bytes(count) {
      while (left.length < count) await more()
      return take(count)
    },
    async line(most) {
      while (!left.includes('\n')) {
        if (left.length > most) throw new Error('its answer has no end')
        await more()
      }
      return take(left.indexOf('\n') + 1)
        .toString('latin1')
        .trim()
    },
  }
}
