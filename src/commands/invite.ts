// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool invite: creates, lists and revokes invites.

import { type Command, Option } from 'commander'
import { INVITE_DAYS, INVITE_LEAST_DAYS, INVITE_RANGE, INVITE_USES } from '../lib/limits.js'
import { count } from '../lib/text.js'
import { type CommonOptions, numberFrom, visit, withDataAndJson, withExamples } from './options.js'
import { idCell, noteReach, print, printJson, printLink, printNote, printTable, timeCell } from './output.js'
import { printQr } from './qr.js'

interface CreateOptions extends CommonOptions {
  uses?: number
  note?: string
  expiresDays?: number
  host?: string
  for?: string
  link?: boolean
  qr?: boolean
}

/** Adds subcommands, help and actions to the empty command `invite`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool invite create', 'create a code for one person'],
    ['tidepool invite list', 'see which invites are used'],
    ["tidepool invite revoke '@….ed25519'", 'revoke an invite by its id'],
  ])
  defineCreate(command.command('create').description('create an invite and print its code'))
  defineList(command.command('list').description('list invites, also those that are used or expired'))
  defineRevoke(command.command('revoke').description('revoke an invite'))
}

function defineCreate(command: Command): void {
  withDataAndJson(command)
    .option('--uses <n>', 'number of people who can use it (default: 1)', numberFrom(1, INVITE_USES))
    .option('--note <text>', "a note for the list; published in the relay's follow message")
    .option(
      '--expires-days <n>',
      'days until it expires (default: invite.expires_days)',
      numberFrom(INVITE_LEAST_DAYS, INVITE_DAYS, INVITE_RANGE),
    )
    .option(
      '--host <host>',
      'host name in the code (default: domain.name, else ssb.host, else an address of this machine)',
    )
    .option('--link', 'print a link for browsers; link and code are the same invite')
    .addOption(new Option('--qr', 'also draw a QR code, on a terminal').conflicts('json'))
    .option('--for <feed>', 'only this feed can use it; the feed also joins when it connects')
  withExamples(command, [
    ['tidepool invite create', 'a code for one person'],
    ['tidepool invite create --qr', 'a QR code to scan with a phone'],
    ['tidepool invite create --uses 20 --note meetup', 'a code for 20 people'],
    ["tidepool invite create --for '@….ed25519'", 'a code for one feed only'],
  ])
  command.action(({ uses, note, expiresDays, host, for: directed, link, qr, ...options }: CreateOptions) =>
    visit(options, async (operator) => {
      const invite = await operator.inviteCreate({
        ...(uses === undefined ? {} : { uses }),
        ...(note === undefined ? {} : { note }),
        ...(expiresDays === undefined ? {} : { expires_days: expiresDays }),
        ...(host === undefined ? {} : { host }),
        ...(directed === undefined ? {} : { for: directed }),
      })
      if (options.json) return printJson(invite)
      const write = qr ? printQr : print
      if (link) await printLink(invite.link, write)
      else await printCode(invite.code, write)
      if (invite.timed_by === 'uptime')
        printNote(
          "The relay's clock is not confirmed yet: until then, uptime decides when the invite expires.",
        )
    }),
  )
}

/** Prints an invite code alone on stdout, and a note on stderr if only this machine can use it. */
async function printCode(code: string, write: (text: string) => void | Promise<void>): Promise<void> {
  await write(code)
  const [, host] = /^(.+):\d+:@/.exec(code) ?? []
  if (host) noteReach(host, 'this code')
}

function defineList(command: Command): void {
  withExamples(withDataAndJson(command), [['tidepool invite list', 'list all invites']])
  command.action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const invites = await operator.inviteList()
      if (options.json) return printJson(invites)
      if (invites.length === 0) return print('No invites yet. Create one with: tidepool invite create')
      const rows = invites.map(({ id, state, used, uses, expires, note, by, for: directed }) => [
        idCell(id),
        state,
        `${used} of ${uses}`,
        timeCell(expires),
        idCell(by),
        directed === null ? 'anyone' : idCell(directed),
        note,
      ])
      printTable(['ID', 'STATE', 'USED', 'EXPIRES', 'BY', 'FOR', 'NOTE'], rows)
    }),
  )
}

function defineRevoke(command: Command): void {
  withDataAndJson(command).argument('<invite>', "the invite's id, code or link")
  withExamples(command, [["tidepool invite revoke '@….ed25519'", 'revoke the invite with this id']])
  command.action((invite: string, options: CommonOptions) =>
    visit(options, async (operator) => {
      const revoked = await operator.inviteRevoke(invite)
      if (options.json) printJson(revoked)
      else print(`Revoked ${revoked.id}. It was used by ${count(revoked.used, 'person', 'people')}.`)
    }),
  )
}
