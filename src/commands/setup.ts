// tidepool setup: answers the first run's questions, changes the answers later, or shows them.

import { type Command, Option } from 'commander'
import { AdvisedError } from '../lib/errors.js'
import type { Operator, SettingsInfo } from '../operator/protocol.js'
import { type CommonOptions, unblockFirst, visit, withDataAndJson, withExamples } from './options.js'
import { facts, print, printJson } from './output.js'

interface SetupOptions extends CommonOptions {
  name?: string
  description?: string
  admin?: string
  ebt?: 'on' | 'off'
}

/** Turns the empty command into `setup`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .option('--name <text>', 'what people call the room')
    .option('--description <text>', 'who it is for and what goes on there')
    .option('--admin <feed>', 'feed id of who shall administer it over SSB: followed, and given the role')
    .addOption(
      new Option('--ebt <on|off>', "whether members replicate by EBT, as most of today's apps do").choices([
        'on',
        'off',
      ]),
    )
  withExamples(command, [
    [
      "tidepool setup --name 'Rock pool' --admin '@….ed25519'",
      'answer the first questions here, not on the web',
    ],
    ["tidepool setup --description 'For people who like limpets.'", 'change one answer later'],
    ['tidepool setup', 'see the answers, or where to give them'],
  ])
  command.action(({ name, description, admin, ebt, ...options }: SetupOptions) =>
    visit(
      options,
      async (operator) => {
        const before = await operator.settings()
        if (name === undefined && before.name === '' && (description ?? admin ?? ebt) !== undefined)
          throw new AdvisedError(
            'give it one as well: --name TEXT',
            'bad_argument',
            'a room needs a name first',
          )
        const changes = [name, description, admin, ebt].some((answer) => answer !== undefined)
        const settings = changes
          ? await operator.setup({
              // what is not named stays as it is
              name: name ?? before.name,
              description: description ?? before.description,
              ...(admin === undefined ? {} : { admin }),
              ...(ebt === undefined ? {} : { ebt: ebt === 'on' }),
            })
          : before
        if (options.json) printJson({ ...settings, ...(admin === undefined ? {} : { admin }) })
        else print(describe(settings, await whereToAsk(settings, operator), admin))
      },
      admin === undefined ? {} : { not_allowed: unblockFirst(admin) },
    ),
  )
}

async function whereToAsk({ setup_token }: SettingsInfo, operator: Operator): Promise<string | null> {
  if (setup_token === null) return null
  const { web } = (await operator.status()).addresses
  return web && `${web.replace(/\/$/, '')}/setup?token=${setup_token}`
}

function describe(
  { name, description, mode, ebt }: SettingsInfo,
  link: string | null,
  admin: string | undefined,
): string {
  return [
    link ? 'Nobody has set up this room yet.' : 'This room is set up.',
    facts([
      ['name', name || '-'],
      ['description', description || '-'],
      ['mode', mode],
      ['ebt', ebt ? 'on' : 'off, unless the configuration turns it on'],
      ...(admin === undefined ? [] : [['admin', `${admin}, a member and admin now`] as const]),
      ...(link ? [['set-up', link] as const] : []),
    ]),
  ].join('\n')
}
