// SPDX-License-Identifier: AGPL-3.0-or-later
// A proxy that forwards what clients send in chunks of one byte, each in its own packet.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Test } from 'tap'

/** Writes each byte separately, and waits until it is sent. */
export async function crumble(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true)
  for (let i = 0; i < bytes.length && !socket.destroyed; i++) {
    socket.write(bytes.subarray(i, i + 1))
    await breathe()
  }
}

/** Listens in front of a port; returns the port that clients connect to instead. */
export async function crumblingWire(t: Test, port: number): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const relay = connect(port, '127.0.0.1')
    sockets.push(client, relay)
    for (const socket of [client, relay]) socket.on('error', () => {})
    relay.pipe(client)
    relay.on('close', () => client.destroy())
    let last = Promise.resolve()
    client.on('data', (chunk: Buffer) => {
      last = last.then(() => crumble(relay, chunk))
    })
    client.on('close', () => void last.then(() => relay.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
