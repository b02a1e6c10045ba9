// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-server 16 with the plugins its own `start` command loads, in that order (left out: ssb-local, which broadcasts to
// the network the bench runs in), or with the fewest that replicate: fewer indexes, hence faster.

import { createRequire } from 'node:module'
import { answerWith } from '../lib/ipc.js'

const require = createRequire(import.meta.url)

const PLUGINS = [
  'ssb-private1',
  'ssb-onion',
  'ssb-unix-socket',
  'ssb-no-auth',
  'ssb-plugins',
  'ssb-master',
  'ssb-gossip',
  'ssb-replicate',
  'ssb-friends',
  'ssb-blobs',
  'ssb-invite',
  'ssb-logging',
  'ssb-query',
  'ssb-links',
  'ssb-ws',
  'ssb-ebt',
  'ssb-ooo',
]
const FEWEST = ['ssb-replicate', 'ssb-friends']

// biome-ignore lint/suspicious/noExplicitAny: ssb-server's api grows with every plugin
let server: any

answerWith({
  start({
    path,
    port,
    wsPort,
    lean = false,
  }: {
    path: string
    port: number
    wsPort: number
    lean?: boolean
  }) {
    const config = require('ssb-config/inject')('ssb', {
      path,
      port,
      host: '127.0.0.1',
      ws: { port: wsPort },
      gossip: { local: false, seed: false },
      logging: { level: 'error' },
    })
    const create = require('ssb-server')
    for (const plugin of lean ? FEWEST : PLUGINS) create.use(require(plugin))
    server = create(config)
    return server.id
  },
  async follow(ids: string[]) {
    for (const contact of ids) {
      await new Promise<void>((resolve, reject) => {
        const content = { type: 'contact', contact, following: true }
        server.publish(content, (err: Error | null) => (err ? reject(err) : resolve()))
      })
    }
  },
})
