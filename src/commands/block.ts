// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool block: blocks a feed, or lists the blocked feeds.

import type { Command } from 'commander'
import {
  type CommonOptions,
  OTHER_FEED,
  visit,
  withDataAndJson,
  withDetails,
  withExamples,
} from './options.js'
import { idCell, print, printJson, printTable, timeCell } from './output.js'

interface BlockOptions extends CommonOptions {
  reason?: string
  list?: boolean
}

/** Adds options, help and action to the empty command `block`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('[feed]', 'feed id, @….ed25519')
    .option('--reason <text>', 'a reason for the list; not published (default: the earlier reason)')
    .option('--list', 'list the blocked feeds instead')
  withExamples(command, [
    ["tidepool block '@….ed25519' --reason spam", 'block a feed and close its connections'],
    ['tidepool block --list', 'list the blocked feeds'],
  ])
  withDetails(command, '"tidepool unblock" does not restore the deleted messages.')
  command.action((feed: string | undefined, options: BlockOptions) => {
    if ((feed === undefined) !== (options.list === true))
      command.error('error: give either a feed id or --list')
    return visit(
      options,
      async (operator) => {
        if (feed === undefined) {
          const blocked = await operator.blockedList()
          if (options.json) return printJson(blocked)
          if (blocked.length === 0) return print('No blocked feeds.')
          const rows = blocked.map(({ id, since, reason }) => [idCell(id), timeCell(since), reason])
          return printTable(['ID', 'SINCE', 'REASON'], rows)
        }
        const { already } = await (options.reason === undefined
          ? operator.block(feed)
          : operator.block(feed, options.reason))
        if (options.json) printJson({ blocked: feed, already })
        else if (!already) print(`Blocked ${feed} and deleted its messages.`)
        else if (options.reason) print(`${feed} was already blocked. The reason is changed.`)
        else print(`${feed} was already blocked.`)
      },
      { bad_argument: OTHER_FEED },
    )
  })
}
