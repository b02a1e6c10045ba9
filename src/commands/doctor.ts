// tidepool doctor: has the running relay examine itself, and says what to do about what it finds.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { count, print, printJson, table } from './output.js'

interface DoctorOptions extends CommonOptions {
  rebuild?: boolean
}

/** Turns the empty command into `doctor`. */
export function define(command: Command): void {
  withDataAndJson(command).option(
    '--rebuild',
    "fold the relay's own feed into the members table anew, and compare",
  )
  withExamples(command, [
    ['tidepool doctor', 'exit code 0 if all is well, 1 if something is not'],
    ['tidepool doctor --rebuild', 'also prove that the member list is what the feed says'],
  ])
  command.action((options: DoctorOptions) =>
    visit(options, async (operator) => {
      const report = await operator.doctor({ rebuild: options.rebuild === true })
      const bad = report.checks.filter(({ ok }) => !ok).length
      if (options.json) printJson(report)
      else {
        const rows = report.checks.map(({ name, ok, detail }) => [ok ? 'ok' : 'BAD', name, detail])
        print(table(['', 'CHECK', 'FOUND'], rows))
        print(bad === 0 ? 'All is well.' : `${count(bad, 'finding')} to see to.`)
      }
      if (!report.ok) process.exitCode = 1
    }),
  )
}
