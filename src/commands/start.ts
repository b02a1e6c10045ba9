// tidepool start: runs a relay until it is told to stop.

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
import { withData, withExamples } from './options.js'
import { facts, print } from './output.js'
import { fail } from './report.js'

export interface StartOptions {
  config?: string
  set?: string[]
  data?: string
}

/** Makes a relay; tests give their own. */
export type Launch = (options: RelayOptions) => Promise<Relay>

/** Turns the empty command into `start`. */
export function define(command: Command): void {
  withData(command)
    .option('--config <file>', 'TOML configuration file')
    .option(
      '--set <key=value>',
      'set one key, over the file; may be repeated',
      (pair: string, before: string[] = []) => [...before, pair],
    )
  withExamples(command, [
    ['tidepool start', 'with the defaults: SSB on 8008, web on 127.0.0.1:8080'],
    ['tidepool start --config /etc/tidepool.toml', 'as the file says'],
    ['tidepool start --set web.port=8081 --set log.level=debug', 'with two keys changed'],
  ])
  command.action((options: StartOptions) => start(options))
}

/**
 * Bytecode a function runs before V8 looks at compiling it for speed; four times V8's own. Starting up then no longer
 * wakes the optimizing compiler, which costs 4 MB; what is hot for long is still compiled.
 */
const INTERRUPT_BUDGET = 500_000

/** Runs a relay; resolves once it is up or has failed to come up, which the exit code then says. */
export async function start(options: StartOptions, launch: Launch = launchRelay): Promise<void> {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
  // Code that has long not run is dropped, bytecode and what V8 quickly made of it alike (see `rest.ts`).
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
    const life = superviseProcess(log, readConfig, manager.stopping)
    const relay = await launch({ config, dataDir, log, readConfig })
    // A signal that came while the relay was starting is obeyed now, without a banner that would be a lie.
    if (life.adopt(relay)) {
      const status = await relay.status()
      // The journal has many readers, and keeps for years what a set-up link opens once.
      if (toJournal) log.info({ id: status.id, ...status.addresses }, `Tidepool ${status.version} is up`)
      else print(banner(status, relay.setupLink(), dataDir, options.data !== undefined))
      await manager.ready(relay, log)
    }
    // Once: V8 would keep some 5 MB of what starting took until the heap fills, which on a quiet relay takes days.
    collect()
  } catch (err) {
    fail(err, {
      stack: log?.isLevelEnabled('debug'),
      form: (text) => (toJournal ? prioritized(PRIORITY.error, text) : text),
    })
    // Whatever a half-started relay left running must not keep a dead service alive.
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
  const first = setupLink ? ['open the set-up link in a browser, or:', setUp] : []
  return [
    `Tidepool ${status.version} is up.`,
    facts([
      ['identity', status.id],
      ['ssb', addresses.ssb],
      ['web', web],
      ['invites', web.map((url) => `${url.replace(/\/$/, '')}/invite/`)],
      ['data', dataDir],
      ...(setupLink ? [['set-up', setupLink] as const] : []),
      ['next', [...first, `tidepool invite create${at}`, `tidepool status${at}`, 'Ctrl-C to stop']],
    ]),
  ].join('\n')
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
