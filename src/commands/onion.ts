// tidepool onion export, import: takes the onion address to another board. Files only; no relay need run.

import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { dataDirectory } from '../config/config.js'
import { AdvisedError } from '../lib/errors.js'
import { type CommonOptions, withDataAndJson, withExamples } from './options.js'
import { print, printJson } from './output.js'
import { fail } from './report.js'

/** What can be imported. */
const KEYS = { data_unusable: "give what export wrote, or a tor's hs_ed25519_secret_key" }

/** Turns the empty command into `onion` with its two. */
export function define(command: Command): void {
  withExamples(command, [
    ['tidepool onion export usb/onion.key', 'on the old board'],
    ['tidepool onion import usb/onion.key', 'on the new one, before it starts'],
  ])
  const taken = withDataAndJson(command.command('export'))
    .description('print the key of the onion address, or write it to a file')
    .argument('[file]', 'where to write it; by default stdout')
    .action((file: string | undefined, options: CommonOptions) => exportKey(file, options).catch(fail))
  withExamples(taken, [
    ['tidepool onion export', 'the key on stdout: whoever reads it can take the address over'],
    ['tidepool onion export usb/onion.key', 'a file that only its owner can read'],
  ])
  const put = withDataAndJson(command.command('import'))
    .description('take the key of an onion address')
    .argument('<file>', "what export wrote, or a tor's hs_ed25519_secret_key; - for stdin")
    .option('--replace', 'keep the key that is there as onion.key.old')
    .action((file: string, options: CommonOptions & { replace?: boolean }) =>
      importKey(file, options).catch((err) => fail(err, { advice: KEYS })),
    )
  withExamples(put, [
    ['tidepool onion import usb/onion.key', 'before the first start on a new board'],
    ["ssh old 'tidepool onion export' | tidepool onion import -", 'from one board to the next'],
  ])
}

async function exportKey(file: string | undefined, options: CommonOptions): Promise<void> {
  const { KEY_FILE, formatKey, readKey, writeKey } = await import('../onion/key.js')
  const path = join(dataDirectory(options.data), KEY_FILE)
  if (!existsSync(path))
    throw new AdvisedError(
      'set onion.enabled = true and start the relay once: it makes one',
      'not_found',
      path,
    )
  const key = readKey(path)
  if (file !== undefined && existsSync(file))
    throw new AdvisedError('choose another name', 'bad_argument', `${file} is there already`)
  if (file !== undefined) writeKey(file, key)
  if (options.json)
    printJson({ address: key.address, file: file ?? null, ...(file ? {} : { key: key.blob }) })
  else if (file === undefined) process.stdout.write(formatKey(key))
  else print(`${file} holds the key of ${key.address}: keep it where nobody else can read it.`)
}

async function importKey(file: string, options: CommonOptions & { replace?: boolean }): Promise<void> {
  const { KEY_FILE, parseKey, writeKey } = await import('../onion/key.js')
  const key = parseKey(read(file), file === '-' ? 'what came on stdin' : file)
  const dataDir = dataDirectory(options.data)
  const path = join(dataDir, KEY_FILE)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (existsSync(path)) {
    const old = `${path}.old`
    if (!options.replace)
      throw new AdvisedError(`--replace keeps it as ${old}`, 'bad_argument', `${path} is there already`)
    if (existsSync(old))
      throw new AdvisedError('move it away, and keep it safe', 'bad_argument', `${old} is there already`)
    renameSync(path, old)
  }
  writeKey(path, key)
  if (options.json) return printJson({ address: key.address })
  print(`The relay has the address ${key.address} from its next start on.`)
  print('Never run two relays with one address.')
}

function read(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (err) {
    const detail = `${file}: ${(err as Error).message}`
    throw new AdvisedError('give a file that can be read, or - for stdin', 'bad_argument', detail, {
      cause: err,
    })
  }
}
