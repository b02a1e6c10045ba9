// tidepool alias: lists the names by which members are found, and takes one away.

import type { Command } from 'commander'
import type { Operator } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { moment, print, printJson, table } from './output.js'

/** Turns the empty command into `alias`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool alias list', 'every name, and whose it is'],
    ['tidepool alias revoke bob', 'take a name away; anybody may register it again'],
  ])
  withDataAndJson(command.command('list').description('list the names of members')).action(list)
  withDataAndJson(command.command('revoke').description('take a name away'))
    .argument('<alias>', 'the name')
    .action(revoke)
}

function list(options: CommonOptions): Promise<void> {
  return visit(options, async (operator) => {
    const aliases = await operator.aliasList()
    if (options.json) return printJson(aliases)
    if (aliases.length === 0) return print('Nobody has a name yet. Members register theirs with their apps.')
    print(
      table(
        ['ALIAS', 'OWNER', 'SINCE'],
        aliases.map(({ alias, owner, since }) => [alias, owner, moment(since)]),
      ),
    )
  })
}

function revoke(alias: string, options: CommonOptions): Promise<void> {
  const work = async (operator: Operator): Promise<void> => {
    await operator.aliasRevoke(alias)
    if (options.json) printJson({ alias })
    else print(`${alias} is nobody's name now.`)
  }
  return visit(options, work, { not_found: 'see the names there are with: tidepool alias list' })
}
