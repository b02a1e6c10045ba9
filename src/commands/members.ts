// tidepool members: lists the feeds the relay follows, follows or unfollows one, and gives roles.

import { Argument, type Command } from 'commander'
import { count } from '../lib/text.js'
import type { MemberInfo } from '../operator/protocol.js'
import type { Role } from '../store/roles.js'
import { defineKnocks } from './knocks.js'
import { defineDashboard } from './member-access.js'
import {
  type CommonOptions,
  OTHER_FEED,
  unblockFirst,
  visit,
  withDataAndJson,
  withExamples,
} from './options.js'
import { moment, print, printJson, size, span, table } from './output.js'

interface AddOptions extends CommonOptions {
  note?: string
}

/** Turns the empty command into `members`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool members list', 'who they are and how much is kept of them'],
    ["tidepool members add '@….ed25519' --note Ana", 'let somebody in without an invite'],
    ["tidepool members remove '@….ed25519'", 'stop following somebody'],
    ["tidepool members reset '@….ed25519'", 'start a forked feed over from its owner'],
    ["tidepool members role '@….ed25519' moderator", 'let somebody moderate'],
    ["tidepool members link '@….ed25519'", 'a one-time link to the dashboard, without an app'],
    ['tidepool members knocks', 'see who waits to be let in, then accept or decline'],
  ])
  defineList(command.command('list').description('list the feeds the relay follows'))
  defineAdd(command.command('add').description('follow a feed: its owner becomes a member'))
  defineRemove(
    command.command('remove').description('stop following a feed: its owner is a member no longer'),
  )
  defineReset(command.command('reset').description('delete what is stored of a feed and ask for it again'))
  defineRole(command.command('role').description('make a member a moderator or admin, or neither'))
  defineKnocks(command)
  defineDashboard(command)
}

function defineList(command: Command): void {
  withDataAndJson(command).action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const members = await operator.membersList()
      if (options.json) return printJson(members)
      if (members.length === 0) return print('No members yet. Invite one with: tidepool invite create')
      const rows = members.map((member) => [
        member.id,
        member.role,
        lastHere(member),
        moment(member.since),
        cameBy(member),
        member.messages,
        size(member.bytes),
        [...troubleOf(member), member.note].join('; '),
      ])
      print(table(['ID', 'ROLE', 'SEEN', 'SINCE', 'CAME BY', 'MESSAGES', 'SIZE', 'NOTE'], rows))
    }),
  )
}

/** What keeps a member's messages from being taken. */
function troubleOf({ forked, refused }: MemberInfo): string[] {
  return [
    ...(forked ? ['forked'] : []),
    ...(refused ? [`messages refused ${span(Date.now() - refused.at)} ago: ${refused.code}`] : []),
  ]
}

function lastHere({ online, seen }: MemberInfo): string {
  if (online) return 'online'
  return seen === null ? 'never' : `${span(Date.now() - seen)} ago`
}

function cameBy({ by, voucher }: MemberInfo): string {
  return voucher ? `word of ${voucher}` : by
}

function defineAdd(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'the feed id, @….ed25519')
    .option('--note <text>', 'a word about them, published with the follow')
    .action((feed: string, options: AddOptions) =>
      visit(
        options,
        async (operator) => {
          const message = await (options.note === undefined
            ? operator.membersAdd(feed)
            : operator.membersAdd(feed, options.note))
          if (options.json) printJson(message)
          else print(`The relay follows ${feed} now.`)
        },
        { not_allowed: unblockFirst(feed), bad_argument: OTHER_FEED },
      ),
    )
}

function defineRemove(command: Command): void {
  const kept = [
    'Its messages stay on the disk, unserved, in case it comes back; tidepool block deletes them.',
    'A feed that a member vouched for is deleted.',
  ]
  withDataAndJson(command)
    .argument('<feed>', 'the feed id, @….ed25519')
    .addHelpText('after', `\n${kept.join('\n')}`)
    .action((feed: string, options: CommonOptions) =>
      visit(options, async (operator) => {
        const message = await operator.membersRemove(feed)
        if (options.json) printJson(message)
        else print(`The relay follows ${feed} no longer.`)
      }),
    )
}

function defineReset(command: Command): void {
  const why = [
    'For a feed that "members list" or "doctor" calls forked: its owner wrote on an old copy, and the relay',
    'holds the other branch. The branch that its owner’s app sends next is the one that is kept.',
  ]
  withDataAndJson(command)
    .argument('<feed>', 'the feed id of a member')
    .addHelpText('after', `\n${why.join('\n')}`)
    .action((feed: string, options: CommonOptions) =>
      visit(options, async (operator) => {
        const { messages } = await operator.membersReset(feed)
        if (options.json) printJson({ id: feed, messages })
        else
          print(`${count(messages, 'message')} of ${feed} are deleted. Its owner is asked for all of them.`)
      }),
    )
}

const ROLES: readonly Role[] = ['member', 'moderator', 'admin']

function defineRole(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'the feed id of a member')
    .addArgument(new Argument('<role>', 'what they shall be').choices(ROLES))
    .action((feed: string, role: Role, options: CommonOptions) =>
      visit(options, async (operator) => {
        await operator.membersRole(feed, role)
        if (options.json) printJson({ id: feed, role })
        else print(`${feed} is ${role === 'admin' ? 'an' : 'a'} ${role} now.`)
      }),
    )
}
