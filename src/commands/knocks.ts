// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool members knocks, accept, decline: lists and answers requests to join.

import type { Command } from 'commander'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { personCell, print, printJson, printTable, timeCell } from './output.js'

const ADVICE = { not_found: 'list the requests to join with: tidepool members knocks' }

/** Adds the commands for knocks to `members`. */
export function defineKnocks(members: Command): void {
  const list = withDataAndJson(members.command('knocks').description('list the requests to join'))
  withExamples(list, [['tidepool members knocks', 'list the requests to join']])
  list.action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const knocks = await operator.knocksList()
      if (options.json) return printJson(knocks)
      if (knocks.length === 0) return print('No requests to join.')
      const rows = knocks.map(({ id, name, since, expires, note }) => [
        personCell(id, name),
        timeCell(since),
        timeCell(expires),
        note,
      ])
      printTable(['ID', 'SINCE', 'EXPIRES', 'NOTE'], rows)
    }),
  )
  const accept = withDataAndJson(members.command('accept').description('accept a request to join'))
  withExamples(accept, [["tidepool members accept '@….ed25519'", 'accept the request of this feed']])
  accept.argument('<feed>', 'feed id, as listed').action((feed: string, options: CommonOptions) =>
    visit(
      options,
      async (operator) => {
        const message = await operator.knockAccept(feed)
        if (options.json) printJson(message)
        else print(`${feed} is now a member: the relay follows it.`)
      },
      ADVICE,
    ),
  )
  const decline = withDataAndJson(members.command('decline').description('decline a request to join'))
  withExamples(decline, [["tidepool members decline '@….ed25519'", 'decline the request of this feed']])
  decline.argument('<feed>', 'feed id, as listed').action((feed: string, options: CommonOptions) =>
    visit(
      options,
      async (operator) => {
        await operator.knockDecline(feed)
        if (options.json) printJson({ declined: feed })
        else print(`Declined ${feed}. It can knock again; to prevent that: tidepool block '${feed}'`)
      },
      ADVICE,
    ),
  )
}
