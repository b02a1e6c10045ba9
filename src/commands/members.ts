// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool members: lists the feeds that the relay follows, follows and unfollows feeds, assigns roles.

import { Argument, type Command } from 'commander'
import { count } from '../lib/text.js'
import type { MemberInfo } from '../operator/protocol.js'
import type { Role } from '../store/roles.js'
import { defineKnocks } from './knocks.js'
import { defineAccess } from './member-access.js'
import {
  type CommonOptions,
  OTHER_FEED,
  unblockFirst,
  visit,
  withDataAndJson,
  withDetails,
  withExamples,
} from './options.js'
import { idCell, print, printJson, printTable, relative, size, timeCell } from './output.js'

interface AddOptions extends CommonOptions {
  note?: string
}

/** Adds subcommands, help and actions to the empty command `members`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool members list', 'list members and what is stored of each'],
    ["tidepool members add '@….ed25519' --note Ana", 'add a member without an invite'],
    ["tidepool members role '@….ed25519' moderator", 'make a member a moderator'],
    ['tidepool members knocks', 'list the requests to join'],
  ])
  defineList(command.command('list').description('list the feeds that the relay follows'))
  defineAdd(command.command('add').description('follow a feed: its owner becomes a member'))
  defineRemove(command.command('remove').description('unfollow a feed: its owner is no longer a member'))
  defineReset(command.command('reset').description('delete the messages of a feed and request them again'))
  defineRole(command.command('role').description('make a member a moderator or an admin, or neither'))
  defineKnocks(command)
  defineShare(command.command('share').description('let other relays keep the feeds of members'))
  defineAccess(command)
}

function defineList(command: Command): void {
  withExamples(withDataAndJson(command), [['tidepool members list', 'list all members']])
  command.action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const members = await operator.membersList()
      if (options.json) return printJson(members)
      if (members.length === 0) return print('No members yet. Invite one with: tidepool invite create')
      const rows = members.map((member) => [
        idCell(member.id),
        member.name ?? '',
        member.role,
        lastSeen(member),
        timeCell(member.since),
        idCell(member.voucher ?? member.by),
        member.messages,
        size(member.bytes),
        // a name may be the note
        member.note === member.name ? '' : member.note,
      ])
      const [since, by] = [
        { title: 'SINCE', optional: true },
        { title: 'BY', optional: true },
      ] as const
      printTable(['ID', 'NAME', 'ROLE', 'SEEN', since, by, 'MESSAGES', 'SIZE', 'NOTE'], rows)
      for (const line of members.flatMap(problemsOf)) print(line)
    }),
  )
}

/** What keeps a member's messages from being stored, and the command that helps. */
function problemsOf({ id, forked, refused }: MemberInfo): string[] {
  return [
    ...(forked ? [`\nForked feed: ${id}\n  next: tidepool members reset '${id}'`] : []),
    ...(refused ? [`\nMessages rejected ${relative(refused.at)} (${refused.code}): ${id}`] : []),
  ]
}

function lastSeen({ online, seen }: MemberInfo): string {
  if (online) return 'online'
  return seen === null ? 'never' : relative(seen)
}

function defineAdd(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'feed id, @….ed25519')
    .option('--note <text>', "a note for the list; published in the relay's follow message")
  withExamples(command, [["tidepool members add '@….ed25519' --note Ana", 'add a member without an invite']])
  command.action((feed: string, options: AddOptions) =>
    visit(
      options,
      async (operator) => {
        const message = await (options.note === undefined
          ? operator.membersAdd(feed)
          : operator.membersAdd(feed, options.note))
        if (options.json) printJson(message)
        else print(`The relay now follows ${feed}.`)
      },
      { not_allowed: unblockFirst(feed), bad_argument: OTHER_FEED },
    ),
  )
}

function defineRemove(command: Command): void {
  withDataAndJson(command).argument('<feed>', 'feed id, @….ed25519')
  withDetails(
    command,
    'The messages stay on disk and are not served; "tidepool block" deletes them.',
    'The messages of a feed that a member vouched for are deleted.',
  )
  withExamples(command, [["tidepool members remove '@….ed25519'", 'remove a member']])
  command.action((feed: string, options: CommonOptions) =>
    visit(options, async (operator) => {
      const message = await operator.membersRemove(feed)
      if (options.json) printJson(message)
      else print(`The relay no longer follows ${feed}.`)
    }),
  )
}

function defineReset(command: Command): void {
  withDataAndJson(command).argument('<feed>', 'feed id of a member')
  withDetails(
    command,
    'Use it for a feed that "members list" or "doctor" reports as forked: its owner published from an old copy, and ' +
      "the relay stores the other branch. The relay then keeps the branch that the owner's app sends next.",
  )
  withExamples(command, [["tidepool members reset '@….ed25519'", 'repair a forked feed']])
  command.action((feed: string, options: CommonOptions) =>
    visit(options, async (operator) => {
      const { messages } = await operator.membersReset(feed)
      if (options.json) printJson({ id: feed, messages })
      else print(`Deleted ${count(messages, 'message')} of ${feed}. The relay requests them from its owner.`)
    }),
  )
}

function defineShare(command: Command): void {
  withDataAndJson(command)
    .argument('<feed...>', 'feed ids of members')
    .option('--off', 'other relays let these feeds go')
  withDetails(
    command,
    'Ask the members first: the members of the other relay can read their feeds. Members who sign in can change this ' +
      'themselves.',
  )
  withExamples(command, [
    ["tidepool members share '@….ed25519'", 'offer the feed to the relays of "peer list"'],
  ])
  command.action((feeds: string[], { off = false, ...options }: CommonOptions & { off?: boolean }) =>
    visit(options, async (operator) => {
      for (const feed of feeds) await operator.membersShare(feed, !off)
      if (options.json) return printJson({ ids: feeds, shared: !off })
      const who = count(feeds.length, 'feed')
      print(off ? `Other relays may no longer keep ${who}.` : `Other relays may keep ${who}.`)
    }),
  )
}

const ROLES: readonly Role[] = ['member', 'moderator', 'admin']

function defineRole(command: Command): void {
  withDataAndJson(command)
    .argument('<feed>', 'feed id of a member')
    .addArgument(new Argument('<role>', 'the new role').choices(ROLES))
  withExamples(command, [["tidepool members role '@….ed25519' moderator", 'make a member a moderator']])
  command.action((feed: string, role: Role, options: CommonOptions) =>
    visit(options, async (operator) => {
      await operator.membersRole(feed, role)
      if (options.json) printJson({ id: feed, role })
      else print(`${feed} is now ${role === 'admin' ? 'an' : 'a'} ${role}.`)
    }),
  )
}
