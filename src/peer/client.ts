// SPDX-License-Identifier: AGPL-3.0-or-later
// An SSB client: handshake, then muxrpc without methods of its own.

import { connect, Socket } from 'node:net'
import type { Keys } from 'ssb-keys'
import { HANDSHAKE_TIMEOUT_MS } from '../lib/limits.js'
import type { Caller } from '../muxrpc/contract.js'
import { Registry } from '../muxrpc/registry.js'
import { MuxrpcSession } from '../muxrpc/session.js'
import { TotalLimits } from '../muxrpc/stream-limits.js'
import { type FeedId, keyOf } from '../ssb/feed-id.js'
import { NETWORK_KEY } from '../ssb/network.js'
import { dial } from '../wire/handshake-client.js'
import { createCallerLimits } from './connection.js'
import { keyPairOf } from './key-pair.js'

export interface ClientOptions {
  /** an address, or a socket that leads there */
  at: { host: string; port: number } | Socket
  /** id of the relay */
  server: FeedId
  keys: Keys
}

export interface Client {
  /** Calls an async or sync method by its dotted name. Rejects with the relay's error. */
  call(name: string, ...args: unknown[]): Promise<unknown>
  close(): void
}

/** Connects to a relay. Rejects if the connection or the handshake fails. */
export async function connectClient({ at, server, keys }: ClientOptions): Promise<Client> {
  const connection = await dial(at instanceof Socket ? at : connect(at), {
    keys: keyPairOf(keys),
    appKey: Buffer.from(NETWORK_KEY, 'base64'),
    server: keyOf(server),
    timeout: HANDSHAKE_TIMEOUT_MS,
  })
  const caller: Caller = { limits: createCallerLimits(0).stranger, cut() {} }
  const parts = { registry: new Registry<Caller>(), totals: new TotalLimits(() => {}), onFault() {} }
  const rpc = new MuxrpcSession(connection, caller, parts)
  connection.receiver = rpc
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        rpc.request(name.split('.'), args, (err, value) => (err ? reject(err) : resolve(value)))
      }),
    close: () => connection.destroy(),
  }
}
