// tidepool members knocks, accept, decline: who waits at the door, and the answer they get.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson } from './options.js'
import { moment, print, printJson, table } from './output.js'

const ABSENT = { not_found: 'see who waits with: tidepool members knocks' }

/** Gives `members` the commands about those who are not members yet. */
export function defineKnocks(members: Command): void {
  withDataAndJson(members.command('knocks').description('list who has knocked and waits')).action(
    (options: CommonOptions) =>
      visit(options, async (operator) => {
        const knocks = await operator.knocksList()
        if (options.json) return printJson(knocks)
        if (knocks.length === 0) return print('Nobody is knocking.')
        const rows = knocks.map(({ id, since, expires, note }) => [id, moment(since), moment(expires), note])
        print(table(['ID', 'SINCE', 'EXPIRES', 'NOTE'], rows))
      }),
  )
  withDataAndJson(members.command('accept').description('let in somebody who has knocked'))
    .argument('<feed>', 'the feed id, as listed')
    .action((feed: string, options: CommonOptions) =>
      visit(
        options,
        async (operator) => {
          const message = await operator.knockAccept(feed)
          if (options.json) printJson(message)
          else print(`${feed} is in: the relay follows it now.`)
        },
        ABSENT,
      ),
    )
  withDataAndJson(members.command('decline').description('send away somebody who has knocked'))
    .argument('<feed>', 'the feed id, as listed')
    .action((feed: string, options: CommonOptions) =>
      visit(
        options,
        async (operator) => {
          await operator.knockDecline(feed)
          if (options.json) printJson({ declined: feed })
          else print(`${feed} waits no longer. It may knock again; to shut it out: tidepool block '${feed}'`)
        },
        ABSENT,
      ),
    )
}
