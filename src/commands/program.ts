// SPDX-License-Identifier: AGPL-3.0-or-later
// The command line program: arguments to a command, results to an exit code.

import { Command, CommanderError } from 'commander'
import { readVersion } from '../lib/package-root.js'
import { COMMANDS } from './all.js'
import { examplesText } from './options.js'
import { fail } from './report.js'

/** Exit code of a usage error; a failed command has 1. */
const USAGE_ERROR = 2

/**
 * Runs one command line. Sets the exit code of the process: 1 for a failure, 2 for a usage error.
 * @param args the arguments after the program's name
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(await normalizeHelp(args), { from: 'user' })
  } catch (err) {
    // commander has printed the usage error; help and version end here too, with exit code 0
    if (!(err instanceof CommanderError)) fail(err)
    else if (err.exitCode !== 0) process.exitCode = USAGE_ERROR
  }
}

/**
 * Turns `help X` and `X help` into `X --help`: commander's own help command shows a command before its module is loaded.
 */
async function normalizeHelp(args: readonly string[]): Promise<string[]> {
  const [first = '', second, third] = args
  if (first === 'help') return helpFor(second, third)
  if (second === 'help' && (await subcommandsOf(first)).length > 0) return helpFor(first, third)
  return [...args]
}

/** An unknown command goes without `--help`, so that commander reports it; with it, commander shows the parent's help. */
async function helpFor(name?: string, sub?: string): Promise<string[]> {
  if (name === undefined) return ['--help']
  if (!COMMANDS.some(([known]) => known === name)) return [name]
  if (sub === undefined) return [name, '--help']
  const subcommands = await subcommandsOf(name)
  return subcommands.length > 0 && !subcommands.includes(sub) ? [name, sub] : [name, sub, '--help']
}

async function subcommandsOf(name: string): Promise<string[]> {
  const [, , load] = COMMANDS.find(([known]) => known === name) ?? []
  const command = new Command(name)
  if (load) (await load()).define(command)
  return command.commands.map((sub) => sub.name())
}

function createProgram(): Command {
  const program = new Command('tidepool')
  program
    .description('Run and manage a relay and room for Secure Scuttlebutt.')
    .version(readVersion(), '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: printUsageError })
    .showHelpAfterError('  next: tidepool --help')
    .helpCommand(false)
    .addHelpText(
      'after',
      `${examplesText([
        ['tidepool start', 'run a relay'],
        ['tidepool invite create --qr', 'invite a friend'],
        ['tidepool help invite create', 'show the options of a command'],
      ])}\n\nExit codes: 0 success, 1 failure, ${USAGE_ERROR} usage error.`,
    )
  for (const [name, description] of COMMANDS) program.command(name).description(description)
  program.hook('preSubcommand', async (_, command) => {
    const [, , load] = COMMANDS.find(([name]) => name === command.name()) ?? []
    command.showHelpAfterError(`  next: tidepool ${command.name()} --help`)
    if (load) (await load()).define(command)
    for (const sub of command.commands)
      sub.showHelpAfterError(`  next: tidepool ${command.name()} ${sub.name()} --help`)
  })
  return program
}

/** Prints commander's usage errors in the form of all other errors. */
function printUsageError(text: string, write: (text: string) => void): void {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
  write(`tidepool: ${message} (usage)\n`)
}
