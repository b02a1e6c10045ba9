// tidepool block: shuts somebody out, or lists who is.

import type { Command } from 'commander'
import { type CommonOptions, OTHER_FEED, visit, withDataAndJson, withExamples } from './options.js'
import { moment, print, printJson, table } from './output.js'

interface BlockOptions extends CommonOptions {
  reason?: string
  list?: boolean
}

/** Turns the empty command into `block`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('[feed]', 'the feed id, @….ed25519')
    .option(
      '--reason <text>',
      'why, for the list; it is not published. Without it, a reason given before stays',
    )
    .option('--list', 'list who is blocked instead')
  withExamples(command, [
    ["tidepool block '@….ed25519' --reason spam", 'shut somebody out, at once'],
    ['tidepool block --list', 'see who is shut out'],
  ])
  command.addHelpText('after', '\nUnblocking does not bring back what was deleted.')
  command.action((feed: string | undefined, options: BlockOptions) => {
    if ((feed === undefined) !== (options.list === true))
      command.error('error: give either a feed id or --list')
    return visit(
      options,
      async (operator) => {
        if (feed === undefined) {
          const blocked = await operator.blockedList()
          if (options.json) return printJson(blocked)
          if (blocked.length === 0) return print('Nobody is blocked.')
          const rows = blocked.map(({ id, since, reason }) => [id, moment(since), reason])
          return print(table(['ID', 'SINCE', 'REASON'], rows))
        }
        const { already } = await (options.reason === undefined
          ? operator.block(feed)
          : operator.block(feed, options.reason))
        if (options.json) printJson({ blocked: feed, already })
        else if (!already) print(`${feed} is blocked now, and what was kept of it is deleted.`)
        else if (options.reason) print(`${feed} was blocked already; it has the new reason.`)
        else print(`${feed} was blocked already.`)
      },
      { bad_argument: OTHER_FEED },
    )
  })
}
