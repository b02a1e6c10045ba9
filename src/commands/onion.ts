// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool onion: shows the onion address; exports its key and imports it on another machine.

import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { dataDirectory } from '../config/config.js'
import { AdvisedError, RelayError } from '../lib/errors.js'
import type { RelayStatus } from '../operator/protocol.js'
import { type CommonOptions, withDataAndJson, withExamples } from './options.js'
import { print, printJson, printNote } from './output.js'
import { printQr } from './qr.js'
import { readInput } from './read-input.js'
import { fail } from './report.js'
import { describeOnion } from './status.js'

interface ImportOptions extends CommonOptions {
  replace?: boolean
}

const IMPORT_ADVICE = {
  data_unusable: 'give a file from "tidepool onion export", or the hs_ed25519_secret_key of tor',
}

/** Adds subcommands, help and actions to the empty command `onion`. */
export function define(command: Command): void {
  // `onion export --data DIR` gives the option to the subcommand, not to `onion`
  withDataAndJson(command).enablePositionalOptions()
  command.addOption(new Option('--qr', 'also draw a QR code, on a terminal').conflicts('json'))
  withExamples(command, [
    ['tidepool onion', 'print the address for browsers'],
    ['tidepool onion --qr', 'draw the address as a QR code'],
    ['tidepool onion export usb/onion.key', 'write the key to a file, on the old machine'],
    ['tidepool onion import usb/onion.key', 'import the key on the new machine'],
  ])
  command.action((options: CommonOptions & { qr?: boolean }) =>
    showAddress(options).catch((err) => fail(err)),
  )
  defineExport(
    command.command('export').description('print the key of the onion address, or write it to a file'),
  )
  defineImport(command.command('import').description('import the key of an onion address'))
}

async function showAddress({ qr, ...options }: CommonOptions & { qr?: boolean }): Promise<void> {
  const { address } = await readOwnKey(options)
  const url = `http://${address}/`
  const status = await onionStatus(options)
  if (options.json) return printJson({ address, url, state: status?.state ?? null })
  await (qr ? printQr(url) : print(url))
  if (!status) printNote('The relay is not running: the address works while it runs.')
  else if (status.state !== 'published' && status.state !== 'reachable')
    printNote(`The onion service is ${describeOnion({ ...status, address: undefined }).join('; ')}.`)
}

/** The state of the onion service; null where no relay is running. */
async function onionStatus(options: CommonOptions): Promise<RelayStatus['onion'] | null> {
  const { connectOperator } = await import('../operator/client.js')
  try {
    const client = await connectOperator(dataDirectory(options.data))
    try {
      return (await client.operator.status()).onion
    } finally {
      client.close()
    }
  } catch (err) {
    if (err instanceof RelayError && err.code === 'relay_not_running') return null
    throw err
  }
}

function defineExport(command: Command): void {
  withDataAndJson(command).argument('[file]', 'the file to write (default: stdout)')
  withExamples(command, [
    ['tidepool onion export usb/onion.key', 'write a file that only its owner can read'],
    ['tidepool onion export', 'print the key; anyone who has it can take over the address'],
  ])
  command.action((file: string | undefined, _: CommonOptions, self: Command) =>
    exportKey(file, self.optsWithGlobals()).catch((err) => fail(err)),
  )
}

function defineImport(command: Command): void {
  withDataAndJson(command)
    .argument('<file>', 'an exported key, or the hs_ed25519_secret_key of tor; - for stdin')
    .option('--replace', 'rename the existing key to onion.key.old')
  withExamples(command, [
    ['tidepool onion import usb/onion.key', 'before the first start on a new machine'],
    ["ssh old 'tidepool onion export' | tidepool onion import -", 'from machine to machine'],
  ])
  command.action((file: string, _: ImportOptions, self: Command) =>
    importKey(file, self.optsWithGlobals()).catch((err) => fail(err, { advice: IMPORT_ADVICE })),
  )
}

async function readOwnKey(options: CommonOptions) {
  const { KEY_FILE, readKey } = await import('../onion/key.js')
  const path = join(dataDirectory(options.data), KEY_FILE)
  if (!existsSync(path))
    throw new AdvisedError(
      'set onion.enabled = true and start the relay: it creates the key',
      'not_found',
      `there is no key ${path}`,
    )
  return readKey(path)
}

async function exportKey(file: string | undefined, options: CommonOptions): Promise<void> {
  const { formatKey, writeKey } = await import('../onion/key.js')
  const key = await readOwnKey(options)
  if (file !== undefined && existsSync(file))
    throw new AdvisedError('choose another name', 'bad_argument', `${file} already exists`)
  if (file !== undefined) writeKey(file, key)
  if (options.json)
    printJson({ address: key.address, file: file ?? null, ...(file ? {} : { key: key.blob }) })
  else if (file === undefined) process.stdout.write(formatKey(key))
  else print(`Wrote the key of ${key.address} to ${file}. Anyone who has the file can take over the address.`)
}

async function importKey(file: string, options: ImportOptions): Promise<void> {
  const { KEY_FILE, parseKey, writeKey } = await import('../onion/key.js')
  const key = parseKey(readInput(file), file === '-' ? 'stdin' : file)
  const dataDir = dataDirectory(options.data)
  const path = join(dataDir, KEY_FILE)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (existsSync(path)) {
    const old = `${path}.old`
    if (!options.replace)
      throw new AdvisedError(`add --replace to rename it to ${old}`, 'bad_argument', `${path} already exists`)
    if (existsSync(old))
      throw new AdvisedError('move that file to a safe place', 'bad_argument', `${old} already exists`)
    renameSync(path, old)
  }
  writeKey(path, key)
  if (options.json) return printJson({ address: key.address })
  print(`The relay uses the address ${key.address} from its next start.`)
  print('Never run two relays with one address.')
}
