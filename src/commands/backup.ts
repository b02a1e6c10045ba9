// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool backup: writes everything the running relay stores into one file, and its keys if asked for.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { dataDirectory } from '../config/config.js'
import { syncPath } from '../lib/atomic-file.js'
import { AdvisedError } from '../lib/errors.js'
import { count } from '../lib/text.js'
import type { Operator } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { print, printJson, size } from './output.js'
import { createProgressLine } from './progress.js'
import { temporarily } from './temporary.js'

interface BackupOptions extends CommonOptions {
  withKeys?: boolean
}

/** Turns the empty command into `backup`. */
export function define(command: Command): void {
  withDataAndJson(command)
    .argument('<file>', 'the file to write; - for stdout')
    .option('--with-keys', 'include the keys: the file then gives control over this relay')
  withExamples(command, [
    ['tidepool backup tidepool.tar.gz', 'everything but the keys, while the relay runs'],
    ["ssh pi 'sudo tidepool backup -' > tidepool.tar.gz", 'the same, stored on another machine'],
    ['tidepool backup --with-keys usb/all.tar.gz', 'all that a new board needs'],
  ])
  command.action((file: string, options: BackupOptions) =>
    visit(options, async (operator) => {
      const isPipe = file === '-'
      const dataDir = dataDirectory(options.data)
      if (!isPipe && existsSync(file))
        throw new AdvisedError('choose another name', 'bad_argument', `${file} exists already`)
      const keysFrom = options.withKeys ? dataDir : null
      if (isPipe) {
        await writeArchive(operator, keysFrom, process.stdout)
        return
      }
      const note = await writeAtomic(file, (fd) => writeArchive(operator, keysFrom, toFile(fd)))
      if (options.json) return printJson({ file, ...note })
      print(`${file} holds ${count(note.messages, 'message')} (${size(note.bytes)} unpacked).`)
      if (options.withKeys) print('The keys are in it: keep it where nobody else can read it.')
      else
        print(
          `The identity is not in it: keep a copy of ${join(dataDir, 'secret')}. To restore: tidepool restore`,
        )
    }),
  )
}

/** Streams a backup, page by page, as fast as its target takes it. @returns what the backup says about itself */
async function writeArchive(operator: Operator, keysFrom: string | null, target: Writable) {
  const { ARCHIVE_END, END_ENTRY, NOTE_ENTRY, packEntry, pageEntry } = await import('./archive.js')
  const { KEY_FILES } = await import('../store/restore.js')
  const progress = createProgressLine()
  const note = await operator.backup()
  let bytes = 0
  async function* entries(): AsyncGenerator<Buffer> {
    const entry = (name: string, content: Buffer): Buffer => packEntry({ name, bytes: content }, note.created)
    const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
    yield entry(NOTE_ENTRY, json(note))
    for (const name of keysFrom === null ? [] : KEY_FILES) {
      const path = join(keysFrom as string, name)
      if (existsSync(path)) yield entry(name, readFileSync(path))
    }
    for (let number = 1; ; number++) {
      const piece = await operator.backupNext()
      if ('end' in piece) {
        yield entry(END_ENTRY, json(piece.end))
        yield ARCHIVE_END
        return
      }
      const page = Buffer.from(piece.page, 'base64')
      bytes += page.length
      progress.show(`backup: ${size(bytes)} of at most ${size(Math.max(note.bytes, bytes))}`)
      yield entry(pageEntry(number), page)
    }
  }
  try {
    await pipeline(Readable.from(entries(), { objectMode: false }), createGzip(), target)
  } finally {
    progress.clear()
  }
  return { ...note, bytes }
}

/** A stream into a descriptor that remains open. */
function toFile(fd: number): Writable {
  return new Writable({
    write(chunk: Buffer, _: string, cb: (err?: Error | null) => void) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at)
        cb()
      } catch (err) {
        cb(err as Error)
      }
    },
  })
}

/** Writes a file that is complete and on the disk, or does not exist. */
async function writeAtomic<T>(file: string, write: (fd: number) => Promise<T>): Promise<T> {
  const fresh = `${file}.part`
  let fd: number
  try {
    fd = openSync(fresh, 'wx', 0o600)
  } catch (err) {
    const exists = (err as NodeJS.ErrnoException).code === 'EEXIST'
    const detail = exists
      ? `${fresh} exists already: another backup writes it, or one was killed`
      : `${file}: ${(err as Error).message}`
    const advice = exists ? 'choose another name, or remove that file' : 'name a file that you may write'
    throw new AdvisedError(advice, 'bad_argument', detail, { cause: err })
  }
  return temporarily(fresh, async () => {
    let result: T
    try {
      result = await write(fd)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, file)
    syncPath(dirname(file))
    return result
  })
}
