// tidepool members link, tidepool members log: let somebody into the web without an app; see who did what.

import type { Command } from 'commander'
import { AUDIT_TOLD } from '../lib/limits.js'
import { type CommonOptions, numberFrom, visit, withDataAndJson } from './options.js'
import { moment, print, printJson, printLink, table } from './output.js'

/** Gives `members` the commands about the dashboard. */
export function defineDashboard(members: Command): void {
  withDataAndJson(
    members.command('link').description('make a link that signs one browser in as a member, once'),
  )
    .argument('<feed>', 'the feed id of a member')
    .action((feed: string, options: CommonOptions) =>
      visit(options, async (operator) => {
        const link = await operator.membersLink(feed)
        if (options.json) return printJson(link)
        printLink(link.url)
        print(
          `Whoever opens it first is ${feed} to the dashboard. It is good until ${new Date(link.expires).toISOString()}.`,
        )
      }),
    )
  withDataAndJson(members.command('log').description('what was done to members and the room, and by whom'))
    .option('--count <n>', 'how many entries, newest first', numberFrom(1, AUDIT_TOLD), 100)
    .action((options: CommonOptions & { count: number }) =>
      visit(options, async (operator) => {
        const entries = await operator.audit(options.count)
        if (options.json) return printJson(entries)
        if (entries.length === 0) return print('Nothing was done yet.')
        const rows = entries.map(({ at, who, what, whom, detail }) => [moment(at), who, what, whom, detail])
        print(table(['WHEN', 'WHO', 'WHAT', 'WHOM', 'DETAIL'], rows))
      }),
    )
}
