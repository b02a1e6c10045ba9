// SPDX-License-Identifier: AGPL-3.0-or-later
// Real room clients for tests: secret-stack with ssb-conn and ssb-room-client or ssb-tunnel, without a database.

import { createRequire } from 'node:module'
import ssbKeys, { type Keys } from 'ssb-keys'
import type { Test } from 'tap'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import type { Source } from './pull.js'
import { type BootedRelay, shortDir, until } from './relay.js'

const require = createRequire(import.meta.url)

// biome-ignore lint/suspicious/noExplicitAny: secret-stack's api grows with every plugin
type Any = any

export interface RoomApp {
  id: string
  keys: Keys
  ssb: Any
  /** peers that came to us by a tunnel */
  visitors: Any[]
  /** what `roomClient.discoveredAttendants` has sent, by id */
  discovered: Map<string, Record<string, unknown>>
  /** our own manifest as others are told it */
  manifest(): unknown
  /** Connects and waits until the client recognises the room. */
  join(relay: BootedRelay): Promise<Any>
  connect(address: string): Promise<Any>
  /** what ssb-conn's hub holds on the room last joined */
  roomData(): Record<string, unknown>
  isIn(relay: BootedRelay): boolean
  /** Keeps the room's address, to be dialled again whenever it is lost. */
  remember(): void
  startScheduler(): void
  /** Calls a method that takes a callback. */
  call(method: (...args: never[]) => unknown, ...args: unknown[]): Promise<Any>
  close(): Promise<void>
}

export interface RoomAppOptions {
  keys?: Keys
  /** the client half: `ssb-room-client` (Rooms 2) or `ssb-tunnel` (Rooms 1) */
  plugin?: 'ssb-room-client' | 'ssb-tunnel'
  /** for ssb-tunnel: the room through which it is reached */
  portal?: BootedRelay
  /** whether it can sign in at web pages (ssb-http-auth-client) */
  signIn?: boolean
}

export const roomAddress = ({ ssbPort, id }: { ssbPort: number; id: string }): string =>
  `net:127.0.0.1:${ssbPort}~shs:${id.slice(1, -8)}`

/**
 * ssb-tunnel asks for its portal by `gossip.connect`, which ssb-conn's `gossip` no longer has: apps with both add
 * this. An open connection is used; the portal is dialled at its known address.
 */
const gossipConnect = (portal: BootedRelay | undefined) => ({
  name: 'gossip',
  version: '1.0.0',
  manifest: {},
  init: (ssb: Any) => ({
    connect(id: string, cb: (err: Error | null, rpc?: Any) => void) {
      const [open] = ssb.peers[id] ?? []
      if (open) cb(null, open)
      else if (portal?.id === id) ssb.conn.connect(roomAddress(portal), { type: 'room', key: id }, cb)
      else cb(new Error('no address is known'))
    },
  }),
})

export async function openRoomApp(t: Test, options: RoomAppOptions = {}): Promise<RoomApp> {
  const { keys = ssbKeys.generate(), plugin = 'ssb-room-client', portal, signIn = false } = options
  const path = await shortDir(t)
  const stack = require('secret-stack')({ appKey: NETWORK_KEY, caps: { shs: NETWORK_KEY } })
  stack.use(require('ssb-conn'))
  if (plugin === 'ssb-tunnel') stack.use(gossipConnect(portal))
  stack.use(require(plugin))
  if (signIn) stack.use(require('ssb-http-auth-client'))
  const tunnel =
    plugin === 'ssb-tunnel' && !portal ? [] : [{ scope: 'public', transform: 'shs', portal: portal?.id }]
  const ssb = stack({
    keys,
    path,
    caps: { shs: NETWORK_KEY },
    // without this secret-stack closes connections that are silent for five seconds
    timers: { inactivity: 600_000, handshake: 15_000 },
    connections: {
      incoming: { tunnel },
      outgoing: { net: [{ transform: 'shs' }], tunnel: [{ transform: 'shs' }] },
    },
    conn: { autostart: false, firewall: { rejectBlocked: false, rejectUnknown: false } },
  })
  const visitors: Any[] = []
  const discovered: RoomApp['discovered'] = new Map()
  ssb.on('rpc:connect', (rpc: Any, isClient: boolean) => {
    if (!isClient) visitors.push(rpc)
  })
  if (ssb.roomClient)
    drain(ssb.roomClient.discoveredAttendants(), (found) => discovered.set(found.key, found))

  let open = true
  let room = { address: '', id: '' }
  const app: RoomApp = {
    id: keys.id,
    keys,
    ssb,
    visitors,
    discovered,
    manifest: () => JSON.parse(JSON.stringify(ssb.getManifest())),
    async join(relay) {
      room = { address: roomAddress(relay), id: relay.id }
      const rpc = await app.connect(room.address)
      if (ssb.tunnel.getRoomsMap)
        await until('the room to be known for one', () => ssb.tunnel.getRoomsMap().has(relay.id))
      return rpc
    },
    connect: (address) =>
      new Promise((resolve, reject) => {
        ssb.conn.connect(address, (err: Error | null, rpc: Any) => (err ? reject(err) : resolve(rpc)))
      }),
    roomData: () => {
      const [, data] = [...ssb.conn.hub().entries()].find(([at]: [string]) => at === room.address) ?? []
      return data ?? {}
    },
    isIn: ({ id }) => (ssb.peers[id] ?? []).length > 0,
    remember: () => ssb.conn.remember(room.address, { type: 'room', key: room.id, autoconnect: true }),
    startScheduler: () => ssb.conn.start(),
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        const cb = (err: Error | null, value: unknown) => (err ? reject(err) : resolve(value))
        ;(method as Any)(...args, cb)
      }),
    async close() {
      if (!open) return
      open = false
      await new Promise((resolve) => ssb.close(true, resolve))
    },
  }
  t.teardown(() => app.close())
  return app
}

function drain(read: Source<Any>, each: (item: Any) => void): void {
  read(null, (end, item) => {
    if (end) return
    each(item)
    drain(read, each)
  })
}
