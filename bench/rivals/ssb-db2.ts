// SPDX-License-Identifier: AGPL-3.0-or-later
// secret-stack with ssb-db2 as a pub: it serves histories with ssb-db2's own compat plugin, and takes in by
// asking each feed it follows for a history and adding each message with db.add.

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
}

const followed = new Set<string>()

answerWith({
  start({ path, port, oneByOne = false }: Start) {
    const SecretStack = require('secret-stack')
    const keys = require('ssb-keys').generate()
    const incoming = { net: [{ scope: 'device', transform: 'shs', host: '127.0.0.1', port }] }
    const peer = SecretStack({ caps: require('ssb-caps') })
      .use(require('ssb-db2'))
      .use(require('ssb-db2/compat/history-stream'))({
      path,
      keys,
      timers: TIMERS,
      connections: { incoming, outgoing: {} },
    })
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
