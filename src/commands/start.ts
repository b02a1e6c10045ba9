// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool start: runs a relay until a signal stops it.

import { setFlagsFromString } from 'node:v8'
import type { Command } from 'commander'
import {
  type Config,
  type ConfigSources,
  dataDirectory,
  loadConfig,
  takeEnvironment,
} from '../config/config.js'
import { systemClock } from '../lib/clock.js'
import { createLog, type Log } from '../lib/log.js'
import { PRIORITY, prioritized } from '../lib/log-forms.js'
import { formFor, isJournal, openOutput } from '../lib/log-output.js'
import { collect } from '../lib/memory-release.js'
import type { RelayStatus } from '../operator/protocol.js'
import type { Relay, RelayOptions } from '../relay.js'
import { superviseProcess } from './lifetime.js'
import { findServiceManager } from './notify.js'
import { withData, withDetails, withExamples } from './options.js'
import { facts, print } from './output.js'
import { fail } from './report.js'

export interface StartOptions {
  config?: string
  set?: string[]
  data?: string
}

/** Starts a relay. Tests replace it. */
export type Launch = (options: RelayOptions) => Promise<Relay>

/** Adds options, help and action to the empty command `start`. */
export function define(command: Command): void {
  withData(command)
    .option('--config <file>', 'TOML configuration file')
    .option(
      '--set <key=value>',
      'set one configuration key, overriding the file; repeatable',
      (pair: string, before: string[] = []) => [...before, pair],
    )
  withExamples(command, [
    ['tidepool start', 'defaults: SSB on port 8008, web on 127.0.0.1:8080'],
    ['tidepool start --config /etc/tidepool.toml', 'use a configuration file'],
    ['tidepool start --set web.port=8081', 'change one key'],
  ])
  withDetails(
    command,
    'The relay runs until you press Ctrl-C or send SIGTERM. SIGHUP reloads the configuration.',
  )
  command.action((options: StartOptions) => start(options))
}

/**
 * Bytes of bytecode that a function runs before V8 considers optimizing it; four times V8's default. Starting then does
 * not load the optimizing compiler, which costs 4 MB. Hot functions are still optimized.
 */
const INTERRUPT_BUDGET = 500_000

/** Runs a relay. Resolves when it is up or has failed to start; a failure sets the exit code. */
export async function start(options: StartOptions, launch: Launch = launchRelay): Promise<void> {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
  // drops baseline code of functions that have not run for a while, as V8 does with bytecode; see `memory-release.ts`
  setFlagsFromString('--flush-baseline-code')
  const sources: ConfigSources = { file: options.config, sets: options.set }
  const readConfig = (): Config => loadConfig(sources)
  const manager = findServiceManager(systemClock)
  const toJournal = isJournal(takeEnvironment(['JOURNAL_STREAM']).JOURNAL_STREAM)
  let log: Log | null = null
  try {
    const config = readConfig()
    const dataDir = dataDirectory(options.data)
    const form = formFor(toJournal)
    const output = openOutput(form)
    process.on('exit', output.flush)
    log = createLog(config.log.level, output, form)
    const lifetime = superviseProcess(log, readConfig, manager.stopping)
    const relay = await launch({ config, dataDir, log, readConfig })
    // a signal that arrived during the start closes the relay now, without a banner
    if (lifetime.adopt(relay)) {
      const status = await relay.status()
      // Not the banner: many users can read the journal, and it would store the set-up link for years.
      if (toJournal) log.info({ version: status.version, id: status.id, ...status.addresses }, 'relay up')
      else print(banner(status, relay.setupLink(), dataDir, options.data !== undefined))
      await manager.ready(relay, log)
    }
    // V8 would keep some 5 MB of garbage from the start until the heap fills, which takes days on a quiet relay.
    collect()
  } catch (err) {
    fail(err, {
      stack: log?.isLevelEnabled('debug'),
      form: (text) => (toJournal ? prioritized(PRIORITY.error, text) : text),
    })
    // parts that a failed start left open must not keep the process alive
    setTimeout(() => process.exit(1), 1000).unref()
  }
}

async function launchRelay(options: RelayOptions): Promise<Relay> {
  const { createRelay } = await import('../relay.js')
  return createRelay(options)
}

function banner(status: RelayStatus, setupLink: string | null, dataDir: string, named: boolean): string {
  const { addresses } = status
  const web = [addresses.https, addresses.onion, addresses.web].filter((url) => url !== null)
  const at = named ? ` --data ${quoted(dataDir)}` : ''
  const setUp = `tidepool setup --name NAME${at}`
  const first = setupLink ? ['open the set-up link in a browser, or run:', setUp] : []
  return [
    `Tidepool ${status.version} is up.`,
    facts([
      ['identity', status.id],
      ['ssb', addresses.ssb],
      ['web', web],
      ['invites', web.map((url) => `${url.replace(/\/$/, '')}/invite/`)],
      ['data', dataDir],
      ...(setupLink ? [['set-up', setupLink] as const] : []),
      ['next', [...first, `tidepool invite create${at}`, `tidepool status${at}`, 'Ctrl-C stops the relay']],
    ]),
  ].join('\n')
}

/** Quotes a path for a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
