// SPDX-License-Identifier: AGPL-3.0-or-later
// A room client over a real socket: accepts and dials tunnels, with a secret handshake and muxrpc inside each.

import { createRequire } from 'node:module'
import ssbKeys, { type Keys } from 'ssb-keys'
import type { Test } from 'tap'
import { signMessage } from '../../src/ssb/message.js'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import { type Client, connectClient } from './client.js'
import { createTestFeed, historyOf, type TestFeed } from './feed.js'
import type { Duplex, End, Source } from './pull.js'
import type { BootedRelay } from './relay.js'

const require = createRequire(import.meta.url)
const Shs = require('multiserver/plugins/shs')
const Muxrpc = require('muxrpc')
const DuplexPair = require('pull-pair/duplex')

/** The methods that two friends can call through the tunnel. */
const FRIEND_MANIFEST = { whoami: 'sync', createHistoryStream: 'source' }

/** The peer at the other end of a tunnel, proved by a handshake that the relay cannot read. */
export interface Friend {
  /** as the handshake inside the tunnel proved it */
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
  rpc: any
  closed: Promise<void>
  close(): void
}

export interface RoomClient extends Client {
  feed: TestFeed
  /** the arguments of each tunnel that the relay opened to us */
  told: Array<Record<string, unknown>>
  /** the peers of those tunnels, after their handshake */
  visitors: Friend[]
  /** pings of the relay */
  pings: number
  /** Publishes a follow in our own feed. */
  follow(friend: string): void
  /** Dials a peer through the room. `options` are merged into the argument of `tunnel.connect`. */
  dial(target: string, options?: Record<string, unknown>): Promise<Friend>
}

export interface RoomClientOptions {
  keys?: Keys
  /** another port than the relay's own, such as a proxy's */
  port?: number
}

export async function connectRoomClient(
  t: Test,
  relay: BootedRelay,
  { keys = ssbKeys.generate(), port = relay.ssbPort }: RoomClientOptions = {},
): Promise<RoomClient> {
  const feed = createTestFeed(keys)
  const told: RoomClient['told'] = []
  const visitors: Friend[] = []
  let pings = 0
  let previous: Parameters<typeof signMessage>[1] = null
  const api = {
    createHistoryStream: historyOf(feed),
    tunnel: {
      connect(options: Record<string, unknown>): Duplex<Buffer> {
        told.push(options)
        const [inner, outer] = DuplexPair()
        friendOver(inner, keys, feed).then(
          (friend) => visitors.push(friend),
          () => {},
        )
        return outer
      },
      ping: () => {
        pings += 1
        return Date.now()
      },
    },
  }
  const client = await connectClient({ port, relay: relay.id, keys, api })
  t.teardown(() => client.close())
  return {
    ...client,
    feed,
    told,
    visitors,
    get pings() {
      return pings
    },
    follow(friend) {
      const content = { type: 'contact', contact: friend, following: true }
      const { sequence, hash, json } = signMessage(keys, previous, content, Date.now())
      previous = { sequence, hash }
      feed.messages.push(JSON.parse(json))
    },
    async dial(target, options = {}) {
      const stream = client.rpc.tunnel.connect({ portal: relay.id, target, ...options }, () => {})
      return friendOver(stream, keys, feed, target)
    },
  }
}

/** Makes the handshake over a tunnel's bytes, as the client if a target is given, and speaks muxrpc over it. */
export async function friendOver(
  stream: Duplex<Buffer>,
  keys: Keys,
  feed: TestFeed,
  target?: string,
): Promise<Friend> {
  const bytes = (key: string): Buffer => Buffer.from(key.replace('.ed25519', ''), 'base64')
  const shs = Shs({
    keys: { publicKey: bytes(keys.public), secretKey: bytes(keys.private) },
    appKey: Buffer.from(NETWORK_KEY, 'base64'),
    timeout: 5000,
    auth: (_: unknown, cb: (err: null, ok: boolean) => void) => cb(null, true),
  })
  const shake = shs.create(target ? { key: bytes(target.slice(1)) } : undefined)
  const sealed: Duplex<Buffer> & { remote: Buffer } = await new Promise((resolve, reject) => {
    shake(stream, (err: Error | null, sealed: never) => (err ? reject(err) : resolve(sealed)))
  })
  const id = `@${sealed.remote.toString('base64')}.ed25519`
  const local = { whoami: () => ({ id: keys.id }), createHistoryStream: historyOf(feed) }
  const rpc = Muxrpc(FRIEND_MANIFEST, FRIEND_MANIFEST, local, id, { allow: null, deny: null }, false)
  const closed = new Promise<void>((resolve) => rpc.once('closed', () => resolve()))
  const duplex = rpc.stream
  duplex.sink(sealed.source)
  sealed.sink(duplex.source)
  return { id, rpc, closed, close: () => rpc.close(true, () => {}) }
}

/** A live stream as it is read: what came, and how it ended. */
export interface Watched<T> {
  items: T[]
  ended: End
  stop(): void
}

export function watch<T>(read: Source<T>): Watched<T> {
  const watched: Watched<T> = {
    items: [],
    ended: null,
    stop: () => read(true, () => {}),
  }
  const next = (): void =>
    read(null, (end, item) => {
      if (end) {
        watched.ended = end
        return
      }
      watched.items.push(item as T)
      next()
    })
  next()
  return watched
}

/** The attendants by a stream of `room.attendants`; throws if one is added or removed twice. */
export function presentIn(watched: Watched<{ type: string; id?: string; ids?: string[] }>): Set<string> {
  const present = new Set<string>()
  for (const { type, id = '', ids = [] } of watched.items) {
    if (type === 'state') {
      present.clear()
      for (const one of ids) present.add(one)
    } else if (type === 'joined') {
      if (present.has(id)) throw new Error(`${id} joined twice`)
      present.add(id)
    } else if (!present.delete(id)) throw new Error(`${id} left without having joined`)
  }
  return present
}
