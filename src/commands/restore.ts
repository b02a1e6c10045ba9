// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool restore: restores a backup into a data directory, and ends the recovery of a restored relay.

import type { Command } from 'commander'
import { dataDirectory } from '../config/config.js'
import { count } from '../lib/text.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { moment, print, printJson } from './output.js'
import { fail } from './report.js'

interface RestoreOptions extends CommonOptions {
  replace?: boolean
  fromPeers?: boolean
  finish?: boolean
}

/** A running relay would overwrite the restored data. */
const STOP = { relay_running: 'stop it first: Ctrl-C, or systemctl stop tidepool' }

/** Defines `restore`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('[file]', 'a file of tidepool backup; - for stdin')
    .option('--replace', 'move the present database aside')
    .option('--from-peers', 'start empty, without a backup, and fetch the published messages from peers')
    .option('--finish', 'let a restored, running relay publish now, without asking more peers')
  withExamples(command, [
    ['tidepool restore tidepool.tar.gz', 'into a data directory with only secret'],
    ['tidepool restore --from-peers', 'if only secret is left'],
    ['tidepool restore --finish', 'if no peer has newer messages of the relay'],
  ])
  command.action((file: string | undefined, options: RestoreOptions) => {
    const ways = [file !== undefined, options.fromPeers, options.finish].filter(Boolean).length
    if (ways !== 1) command.error('error: give a file, --from-peers or --finish')
    if (options.finish)
      return visit(options, async (operator) => {
        const { recovering } = await operator.status()
        await operator.recoveryFinish()
        if (options.json) printJson({ recovering: false })
        else print(recovering ? 'The relay publishes again.' : 'The relay was not recovering: it publishes.')
      })
    return putBack(file, options).catch((err) => fail(err, { advice: STOP }))
  })
}

async function putBack(file: string | undefined, options: RestoreOptions): Promise<void> {
  const { restore } = await import('./data-restore.js')
  const note = await restore(dataDirectory(options.data), file ?? null, options.replace === true)
  if (options.json) return printJson({ ...note, recovering: true })
  if (note) print(`Restored: ${count(note.messages, 'message')}, as of ${moment(note.created)}.`)
  print('Start the relay. It publishes nothing, so nobody can join, until a peer that')
  print('has its feed has connected and ten minutes have passed.')
  print('Never run two relays with one secret.')
}
