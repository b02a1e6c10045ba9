// SPDX-License-Identifier: AGPL-3.0-or-later
// The stack of Manyverse in one app: ssb-db2, ssb-ebt, ssb-friends, ssb-replication-scheduler, ssb-conn, ssb-room-client,
// and the clients of invite codes, HTTP invites and sign-in.

import { createRequire } from 'node:module'
import type { Test } from 'tap'
import { type App, openApp } from './app.js'
import { type BootedRelay, until } from './relay.js'
import { roomAddress } from './room-app.js'

const require = createRequire(import.meta.url)

const PLUGINS = [
  'ssb-db2/compat/ebt',
  'ssb-friends',
  'ssb-ebt',
  'ssb-conn',
  'ssb-replication-scheduler',
  'ssb-room-client',
  'ssb-invite-client',
  'ssb-http-invite-client',
  'ssb-http-auth-client',
]

export interface Manyverse extends App {
  follow(feed: string): Promise<unknown>
  /** Connects by ssb-conn, and waits until the app knows that this is a room. */
  join(relay: BootedRelay): Promise<void>
  // biome-ignore lint/suspicious/noExplicitAny: methods of secret-stack's plugins
  call(method: (...args: any[]) => unknown, ...args: unknown[]): Promise<any>
  /** Peers that called this app through a room. */
  visitors: string[]
}

export async function openManyverse(t: Test): Promise<Manyverse> {
  const plugins = PLUGINS.flatMap((name) => require(name))
  const app = await openApp(t, { plugins, tunnels: true })
  const { ssb } = app
  await ssb.ebt
  const visitors: string[] = []
  ssb.on('rpc:connect', (rpc: { id: string }, isClient: boolean) => {
    if (!isClient) visitors.push(rpc.id)
  })
  const call: Manyverse['call'] = (method, ...args) =>
    new Promise((resolve, reject) =>
      method(...args, (err: Error | null, value: unknown) => (err ? reject(err) : resolve(value))),
    )
  return {
    ...app,
    visitors,
    call,
    follow: (feed) => call(ssb.friends.follow, feed, { state: true }),
    async join(relay) {
      await call(ssb.conn.connect, roomAddress(relay))
      await until('the room to be known', () => ssb.tunnel.getRoomsMap().has(relay.id))
    },
  }
}
