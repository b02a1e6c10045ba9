// SPDX-License-Identifier: AGPL-3.0-or-later
// Real apps for tests: secret-stack 6.4 with ssb-db2, as Manyverse is built, each in its own directory.

import { createRequire } from 'node:module'
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import ssbKeys, { type Keys } from 'ssb-keys'
import type { Test } from 'tap'
import type { KeyedMessage, MessageValue } from '../../src/ssb/message.js'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import type { Source } from './pull.js'
import { shortDir, until } from './relay.js'

const require = createRequire(import.meta.url)

/** The argument of a `createHistoryStream`. */
export type AskedFor = Record<string, unknown>

export interface AppOptions {
  keys?: Keys
  path?: string
  /** secret-stack plugins beside ssb-db2, such as ssb-conn and an invite plugin */
  plugins?: unknown[]
  /** whether it can call and be called through rooms; needs ssb-room-client */
  tunnels?: boolean
}

export interface App {
  id: string
  keys: Keys
  path: string
  // biome-ignore lint/suspicious/noExplicitAny: secret-stack's api grows with every plugin
  ssb: any
  /** requests for our history that this app received, in order */
  asked: AskedFor[]
  /** sequences this app has sent, in the order it sent them, whatever the request */
  sent: number[]
  /** If set, the app sends so many messages in total and then nothing, with its connection open. */
  sendAtMost: number
  /** Continues to send where it stopped. */
  sendOn(): void
  /** Writes posts all at once, as an import or a script does: their timestamps tie. Resolves when they are written. */
  write(count: number): Promise<KeyedMessage[]>
  /** Dials the relay with the app's own key. */
  connect(at: { port: number; relay: string }): Promise<AppConnection>
  /** Values of a feed in this app's own database, ascending. */
  feed(id: string): Promise<MessageValue[]>
  close(): Promise<void>
}

export interface AppConnection {
  // biome-ignore lint/suspicious/noExplicitAny: methods as the manifests name them
  rpc: any
  closed: Promise<void>
  /**
   * Replicates feeds as legacy clients do, one live history each, our own first.
   * Received messages are added to ssb-db2, which checks them; `failures` has those it refused.
   */
  replicate(ids: string[]): Replication
  close(): Promise<void>
}

export interface Replication {
  /** sequences in the order they came over the wire, by author */
  arrived: Map<string, number[]>
  added: Map<string, number>
  failures: Error[]
}

/** Plugins that every app here needs: the database, and the method that the relay calls. */
const BASE = [
  'ssb-db2/core',
  'ssb-classic',
  'ssb-box',
  'ssb-db2/compat/publish',
  'ssb-db2/compat/db',
  'ssb-db2/compat/history-stream',
  'ssb-db2/compat/feedstate',
]

/** Messages given to the database before the event loop continues. */
const WRITE_STEP = 250

export async function openApp(t: Test, options: AppOptions = {}): Promise<App> {
  const { keys = ssbKeys.generate(), path = await shortDir(t), plugins = [], tunnels = false } = options
  const SecretStack = require('secret-stack')
  const stack = SecretStack({ appKey: NETWORK_KEY, caps: { shs: NETWORK_KEY } })
  for (const name of BASE) stack.use(require(name))
  for (const plugin of plugins) stack.use(plugin)
  const ssb = stack({
    keys,
    path,
    caps: { shs: NETWORK_KEY },
    // without this secret-stack closes connections that are silent for five seconds
    timers: { inactivity: 600_000, handshake: 15_000 },
    connections: {
      incoming: tunnels ? { tunnel: [{ scope: 'public', transform: 'shs' }] } : {},
      outgoing: { net: [{ transform: 'shs' }], ...(tunnels ? { tunnel: [{ transform: 'shs' }] } : {}) },
    },
    conn: { autostart: false, firewall: { rejectBlocked: false, rejectUnknown: false } },
  })
  const { where, author, toPromise } = require('ssb-db2/operators')

  const asked: AskedFor[] = []
  const sent: number[] = []
  ssb.createHistoryStream.hook((fn: (query: object) => Source<KeyedMessage>, [query]: [AskedFor]) => {
    asked.push(query)
    return watched(fn(query))
  })

  /** Notes what the app sends, and stops it where a test wants that. */
  const silenced: Array<() => void> = []
  function watched(read: Source<KeyedMessage>): Source<KeyedMessage> {
    return function source(abort, cb) {
      if (!abort && sent.length >= app.sendAtMost) {
        silenced.push(() => source(null, cb))
        return
      }
      read(abort, (end, message) => {
        if (message && !end) sent.push(message.value.sequence)
        cb(end, message)
      })
    }
  }

  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    await closeQuietly(ssb)
  }
  t.teardown(close)

  const create = (text: string): Promise<KeyedMessage> =>
    new Promise((resolve, reject) => {
      ssb.db.create({ keys, content: { type: 'post', text } }, (err: Error | null, message: KeyedMessage) =>
        err ? reject(err) : resolve(message),
      )
    })

  const app: App = {
    id: keys.id,
    keys,
    path,
    ssb,
    asked,
    sent,
    sendAtMost: Number.POSITIVE_INFINITY,
    sendOn() {
      app.sendAtMost = Number.POSITIVE_INFINITY
      for (const goOn of silenced.splice(0)) goOn()
    },
    close,
    async write(count) {
      const written: Array<Promise<KeyedMessage>> = []
      for (let i = 1; i <= count; i++) {
        written.push(create(`tide ${i} of ${count}`))
        if (i % WRITE_STEP === 0) await breathe()
      }
      const messages = await Promise.all(written)
      await new Promise((resolve) => ssb.db.onDrain(resolve))
      return messages
    },
    async feed(id) {
      const messages: KeyedMessage[] = await ssb.db.query(where(author(id)), toPromise())
      return messages.map(({ value }) => value).sort((a, b) => a.sequence - b.sequence)
    },
    async connect({ port, relay }) {
      const address = `net:127.0.0.1:${port}~shs:${relay.slice(1, -8)}`
      // biome-ignore lint/suspicious/noExplicitAny: secret-stack's peer
      const rpc: any = await new Promise((resolve, reject) => {
        ssb.connect(address, (err: Error | null, peer: unknown) => (err ? reject(err) : resolve(peer)))
      })
      const closed = new Promise<void>((resolve) => rpc.once('closed', () => resolve()))
      return {
        rpc,
        closed,
        async close() {
          rpc.close(true, () => {})
          await closed
        },
        replicate: (ids) => replicate(ssb, rpc, [keys.id, ...ids]),
      }
    },
  }
  return app
}

/** Milliseconds after which ssb-db2 has written what it received: it adds messages in batches, 250 ms apart. */
const ADDED_MS = 400

/** Closes an app with ssb-db2, which throws if it still has messages to write: its connections end before. */
// biome-ignore lint/suspicious/noExplicitAny: secret-stack
async function closeQuietly(ssb: any): Promise<void> {
  ssb.conn?.stop()
  // biome-ignore lint/suspicious/noExplicitAny: secret-stack's peers
  for (const rpc of Object.values<any[]>(ssb.peers).flat()) rpc.close(true, () => {})
  await delay(ADDED_MS)
  await new Promise((resolve) => ssb.close(true, resolve))
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function replicate(ssb: any, rpc: any, ids: string[]): Replication {
  const result: Replication = { arrived: new Map(), added: new Map(), failures: [] }
  const one = (id: string, from: number): void => {
    const arrived: number[] = []
    result.arrived.set(id, arrived)
    result.added.set(id, 0)
    const read: Source<KeyedMessage> = rpc.createHistoryStream({ id, sequence: from, live: true })
    const next = (): void =>
      read(null, (end, message) => {
        if (end || !message) return
        arrived.push(message.value.sequence)
        // not awaited: ssb-db2 adds messages that arrive quickly as one batch, in order
        ssb.db.add(message.value, (err: Error | null) => {
          if (err) result.failures.push(err)
          else result.added.set(id, (result.added.get(id) ?? 0) + 1)
        })
        next()
      })
    next()
  }
  for (const id of ids)
    ssb.getFeedState(id, (_: unknown, state: { sequence: number }) => one(id, state.sequence + 1))
  return result
}

/** Waits until the relay has so many messages of a feed; returns its row. */
export function kept(
  operator: { membersList(): Promise<Array<{ id: string; messages: number; latest: number }>> },
  id: string,
  messages: number,
  ms?: number,
) {
  return until(
    `${messages} messages of ${id} at the relay`,
    async () => (await operator.membersList()).find((row) => row.id === id && row.messages === messages),
    ms,
  )
}
