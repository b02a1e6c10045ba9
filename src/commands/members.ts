// tidepool members: lists the feeds the relay follows, and follows or unfollows one.

import type { Command } from 'commander'
import type { MemberInfo } from '../peer/operator.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { moment, print, printJson, size, table } from './output.js'

interface AddOptions extends CommonOptions {
  note?: string
}

/** Turns the empty command into `members`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool members list', 'who they are and how much is kept of them'],
    ["tidepool members add '@….ed25519' --note Ana", 'let somebody in without an invite'],
    ["tidepool members remove '@….ed25519'", 'stop following somebody'],
  ])
  defineList(command.command('list').description('list the feeds the relay follows'))
  defineAdd(command.command('add').description('follow a feed: its owner becomes a member'))
  defineRemove(
    command.command('remove').description('stop following a feed: its owner is a member no longer'),
  )
}

function defineList(command: Command): void {
  withDataAndJson(command).action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const members = await operator.membersList()
      if (options.json) return printJson(members)
      if (members.length === 0) return print('No members yet. Invite one with: tidepool invite create')
      const rows = members.map((member) => [
        member.id,
        member.online ? 'online' : '-',
        moment(member.since),
        cameBy(member),
        member.messages,
        size(member.bytes),
        member.forked ? `forked; ${member.note}` : member.note,
      ])
      print(table(['ID', 'NOW', 'SINCE', 'CAME BY', 'MESSAGES', 'SIZE', 'NOTE'], rows))
    }),
  )
}

function cameBy({ by, voucher }: MemberInfo): string {
  return voucher ? `word of ${voucher}` : by
}

function defineAdd(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'the feed id, @….ed25519')
    .option('--note <text>', 'a word about them, published with the follow')
    .action((feed: string, options: AddOptions) =>
      visit(options, async (operator) => {
        const message = await (options.note === undefined
          ? operator.membersAdd(feed)
          : operator.membersAdd(feed, options.note))
        if (options.json) printJson(message)
        else print(`The relay follows ${feed} now.`)
      }),
    )
}

function defineRemove(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'the feed id, @….ed25519')
    .action((feed: string, options: CommonOptions) =>
      visit(options, async (operator) => {
        const message = await operator.membersRemove(feed)
        if (options.json) printJson(message)
        else print(`The relay follows ${feed} no longer.`)
      }),
    )
}
