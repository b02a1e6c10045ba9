// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool setup: sets the room's name, description and admin, or shows them.

import { type Command, Option } from 'commander'
import { AdvisedError } from '../lib/errors.js'
import type { Operator, SettingsInfo } from '../operator/protocol.js'
import { type CommonOptions, unblockFirst, visit, withDataAndJson, withExamples } from './options.js'
import { facts, print, printJson } from './output.js'
import { printQr } from './qr.js'

interface SetupOptions extends CommonOptions {
  name?: string
  description?: string
  admin?: string
  ebt?: 'on' | 'off'
  qr?: boolean
}

/** Adds options, help and action to the empty command `setup`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .option('--name <text>', 'name of the room')
    .option('--description <text>', 'description of the room')
    .option('--admin <feed>', 'feed id of an admin; the relay follows it')
    .addOption(new Option('--ebt <on|off>', 'let members replicate by EBT').choices(['on', 'off']))
    .addOption(
      new Option('--qr', 'print the set-up link alone, with a QR code on a terminal').conflicts('json'),
    )
  withExamples(command, [
    ["tidepool setup --name 'Rock pool' --admin '@….ed25519'", 'set up a new room'],
    ["tidepool setup --description 'For friends of limpets.'", 'change the description'],
    ['tidepool setup', 'show the settings, or the link to the set-up page'],
    ['tidepool setup --qr', 'draw that link as a QR code'],
  ])
  command.action(({ name, description, admin, ebt, qr, ...options }: SetupOptions) =>
    visit(
      options,
      async (operator) => {
        const before = await operator.settings()
        if (name === undefined && before.name === '' && (description ?? admin ?? ebt) !== undefined)
          throw new AdvisedError('add --name TEXT', 'bad_argument', 'the room has no name yet')
        const changes = [name, description, admin, ebt].some((answer) => answer !== undefined)
        const settings = changes
          ? await operator.setup({
              // answers that are not given keep their value
              name: name ?? before.name,
              description: description ?? before.description,
              ...(admin === undefined ? {} : { admin }),
              ...(ebt === undefined ? {} : { ebt: ebt === 'on' }),
            })
          : before
        const link = options.json ? null : await setupLink(settings, operator)
        if (qr && link) return printQr(link)
        if (options.json) printJson({ ...settings, ...(admin === undefined ? {} : { admin }) })
        else print(describe(settings, link, admin))
      },
      admin === undefined ? {} : { not_allowed: unblockFirst(admin) },
    ),
  )
}

async function setupLink(settings: SettingsInfo, operator: Operator): Promise<string | null> {
  return settings.setup_token && setupLinkAt((await operator.status()).addresses.web, settings)
}

/** The link to the set-up page at a URL of the pages; null once the room is set up. */
export function setupLinkAt(
  pages: string | null,
  { setup_token }: Pick<SettingsInfo, 'setup_token'>,
): string | null {
  return pages && setup_token && `${pages.replace(/\/$/, '')}/setup?token=${setup_token}`
}

function describe(
  { name, description, mode, ebt }: SettingsInfo,
  link: string | null,
  admin: string | undefined,
): string {
  return [
    link ? 'This room is not set up yet.' : 'This room is set up.',
    facts([
      ['name', name || '-'],
      ['description', description || '-'],
      ['mode', mode],
      ['ebt', ebt ? 'on' : 'off, unless the configuration turns it on'],
      ...(admin === undefined ? [] : [['admin', `${admin} is now a member and an admin`] as const]),
      ...(link ? [['set-up', link] as const] : []),
    ]),
  ].join('\n')
}
