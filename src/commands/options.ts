// What commands have in common: the shared options, checked numbers, and a visit to the running relay.

import { type Command, InvalidArgumentError } from 'commander'
import { dataDirectory } from '../config/config.js'
import type { Operator } from '../operator/protocol.js'
import { type Advice, fail } from './report.js'

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
  return withData(command).option('--json', 'print JSON for programs instead of text for people')
}

/** What to do where the relay was told to follow or block itself. */
export const OTHER_FEED = "give somebody else's feed id, copied from their SSB app"

/** What to do where a blocked feed was to be let in. */
export function unblockFirst(feed: string): string {
  return `lift the block first: tidepool unblock '${feed}'`
}

/** Adds examples below a command's help; each is a command line and what it does. */
export function withExamples(command: Command, examples: ReadonlyArray<readonly [string, string]>): Command {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, about]) => `  ${line.padEnd(width)}  ${about}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/**
 * A parser for `--name N`.
 * @param range given where fractions are allowed: what to say of the range
 */
export function numberFrom(least: number, most: number, range?: string): (text: string) => number {
  const whole = range === undefined
  return (text) => {
    const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be ${range ?? `a whole number from ${least} to ${most}`}.`)
    }
    return value
  }
}

/**
 * Connects to the relay of the data directory, does the work and hangs up; failures are told to the operator.
 * The client is loaded only here, so that commands which do not need it do not pay for it.
 * @param advice what to do about errors, where this command knows better than the code alone tells
 */
export async function visit(
  options: CommonOptions,
  work: (operator: Operator) => Promise<void>,
  advice?: Advice,
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
    fail(err, { advice })
  }
}
