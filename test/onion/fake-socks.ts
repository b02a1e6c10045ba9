// SPDX-License-Identifier: AGPL-3.0-or-later
// A fake SOCKS5 proxy: connects every address to one local port, and records the requests.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface FakeSocks {
  port: number
  /** `host:port` of every request */
  asked: string[]
  /** SOCKS error of the answer; 0 connects */
  failure: number
  /** user names, one per circuit */
  names: string[]
}

export async function openSocks(t: Test, target: number): Promise<FakeSocks> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket).catch(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const fake: FakeSocks = { port: (server.address() as AddressInfo).port, asked: [], failure: 0, names: [] }

  async function serve(socket: Socket): Promise<void> {
    let left = Buffer.alloc(0)
    const read = async (count: number): Promise<Buffer> => {
      while (left.length < count) {
        const [chunk] = await once(socket, 'data')
        left = Buffer.concat([left, chunk])
      }
      const taken = left.subarray(0, count)
      left = left.subarray(count)
      return taken
    }
    const [, methods = 0] = await read(2)
    await read(methods)
    socket.write(Buffer.from([5, 2]))
    const [, length = 0] = await read(2)
    fake.names.push((await read(length)).toString())
    const [secret = 0] = await read(1)
    await read(secret)
    socket.write(Buffer.from([1, 0]))
    const [, , , , size = 0] = await read(5)
    const host = (await read(size)).toString()
    const port = (await read(2)).readUInt16BE()
    fake.asked.push(`${host}:${port}`)
    // in chunks, as on a network
    socket.write(Buffer.from([5, fake.failure, 0]))
    socket.write(Buffer.from([1, 0, 0, 0, 0, 0, 0]))
    if (fake.failure !== 0) return void socket.end()
    const out = connect(target, '127.0.0.1')
    sockets.add(out)
    out.on('error', () => socket.destroy())
    socket.pipe(out).pipe(socket)
  }
  return fake
}
