// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool doctor: checks the machine, the data directory and the relay, and says what to do about each finding.

import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { dataDirectory, loadConfig } from '../config/config.js'
import { RelayError } from '../lib/errors.js'
import { DAY, MINUTE, SECOND } from '../lib/limits.js'
import { count } from '../lib/text.js'
import type { DoctorCheck, DoctorReport, RelayStatus } from '../operator/protocol.js'
import { type CommonOptions, numberFrom, withDataAndJson, withExamples } from './options.js'
import { print, printJson, table } from './output.js'
import { createProgressLine } from './progress.js'
import { fail } from './report.js'
import { oneLine } from './text-layout.js'

interface DoctorOptions extends CommonOptions {
  rebuild?: boolean
  selfTest?: boolean
  watch?: boolean | number
  config?: string
  set?: string[]
}

/** Defines `doctor` on an empty command. */
export function define(command: Command): void {
  withDataAndJson(command)
    .option('--config <file>', 'check the domain and tor of this configuration, too')
    .option(
      '--set <key=value>',
      'set one key, over the file; may be repeated',
      (pair, before: string[] = []) => [...before, pair],
    )
    .option('--rebuild', 'compare members, invites and names with the feeds, and repair differences')
    .option(
      '--watch [seconds]',
      'check again every 60 seconds, or as often as given, until something is wrong',
      numberFrom(1, DAY / SECOND),
    )
    .option('--self-test', 'try a whole relay in a temporary directory, on a new machine')
  withExamples(command, [
    ['tidepool doctor', 'exit code 0 if nothing is wrong, 1 if something is; warnings do not count'],
    ['tidepool doctor --config /etc/tidepool/relay.toml', 'also the domain, its certificate, and tor'],
    ['tidepool doctor --rebuild', 'also compare the member list with the feed, and repair it'],
    ['tidepool doctor --watch', 'exit with 1 when something goes wrong; warnings are only printed'],
    ['tidepool doctor --self-test', 'whether this machine can run a relay, and how fast it is'],
  ])
  command.action(async (options: DoctorOptions) => {
    try {
      await (options.selfTest ? showSelfTest(options) : options.watch ? keepWatch(options) : examine(options))
    } catch (err) {
      fail(err)
    }
  })
}

async function examine(options: DoctorOptions): Promise<void> {
  show(await check(options), options.json === true)
}

/** Repeats the checks until one fails, which sets the exit code, or until a signal. */
async function keepWatch(options: DoctorOptions): Promise<void> {
  const { watch } = await import('./doctor/watch.js')
  const interval = typeof options.watch === 'number' ? options.watch * SECOND : MINUTE
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort())
  const pause = async (): Promise<boolean> => {
    await setTimeout(interval, null, { signal: ended.signal }).catch(() => {})
    return !ended.signal.aborted
  }
  const wrong = await watch({
    check: (quick) => check({ ...options, quick, rebuild: options.rebuild === true && !quick }),
    pause,
    report(change, { name, severity, detail, advice }) {
      const at = new Date().toISOString()
      if (options.json) print(JSON.stringify({ at, change, name, severity, detail, advice }))
      else print(`${at} ${change === 'new' ? MARKS[severity] : 'gone'} ${name}: ${oneLine(detail)}`)
    },
  })
  if (wrong) show(wrong, options.json === true)
}

async function check(options: DoctorOptions & { quick?: boolean }): Promise<DoctorReport> {
  const dataDir = dataDirectory(options.data)
  const config = loadConfig({ file: options.config, sets: options.set })
  const [{ gatherFacts }, { checkSystem }, { examineAtRest, report }] = await Promise.all([
    import('./doctor/facts.js'),
    import('./doctor/checks.js'),
    import('../operator/health-checks.js'),
  ])
  const { rebuild = false, quick = false } = options
  const inside = await askRelay(dataDir, { rebuild, ...(quick ? { quick } : {}) })
  const own = inside?.checks ?? examineAtRest(dataDir, Date.now())
  const facts = await gatherFacts(config, dataDir, inside?.status ?? null)
  return report([...own, ...checkSystem(facts)])
}

/** The running relay's own checks and its status; null if no relay runs. */
async function askRelay(
  dataDir: string,
  asked: { rebuild: boolean; quick?: boolean },
): Promise<{ checks: DoctorCheck[]; status: RelayStatus } | null> {
  const { connectOperator } = await import('../operator/client.js')
  try {
    const client = await connectOperator(dataDir)
    try {
      const line = createProgressLine()
      const { checks } = await client.operator
        .doctor(asked, ({ stage, done, total }) =>
          line.show(`doctor: ${stage}, ${done}${total === null ? '' : ` of ${total}`}`),
        )
        .finally(line.clear)
      return { checks, status: await client.operator.status() }
    } finally {
      client.close()
    }
  } catch (err) {
    if (err instanceof RelayError && err.code === 'relay_not_running') return null
    throw err
  }
}

const MARKS = { ok: 'ok', warning: 'warn', error: 'BAD' }

function show(report: DoctorReport, json: boolean): void {
  const { checks, ok } = report
  if (!ok) process.exitCode = 1
  if (json) return printJson(report)
  print(
    table(
      ['', 'CHECK', 'FOUND'],
      checks.map(({ name, severity, detail }) => [MARKS[severity], name, detail]),
    ),
  )
  const advised = checks.filter(({ advice }) => advice !== null)
  for (const { name, detail, advice } of advised) print(`\n${name}: ${oneLine(detail)}\n  next: ${advice}`)
  const bad = checks.filter((check) => !check.ok).length
  const warnings = advised.length - bad
  const but = warnings > 0 ? `, with ${count(warnings, 'warning')}` : ''
  print(
    `${advised.length > 0 ? '\n' : ''}${bad === 0 ? `All is well${but}.` : `${count(bad, 'problem')} to solve${but}.`}`,
  )
}

async function showSelfTest({ json }: DoctorOptions): Promise<void> {
  // chloride prints its fallback to the console; the crypto step reports it better
  console.warn = () => {}
  const { selfTest } = await import('./self-test.js')
  const result = await selfTest()
  if (!result.ok) process.exitCode = 1
  if (json) return printJson(result)
  print(`Tidepool on ${result.machine}, Node ${process.versions.node}`)
  print(
    table(
      ['STEP', 'MS', ''],
      result.steps.map(({ name, ms, detail }) => [name, ms, detail]),
    ),
  )
  print(result.failed ? `${result.failed.name} failed: ${result.failed.reason}` : 'All is well.')
}
