// tidepool mode: shows or changes who may come in.

import { Argument, type Command } from 'commander'
import type { PrivacyMode } from '../store/settings.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson } from './output.js'

const MEANING: Record<PrivacyMode, string> = {
  open: 'anybody may meet in the room, and get an invite from the web',
  community: 'members meet in the room; others may knock, and are let in by somebody',
  restricted: 'members only; to everybody else there is nothing here',
}

/** Turns the empty command into `mode`. */
export function define(command: Command): void {
  const mode = new Argument('[mode]', 'the mode to change to; without it, the one in force is shown')
  withDataAndJson(command).addArgument(mode.choices(Object.keys(MEANING)))
  withExamples(command, [
    ['tidepool mode', 'see which mode is in force'],
    ['tidepool mode community', 'let newcomers knock from now on; live connections feel it at once'],
  ])
  command.action((wanted: PrivacyMode | undefined, options: CommonOptions) =>
    visit(options, async (operator) => {
      const settings = await (wanted ? operator.mode(wanted) : operator.settings())
      if (options.json) printJson({ mode: settings.mode })
      else print(`${settings.mode}: ${MEANING[settings.mode]}`)
    }),
  )
}
