// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool members link, log: creates sign-in links and shows the audit log.

import type { Command } from 'commander'
import { AUDIT_TOLD } from '../lib/limits.js'
import { type CommonOptions, numberFrom, visit, withDataAndJson, withExamples } from './options.js'
import { moment, personCell, print, printJson, printLink, printTable, timeCell } from './output.js'

/** Adds the commands `link` and `log` to `members`. */
export function defineAccess(members: Command): void {
  defineLink(members.command('link').description('create a link that signs in one browser, once'))
  defineLog(members.command('log').description('show the audit log: changes to members and room'))
}

function defineLink(command: Command): void {
  withDataAndJson(command).argument('<feed>', 'feed id of a member')
  withExamples(command, [["tidepool members link '@….ed25519'", 'sign in to the dashboard without an app']])
  command.action((feed: string, options: CommonOptions) =>
    visit(options, async (operator) => {
      const link = await operator.membersLink(feed)
      if (options.json) return printJson(link)
      await printLink(link.url)
      print(`The first browser that opens it is signed in as ${feed}.`)
      print(`It expires ${moment(link.expires)}.`)
    }),
  )
}

function defineLog(command: Command): void {
  withDataAndJson(command).option(
    '--count <n>',
    'number of entries, newest first',
    numberFrom(1, AUDIT_TOLD),
    100,
  )
  withExamples(command, [['tidepool members log --count 20', 'show the latest 20 entries']])
  command.action((options: CommonOptions & { count: number }) =>
    visit(options, async (operator) => {
      const entries = await operator.audit(options.count)
      if (options.json) return printJson(entries)
      if (entries.length === 0) return print('The audit log is empty.')
      const rows = entries.map(({ at, who, who_name, what, whom, whom_name, detail }) => [
        timeCell(at),
        personCell(who, who_name),
        what,
        personCell(whom, whom_name),
        detail,
      ])
      printTable(['WHEN', 'BY', 'ACTION', 'SUBJECT', 'DETAIL'], rows)
    }),
  )
}
