// SPDX-License-Identifier: AGPL-3.0-or-later
// secret-stack with ssb-db2 as a pub: it serves histories with ssb-db2's own compat plugin, and takes in by
// asking each feed it follows for a history and adding each message with db.add. With ssb-ebt it has feeds from the start.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { answerWith } from '../lib/ipc.js'

const require = createRequire(import.meta.url)
/** secret-stack cuts silent connections after 5 s where no timers are configured, after 10 min where some are. */
const TIMERS = {}
const pull = require('pull-stream')

interface Start {
  path: string
  port: number
  /** adds a message only when the one before it is stored, as ssb-ebt does; otherwise as they come */
  oneByOne?: boolean
  ebt?: Array<{ id: string; file: string }>
}

const followed = new Set<string>()

answerWith({
  async start({ path, port, oneByOne = false, ebt }: Start) {
    const SecretStack = require('secret-stack')
    const keys = require('ssb-keys').generate()
    const incoming = { net: [{ scope: 'device', transform: 'shs', host: '127.0.0.1', port }] }
    const stack = SecretStack({ caps: require('ssb-caps') }).use(require('ssb-db2'))
    if (ebt) stack.use(require('ssb-db2/compat/ebt')).use(require('ssb-ebt-9'))
    const peer = stack.use(require('ssb-db2/compat/history-stream'))({
      path,
      keys,
      timers: TIMERS,
      connections: { incoming, outgoing: {} },
    })
    for (const { id, file } of ebt ?? []) {
      const values = readFileSync(file, 'utf8').trim().split('\n')
      // the database takes a feed in as one batch
      await new Promise<void>((resolve, reject) =>
        peer.db.addBatch(
          values.map((line) => JSON.parse(line)),
          (err: Error | null) => (err ? reject(err) : resolve()),
        ),
      )
      peer.ebt.request(id, true)
    }
    const store = (value: object, cb: () => void): void => {
      peer.db.add(value, oneByOne ? cb : () => {})
      if (!oneByOne) cb()
    }
    // biome-ignore lint/suspicious/noExplicitAny: a muxrpc peer
    peer.on('rpc:connect', (rpc: any) => {
      if (!followed.has(rpc.id)) return
      pull(
        rpc.createHistoryStream({ id: rpc.id, seq: 1, live: true, keys: false }),
        pull.asyncMap(store),
        pull.drain(
          () => {},
          () => {},
        ),
      )
    })
    return keys.id
  },
  follow(ids: string[]) {
    for (const id of ids) followed.add(id)
  },
})
