// SPDX-License-Identifier: AGPL-3.0-or-later
// A plain SSB client over a real socket, on the stock multiserver and muxrpc that apps in the field run.

import { createRequire } from 'node:module'
import ssbKeys, { type Keys } from 'ssb-keys'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import type { Source } from './pull.js'

const require = createRequire(import.meta.url)
const MultiServer = require('multiserver')
const Net = require('multiserver/plugins/net')
const Ws = require('multiserver/plugins/ws')
const Shs = require('multiserver/plugins/shs')
const Muxrpc = require('muxrpc')

export const CLIENT_MANIFEST = {
  manifest: 'sync',
  whoami: 'sync',
  follow: 'async',
  createHistoryStream: 'source',
  ebt: { replicate: 'duplex' },
  invite: { use: 'async' },
  gossip: { ping: 'duplex' },
  publish: 'async',
  tunnel: {
    isRoom: 'async',
    announce: 'sync',
    leave: 'sync',
    endpoints: 'source',
    connect: 'duplex',
    ping: 'sync',
    whois: 'async',
  },
  room: {
    metadata: 'async',
    attendants: 'source',
    members: 'source',
    createInvite: 'async',
    registerAlias: 'async',
    revokeAlias: 'async',
    listAliases: 'async',
  },
  httpAuth: { sendSolution: 'async', requestSolution: 'async', invalidateAllSolutions: 'async' },
}

export interface Client {
  id: string
  keys: Keys
  // biome-ignore lint/suspicious/noExplicitAny: methods as the manifest names them
  rpc: any
  /** resolves when the connection is gone, whichever end closed it */
  closed: Promise<void>
  close(): Promise<void>
}

export interface ClientOptions {
  port: number
  relay: string
  /** multiserver's transport; default `net`, TCP */
  transport?: 'net' | 'ws'
  keys?: Keys
  /** what the client answers to the relay's own calls */
  api?: Record<string, unknown>
  /** methods of the relay that only a test's relay has */
  manifest?: Record<string, unknown>
}

/** Connects and completes the handshake; rejects when the relay refuses it. */
export async function connectClient({
  port,
  relay,
  transport = 'net',
  keys = ssbKeys.generate(),
  api = {},
  manifest = {},
}: ClientOptions): Promise<Client> {
  const shs = Shs({
    keys: { publicKey: bytes(keys.public), secretKey: bytes(keys.private) },
    appKey: Buffer.from(NETWORK_KEY, 'base64'),
    timeout: 5000,
  })
  const ms = MultiServer([
    [Net({}), shs],
    [Ws({}), shs],
  ])
  const at = transport === 'ws' ? `ws://127.0.0.1:${port}` : `net:127.0.0.1:${port}`
  const address = `${at}~shs:${relay.slice(1, -8)}`
  // biome-ignore lint/suspicious/noExplicitAny: multiserver's stream
  const stream: any = await new Promise((resolve, reject) => {
    ms.client(address, (err: Error | null, stream: unknown) => (err ? reject(err) : resolve(stream)))
  })
  const local: Record<string, unknown> = {}
  for (const name of Object.keys(api)) {
    const known = CLIENT_MANIFEST[name as keyof typeof CLIENT_MANIFEST]
    local[name] = known ?? 'async'
  }
  const remote = { ...CLIENT_MANIFEST, ...manifest }
  const rpc = Muxrpc(remote, local, api, relay, { allow: null, deny: null }, false)
  const closed = new Promise<void>((resolve) => rpc.once('closed', () => resolve()))
  const duplex = rpc.stream
  duplex.sink(stream.source)
  stream.sink(duplex.source)
  return {
    id: keys.id,
    keys,
    rpc,
    closed,
    async close() {
      rpc.close(true, () => {})
      await closed
    },
  }
}

/** Reads a source until it ends or `count` items have come; then aborts it. */
export function collect<T>(read: Source<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const items: T[] = []
    if (count <= 0) return resolve(items)
    const next = (): void =>
      read(null, (end, data) => {
        if (end) return end === true ? resolve(items) : reject(end)
        items.push(data as T)
        if (items.length < count) return next()
        read(true, () => {})
        resolve(items)
      })
    next()
  })
}

function bytes(key: string): Buffer {
  return Buffer.from(key.replace('.ed25519', ''), 'base64')
}
