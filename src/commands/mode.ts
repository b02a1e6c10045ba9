// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool mode: shows or changes the privacy mode.

import { Argument, type Command } from 'commander'
import type { PrivacyMode } from '../store/settings.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson } from './output.js'

const MEANING: Record<PrivacyMode, string> = {
  open: 'anyone can use the room and get an invite on the web',
  community: 'members use the room; others can knock, and a member or moderator accepts them',
  restricted: 'members only; everyone else is rejected',
}

/** Adds options, help and action to the empty command `mode`. */
export function define(command: Command): void {
  const mode = new Argument('[mode]', 'the new mode; without it, show the current mode')
  withDataAndJson(command).addArgument(mode.choices(Object.keys(MEANING)))
  withExamples(command, [
    ['tidepool mode', 'show the current mode'],
    ['tidepool mode community', 'change it; open connections are adjusted at once'],
  ])
  command.action((wanted: PrivacyMode | undefined, options: CommonOptions) =>
    visit(options, async (operator) => {
      const settings = await (wanted ? operator.mode(wanted) : operator.settings())
      if (options.json) printJson({ mode: settings.mode })
      else print(`${settings.mode}: ${MEANING[settings.mode]}`)
    }),
  )
}
