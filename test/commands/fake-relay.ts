// SPDX-License-Identifier: AGPL-3.0-or-later
// A program that starts a fake relay: run as a child by start.test.ts.
// The behaviour is its first argument; all others go to the command.

import { writeSync } from 'node:fs'
import { program } from 'commander'
import { define, type Launch, start } from '../../src/commands/start.js'
import { RelayError } from '../../src/lib/errors.js'
import { STATUS } from './fake-status.js'

const [behaviour = '', ...args] = process.argv.slice(2)
const say = (text: string): void => {
  writeSync(2, `fake: ${text}\n`)
}

const launch: Launch = async ({ config }) => {
  if (behaviour === 'no-port') throw new RelayError('address_unusable', '0.0.0.0:8008 (EADDRINUSE)')
  // a listener, say, that a start which fails leaves behind
  const alive = setInterval(() => {}, 60_000)
  if (behaviour === 'bug') throw new TypeError('x is not a function')
  if (behaviour === 'slow-start') {
    say('starting')
    await new Promise((resolve) => process.once('SIGTERM', resolve))
  }
  say(`port ${config.ssb.port}`)
  if (behaviour === 'throws')
    setImmediate(() => {
      throw new Error('nobody catches this')
    })
  if (behaviour === 'rejects') setImmediate(() => Promise.reject(new Error('nobody awaits this')))
  // biome-ignore lint/suspicious/noConsole: this is how a library misbehaves
  if (behaviour === 'prints') setImmediate(() => console.error('packet', { evil: 'x'.repeat(2000) }))
  return {
    status: async () => STATUS,
    pulse: async () => {},
    setupLink: () => (behaviour === 'fresh' ? 'http://127.0.0.1:8080/setup?token=t' : null),
    reload: (next) => {
      say(`reload ${next.invite.per_hour}`)
      return { applied: [], needs_restart: [] }
    },
    async close() {
      say('closing')
      if (behaviour === 'never-closes') await new Promise(() => {})
      if (behaviour === 'closes-badly') throw new Error('the store is stuck')
      clearInterval(alive)
      say('closed')
    },
  }
}

const command = program.command('start')
define(command)
command.action((options) => start(options, launch))
await program.parseAsync(['start', ...args], { from: 'user' })
