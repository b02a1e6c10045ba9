// SPDX-License-Identifier: AGPL-3.0-or-later
// Shared by commands: options, number parsers, examples, the connection to the running relay.

import { type Command, InvalidArgumentError } from 'commander'
import { dataDirectory } from '../config/config.js'
import { RelayError } from '../lib/errors.js'
import type { Operator } from '../operator/protocol.js'
import { type Advice, fail } from './report.js'
import { wrap } from './text-layout.js'

export interface CommonOptions {
  data?: string
  json?: boolean
}

/** Adds `--data DIR`. */
export function withData(command: Command): Command {
  return command.option('--data <dir>', 'data directory (default: $TIDEPOOL_DATA, then ~/.tidepool)')
}

/** Adds `--data DIR` and `--json`. */
export function withDataAndJson(command: Command): Command {
  return withData(command).option('--json', 'print JSON for programs')
}

/** Advice when the relay's own id was given. */
export const OTHER_FEED = "give another user's feed id, copied from their SSB app"

/** Advice when the feed is blocked. */
export function unblockFirst(feed: string): string {
  return `lift the block first: tidepool unblock '${feed}'`
}

/** A command line, and what it does. */
export type Example = readonly [line: string, description: string]

/** Adds examples to a command's help. They are laid out when the help is shown: every command line passes here. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  return command.addHelpText('after', () => examplesText(examples))
}

/** Adds paragraphs below a command's options. */
export function withDetails(command: Command, ...paragraphs: readonly string[]): Command {
  return command.addHelpText(
    'after',
    () => `\n${paragraphs.flatMap((text) => wrap(text, HELP_COLUMNS)).join('\n')}`,
  )
}

/** Columns that help texts take at most. */
export const HELP_COLUMNS = 80

/** Lays examples out in 80 columns: beside their descriptions where all fit, else above them. */
export function examplesText(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  const fits = examples.every(([, description]) => 2 + width + 2 + description.length <= HELP_COLUMNS)
  const lines = examples.map(([line, description]) =>
    fits ? `  ${line.padEnd(width)}  ${description}` : `  ${line}\n      ${description}`,
  )
  return `\nExamples:\n${lines.join('\n')}`
}

/**
 * Returns a parser for `--name N`.
 * @param range words for the range; with it, fractions are allowed
 */
export function numberFrom(least: number, most: number, range?: string): (text: string) => number {
  const isWhole = range === undefined
  return (text) => {
    const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most) || (isWhole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be ${range ?? `a whole number from ${least} to ${most}`}.`)
    }
    return value
  }
}

/**
 * Connects to the relay of the data directory, runs `work` and disconnects. Reports failures and sets the exit code.
 * Loads the client only here: commands that need no relay start faster.
 * @param advice what to do about errors, where the command knows more than the error code tells
 * @param absent what to print on stdout, in place of the error, if no relay runs
 */
export async function visit(
  options: CommonOptions,
  work: (operator: Operator) => Promise<void>,
  advice?: Advice,
  absent?: string,
): Promise<void> {
  try {
    const { connectOperator } = await import('../operator/client.js')
    const client = await connectOperator(dataDirectory(options.data))
    try {
      await work(client.operator)
    } finally {
      client.close()
    }
  } catch (err) {
    if (absent === undefined || !(err instanceof RelayError) || err.code !== 'relay_not_running')
      return fail(err, { advice })
    process.stdout.write(`${absent}\n`)
    process.exitCode = 1
  }
}
