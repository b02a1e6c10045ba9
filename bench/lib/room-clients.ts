// SPDX-License-Identifier: AGPL-3.0-or-later
// A room's clients as the benches see them: one process each, behind one interface.

import { fileURLToPath } from 'node:url'
import ssbKeys from 'ssb-keys'
import { startNode } from './process.js'
import type { CrowdQuestion, Manner, Volleys } from './room-process.js'
import type { Server } from './servers.js'

export interface RoomClients {
  /** Milliseconds that `count` handshakes take, `atOnce` at a time. */
  shake(server: Server, count: number, atOnce: number): Promise<number>
  /** Brings a crowd in; answers how many are connected. */
  gather(server: Server, crowd: Omit<CrowdQuestion, 'port' | 'server'>): Promise<number>
  /** Has the whole crowd listen to who is there. */
  subscribe(manner: Manner): Promise<void>
  /** Bytes of muxrpc each of the crowd has received so far. */
  received(): Promise<number[]>
  disperse(): Promise<void>
  stop(): Promise<void>
}

const start = () =>
  startNode({ args: [fileURLToPath(new URL('./room-process.js', import.meta.url))], answers: true })

export function startRoomClients(): RoomClients {
  const child = start()
  return {
    shake: ({ port, id }, count, atOnce) => child.ask('shake', { port, server: id, count, atOnce }),
    gather: ({ port, id }, crowd) => child.ask('gather', { port, server: id, ...crowd }),
    subscribe: (manner) => child.ask('subscribe', { manner }),
    received: () => child.ask('received'),
    disperse: () => child.ask('disperse'),
    stop: child.stop,
  }
}

export interface Tunnel {
  /** Milliseconds there and back of `bytes`. */
  volley(count: number, bytes: number): Promise<Volleys>
  /** Milliseconds from the first byte sent to the last one received, in frames of `each` bytes. */
  pour(bytes: number, each: number): Promise<number>
  stop(): Promise<void>
}

/** Two clients of a room, each in a process of its own, and a tunnel from one to the other. */
export async function openTunnel({ port, id }: Server): Promise<Tunnel> {
  const [origin, target] = [start(), start()]
  const keys = ssbKeys.generate()
  await target.ask('connect', { as: 'target', port, server: id, keys })
  await origin.ask('connect', { as: 'origin', port, server: id, keys: ssbKeys.generate() })
  await origin.ask('open', { as: 'origin', portal: id, target: keys.id })
  return {
    async volley(count, bytes) {
      await target.ask('echo')
      return origin.ask('volley', { as: 'origin', count, bytes })
    },
    async pour(bytes, each) {
      const whole = Math.ceil(bytes / each) * each
      await target.ask('count', { bytes: whole })
      const began = await origin.ask<string>('pour', { as: 'origin', bytes: whole, each })
      return Number(BigInt(await target.ask<string>('counted')) - BigInt(began)) / 1e6
    },
    async stop() {
      await origin.stop()
      await target.stop()
    },
  }
}
