// SPDX-License-Identifier: AGPL-3.0-or-later
// Lets clients without SOCKS use Tor: a local port, where each connection is a stream of its own.

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { type Ask, type Reply, Visitor } from '../helpers/http.js'

const { SocksClient } = createRequire(import.meta.url)('socks')

/** Opens a local port that forwards to a port of an onion address; returns its number. */
export async function through(t: Test, socksPort: number, host: string, port: number): Promise<number> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((socket) => {
    keep(socket)
    SocksClient.createConnection({
      proxy: { host: '127.0.0.1', port: socksPort, type: 5 },
      command: 'connect',
      destination: { host, port },
      timeout: 60_000,
    }).then(
      ({ socket: far }: { socket: Socket }) => {
        keep(far)
        far.on('close', () => socket.destroy())
        socket.on('close', () => far.destroy())
        socket.pipe(far).pipe(socket)
      },
      () => socket.destroy(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A browser that visits an onion through such a port. */
export class OnionVisitor extends Visitor {
  readonly #host: string

  constructor(port: number, host: string) {
    super(`http://127.0.0.1:${port}`)
    this.#host = host
  }

  override ask(path: string, options: Ask = {}): Promise<Reply> {
    return super.ask(path, { ...options, headers: { Host: this.#host, ...options.headers } })
  }
}
