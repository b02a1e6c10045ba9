// SPDX-License-Identifier: AGPL-3.0-or-later
// A proxy between a client and the relay that a test can stop, or drop silently, as bad networks do.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Wire {
  /** where clients connect instead of the relay's own port */
  port: number
  /** bytes of the relay that were passed on */
  received: number
  /** connections that the relay has ended */
  cut: number
  /** Stops reading from the relay: its data waits in the kernel, then in the relay. */
  stop(): void
  /** Reads again. */
  flow(): void
  /** Passes nothing more in either direction and closes nothing: a phone in a lift. */
  vanish(): void
}

export async function stretchWire(t: Test, port: number): Promise<Wire> {
  const inner: Socket[] = []
  const all: Socket[] = []
  let stopped = false
  let gone = false
  const server = createServer((client) => {
    const relay = connect(port, '127.0.0.1')
    inner.push(relay)
    all.push(client, relay)
    for (const socket of [client, relay]) socket.on('error', () => {})
    if (stopped) relay.pause()
    relay.on('data', (chunk: Buffer) => {
      if (gone) return
      wire.received += chunk.length
      client.write(chunk)
    })
    client.on('data', (chunk: Buffer) => {
      if (!gone) relay.write(chunk)
    })
    client.on('close', () => {
      if (!gone) relay.destroy()
    })
    relay.on('close', () => {
      wire.cut += 1
      if (!gone) client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of all) socket.destroy()
    server.close()
  })
  const wire: Wire = {
    port: (server.address() as AddressInfo).port,
    received: 0,
    cut: 0,
    stop() {
      stopped = true
      for (const socket of inner) socket.pause()
    },
    flow() {
      stopped = false
      for (const socket of inner) socket.resume()
    },
    vanish() {
      gone = true
    },
  }
  return wire
}
