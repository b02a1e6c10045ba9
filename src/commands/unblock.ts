// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool unblock: lifts a block.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson } from './output.js'

/** Adds options, help and action to the empty command `unblock`. */
export function define(command: Command): void {
  withDataAndJson(command).argument('<feed>', 'feed id, @….ed25519')
  withExamples(command, [
    ["tidepool unblock '@….ed25519'", 'lift a block; the feed does not become a member again'],
  ])
  command.action((feed: string, options: CommonOptions) =>
    visit(
      options,
      async (operator) => {
        await operator.unblock(feed)
        if (options.json) printJson({ unblocked: feed })
        else print(`${feed} is no longer blocked. To make it a member again: tidepool members add '${feed}'`)
      },
      { not_found: 'list the blocked feeds with: tidepool block --list' },
    ),
  )
}
