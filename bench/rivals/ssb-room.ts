// SPDX-License-Identifier: AGPL-3.0-or-later
// ssb-room with all the plugins of its own `start` command, and nothing changed but where it listens.

import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { answerWith } from '../lib/ipc.js'

const require = createRequire(import.meta.url)

answerWith({
  async start({ path, port, webPort }: { path: string; port: number; webPort: number }) {
    // Where it looks for its configuration: HOME is the bench's own directory.
    const home = join(path, '.ssb')
    mkdirSync(home, { recursive: true })
    const net = [{ scope: 'public', transform: 'shs', port, host: '127.0.0.1' }]
    const config = {
      port,
      host: '127.0.0.1',
      logging: { level: 'error' },
      connections: { incoming: { net } },
    }
    writeFileSync(join(home, 'config'), JSON.stringify(config))
    // What its set-up page leaves behind.
    writeFileSync(join(home, 'roomcfg'), JSON.stringify({ name: 'bench', description: 'a room' }))

    // Its page's port is fixed in its code; the bench says which.
    const { application } = require('express')
    const listen = application.listen
    application.listen = function (_port: number, ...rest: unknown[]) {
      return listen.call(this, webPort, '127.0.0.1', ...rest.filter((each) => typeof each === 'function'))
    }
    require('ssb-room')
    return require('ssb-room/config').keys.id
  },
  follow() {},
})
