// tidepool doctor: looks at the machine, the data directory and the relay, and says what to do about what it finds.

import type { Command } from 'commander'
import { dataDirectory, loadConfig } from '../config/config.js'
import { RelayError } from '../lib/errors.js'
import { count } from '../lib/text.js'
import type { DoctorCheck, DoctorReport, RelayStatus } from '../operator/protocol.js'
import { type CommonOptions, withDataAndJson, withExamples } from './options.js'
import { print, printJson, table } from './output.js'
import { createProgressLine } from './progress.js'
import { fail } from './report.js'

interface DoctorOptions extends CommonOptions {
  rebuild?: boolean
  selfTest?: boolean
  config?: string
  set?: string[]
}

/** Turns the empty command into `doctor`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .option('--config <file>', "the relay's configuration, so that its domain and its tor are looked at too")
    .option(
      '--set <key=value>',
      'set one key, over the file; may be repeated',
      (pair, before: string[] = []) => [...before, pair],
    )
    .option('--rebuild', "fold the relay's own feed into the members table anew, and compare")
    .option('--self-test', 'try a whole relay in a temporary directory: for a fresh machine')
  withExamples(command, [
    ['tidepool doctor', 'exit code 0 if nothing is wrong, 1 if something is; warnings do not count'],
    ['tidepool doctor --config /etc/tidepool/relay.toml', 'also the domain, its certificate, and tor'],
    ['tidepool doctor --rebuild', 'also prove that the member list is what the feed says'],
    ['tidepool doctor --self-test', 'whether this machine can carry a relay, and how fast it is'],
  ])
  command.action(async (options: DoctorOptions) => {
    try {
      await (options.selfTest ? showSelfTest(options) : examine(options))
    } catch (err) {
      fail(err)
    }
  })
}

async function examine(options: DoctorOptions): Promise<void> {
  const dataDir = dataDirectory(options.data)
  const config = loadConfig({ file: options.config, sets: options.set })
  const [{ gatherFacts }, { checkSystem }, { examineAtRest, report }] = await Promise.all([
    import('./doctor/facts.js'),
    import('./doctor/checks.js'),
    import('../operator/health-checks.js'),
  ])
  const inside = await askRelay(dataDir, options.rebuild === true)
  const own = inside?.checks ?? examineAtRest(dataDir, Date.now())
  const facts = await gatherFacts(config, dataDir, inside?.status ?? null)
  show(report([...own, ...checkSystem(facts)]), options.json === true)
}

/** What the running relay finds in itself, and its status; null where none runs. */
async function askRelay(
  dataDir: string,
  rebuild: boolean,
): Promise<{ checks: DoctorCheck[]; status: RelayStatus } | null> {
  const { connectOperator } = await import('../operator/client.js')
  try {
    const client = await connectOperator(dataDir)
    try {
      const line = createProgressLine()
      const { checks } = await client.operator
        .doctor({ rebuild }, ({ stage, done, total }) =>
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
  for (const { name, detail, advice } of advised) print(`\n${name}: ${detail}\n  next: ${advice}`)
  const bad = checks.filter((check) => !check.ok).length
  const warnings = advised.length - bad
  const but = warnings > 0 ? `, with ${count(warnings, 'warning')}` : ''
  print(
    `${advised.length > 0 ? '\n' : ''}${bad === 0 ? `All is well${but}.` : `${count(bad, 'finding')} to see to${but}.`}`,
  )
}

async function showSelfTest({ json }: DoctorOptions): Promise<void> {
  // chloride tells the console what it falls back to; the step named crypto says it better
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
