// tidepool restore: puts a backup back into a data directory, and ends the caution that a restored relay begins with.

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

/** What runs would write on over what is put back. */
const STOP = { relay_running: 'stop it first: Ctrl-C, or systemctl stop tidepool' }

/** Turns the empty command into `restore`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('[file]', 'what tidepool backup wrote; - for stdin')
    .option('--replace', 'put the database that is there aside')
    .option(
      '--from-peers',
      'there is no backup: begin empty, and ask whoever connects for what the relay published',
    )
    .option('--finish', 'tell the restored, running relay to publish again without asking any further')
  withExamples(command, [
    ['tidepool restore tidepool.tar.gz', 'into a data directory that holds nothing but secret'],
    ['tidepool restore --from-peers', 'when all but secret is lost'],
    ['tidepool restore --finish', 'when nobody will come who knows how far the feed had come'],
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
  print(
    'Start the relay. It serves what it has, and publishes nothing (so nobody can join) until somebody who holds',
  )
  print('its feed has connected and ten minutes have passed. Never run two relays with one secret.')
}
