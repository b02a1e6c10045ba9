// tidepool unblock: lets somebody who was shut out come back.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson } from './output.js'

/** Turns the empty command into `unblock`. */
export function define(command: Command): void {
  withDataAndJson(command).argument('<feed>', 'the feed id, @….ed25519')
  withExamples(command, [
    ["tidepool unblock '@….ed25519'", 'lift a block; membership does not come back by itself'],
  ])
  command.action((feed: string, options: CommonOptions) =>
    visit(
      options,
      async (operator) => {
        await operator.unblock(feed)
        if (options.json) printJson({ unblocked: feed })
        else print(`${feed} is blocked no longer. To let them in again: tidepool members add '${feed}'`)
      },
      { not_found: 'see who is blocked with: tidepool block --list' },
    ),
  )
}
