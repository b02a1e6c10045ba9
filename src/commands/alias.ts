// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool alias: lists and revokes aliases.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { idCell, print, printJson, printTable, timeCell } from './output.js'

/** Adds subcommands, help and actions to the empty command `alias`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool alias list', 'list all aliases with their owners'],
    ['tidepool alias revoke bob', 'revoke an alias; any member can register it again'],
  ])
  defineList(command.command('list').description('list the aliases of members'))
  defineRevoke(command.command('revoke').description('revoke an alias'))
}

function defineList(command: Command): void {
  withExamples(withDataAndJson(command), [['tidepool alias list', 'list all aliases']])
  command.action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const aliases = await operator.aliasList()
      if (options.json) return printJson(aliases)
      if (aliases.length === 0) return print('No aliases yet. Members register them in their apps.')
      const rows = aliases.map(({ alias, owner, since }) => [alias, idCell(owner), timeCell(since)])
      printTable(['ALIAS', 'OWNER', 'SINCE'], rows)
    }),
  )
}

function defineRevoke(command: Command): void {
  withDataAndJson(command).argument('<alias>', 'the alias')
  withExamples(command, [['tidepool alias revoke bob', 'revoke the alias bob']])
  command.action((alias: string, options: CommonOptions) =>
    visit(
      options,
      async (operator) => {
        await operator.aliasRevoke(alias)
        if (options.json) printJson({ alias })
        else print(`Revoked the alias ${alias}.`)
      },
      { not_found: 'list the aliases with: tidepool alias list' },
    ),
  )
}
