// tidepool backup: one file with everything the running relay keeps, and on demand its keys.

import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { dataDirectory } from '../config/config.js'
import { syncPath } from '../lib/atomic-file.js'
import { AdvisedError } from '../lib/errors.js'
import { count } from '../lib/text.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson, size } from './output.js'
import { temporarily } from './temporary.js'

interface BackupOptions extends CommonOptions {
  withKeys?: boolean
}

/** Turns the empty command into `backup`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('<file>', 'where to write it; - for stdout')
    .option('--with-keys', 'put the keys in as well: whoever has the file can then pass for this relay')
  withExamples(command, [
    ['tidepool backup tidepool.tar.gz', 'everything but the keys, while the relay goes on running'],
    ["ssh pi 'tidepool backup -' > tidepool.tar.gz", 'the same, kept on another machine'],
    ['tidepool backup --with-keys usb/all.tar.gz', 'all that a new board needs'],
  ])
  command.action((file: string, options: BackupOptions) =>
    visit(options, async (operator) => {
      // a visitor that reads what it writes would mistake words for data
      const quiet = file === '-'
      if (!quiet && existsSync(file))
        throw new AdvisedError('choose another name', 'bad_argument', `${file} is there already`)
      const { dir, ...note } = await operator.backup()
      await temporarily(dir, async () => {
        const { KEY_FILES, pack } = await import('./archive.js')
        if (options.withKeys) copyFiles(KEY_FILES, dataDirectory(options.data), dir)
        if (quiet) await pack(dir, 1)
        else await keep(file, (fd) => pack(dir, fd))
      })
      if (quiet) return
      if (options.json) return printJson({ file, ...note })
      print(`${file} holds ${count(note.messages, 'message')} (${size(note.bytes)} unpacked).`)
      const secret = join(dataDirectory(options.data), 'secret')
      if (options.withKeys) print('The keys are in it: keep it where nobody else can read it.')
      else print(`The identity is not: keep a copy of ${secret} apart. To put both back: tidepool restore`)
    }),
  )
}

function copyFiles(names: readonly string[], from: string, dir: string): void {
  for (const name of names) {
    const path = join(from, name)
    if (existsSync(path)) copyFileSync(path, join(dir, name))
  }
}

/** Writes a file that is there whole and on the disk, or not at all. */
async function keep(file: string, write: (fd: number) => Promise<void>): Promise<void> {
  const fresh = `${file}.part`
  let fd: number
  try {
    fd = openSync(fresh, 'wx', 0o600)
  } catch (err) {
    const there = (err as NodeJS.ErrnoException).code === 'EEXIST'
    const detail = there
      ? `${fresh} is there already: another backup, or what one left`
      : `${file}: ${(err as Error).message}`
    const advice = there ? 'choose another name, or remove that file' : 'name a file that you may write'
    throw new AdvisedError(advice, 'bad_argument', detail, { cause: err })
  }
  await temporarily(fresh, async () => {
    try {
      await write(fd)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, file)
    syncPath(dirname(file))
  })
}
