// SPDX-License-Identifier: AGPL-3.0-or-later
// secret-stack by itself, listening: what any SSB peer in Node starts from.

import { createRequire } from 'node:module'
import { answerWith } from '../lib/ipc.js'

const require = createRequire(import.meta.url)
/** secret-stack cuts silent connections after 5 s where no timers are configured, after 10 min where some are. */
const TIMERS = {}

answerWith({
  start({ path, port }: { path: string; port: number }) {
    const SecretStack = require('secret-stack')
    const keys = require('ssb-keys').generate()
    const incoming = { net: [{ scope: 'device', transform: 'shs', host: '127.0.0.1', port }] }
    SecretStack({ caps: require('ssb-caps') })({
      path,
      keys,
      timers: TIMERS,
      connections: { incoming, outgoing: {} },
    })
    return keys.id
  },
})
