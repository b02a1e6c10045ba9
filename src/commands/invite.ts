// tidepool invite: makes, lists and revokes invite codes.

import type { Command } from 'commander'
import { INVITE_DAYS, INVITE_LEAST_DAYS, INVITE_RANGE, INVITE_USES } from '../lib/limits.js'
import { count } from '../lib/text.js'
import { type CommonOptions, numberFrom, visit, withDataAndJson, withExamples } from './options.js'
import { brief, moment, print, printJson, printLink, remark, table } from './output.js'

interface CreateOptions extends CommonOptions {
  uses?: number
  note?: string
  expiresDays?: number
  host?: string
  for?: string
  link?: boolean
}

/** Turns the empty command into `invite`. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool invite create', 'print a code for one person'],
    ['tidepool invite create --uses 20 --note meetup', 'print a code for twenty'],
    ['tidepool invite create --link', 'print a link for one person'],
    ['tidepool invite list', 'see what became of them'],
    ['tidepool invite revoke @….ed25519', 'take one back'],
  ])
  defineCreate(command.command('create').description('make an invite and print its code alone on stdout'))
  defineList(command.command('list').description('list invites, live and dead'))
  defineRevoke(command.command('revoke').description('take an invite back'))
}

function defineCreate(command: Command): void {
  withDataAndJson(command)
    .option('--uses <n>', 'how many people may use it (default: 1)', numberFrom(1, INVITE_USES))
    .option('--note <text>', 'what it is for; published with the follow it leads to')
    .option(
      '--expires-days <n>',
      'days it is good for (default: invite.expires_days)',
      numberFrom(INVITE_LEAST_DAYS, INVITE_DAYS, INVITE_RANGE),
    )
    .option('--host <host>', 'host the code names (default: the best of ours)')
    .option('--link', 'print its link instead of its code: two ways to use the same invite')
    .option('--for <feed>', 'the one feed id it is for: by the code, by a knock, or just by connecting')
  withExamples(command, [
    ['tidepool invite create', 'a code for one person'],
    ['tidepool invite create --expires-days 1 | qrencode -t utf8', 'a QR code that is good for a day'],
    ["tidepool invite create --for '@….ed25519'", 'a code that nobody else can use'],
    ['tidepool invite create --json', 'the code, the link, its id and its end'],
  ])
  command.action(({ uses, note, expiresDays, host, for: directed, link, ...options }: CreateOptions) =>
    visit(options, async (operator) => {
      const invite = await operator.inviteCreate({
        ...(uses === undefined ? {} : { uses }),
        ...(note === undefined ? {} : { note }),
        ...(expiresDays === undefined ? {} : { expires_days: expiresDays }),
        ...(host === undefined ? {} : { host }),
        ...(directed === undefined ? {} : { for: directed }),
      })
      if (options.json) printJson(invite)
      else if (link) printLink(invite.link)
      else print(invite.code)
      if (!options.json && invite.timed_by === 'uptime')
        remark('The clock of the relay is not confirmed yet: this invite is timed by uptime until it is.')
    }),
  )
}

function defineList(command: Command): void {
  withDataAndJson(command).action((options: CommonOptions) =>
    visit(options, async (operator) => {
      const invites = await operator.inviteList()
      if (options.json) return printJson(invites)
      if (invites.length === 0) return print('No invites yet. Make one with: tidepool invite create')
      const rows = invites.map(({ id, state, used, uses, expires, note, by, for: directed }) => [
        id,
        state,
        `${used} of ${uses}`,
        moment(expires),
        brief(by),
        directed ?? 'anybody',
        note,
      ])
      print(table(['ID', 'STATE', 'USED', 'EXPIRES', 'BY', 'FOR', 'NOTE'], rows))
    }),
  )
}

function defineRevoke(command: Command): void {
  withDataAndJson(command)
    .argument('<invite>', 'its id as listed, or its whole code or link')
    .action((invite: string, options: CommonOptions) =>
      visit(options, async (operator) => {
        const revoked = await operator.inviteRevoke(invite)
        if (options.json) printJson(revoked)
        else print(`Revoked ${revoked.id}, used by ${count(revoked.used, 'person', 'people')} before.`)
      }),
    )
}
