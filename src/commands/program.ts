// The commands as one program: argv in, exit code out.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { COMMANDS } from './all.js'
import { fail } from './report.js'

/**
 * Runs one command line.
 * The exit code of the process is set where it is not 0: 1 for what failed, 2 for a command line that makes no sense.
 * @param args what follows the program's name
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args
  // `tidepool help X` is `tidepool X --help`: commander's own help would show X before it is loaded
  const line = first === 'help' ? [...rest, '--help'] : [...args]
  try {
    await program().parseAsync(line, { from: 'user' })
  } catch (err) {
    // commander has said what was wrong; help and --version end here as well, with code 0
    if (!(err instanceof CommanderError)) fail(err)
    else if (err.exitCode !== 0) process.exitCode = 2
  }
}

function program(): Command {
  const root = new Command('tidepool')
  root
    .description('An embedded relay and room for Secure Scuttlebutt.')
    .version(version(), '--version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: usage })
    .showHelpAfterError('  next: tidepool --help')
    .helpCommand(false)
  for (const [name, about] of COMMANDS) root.command(name).description(about)
  // A command is empty until it is chosen; its own options and help come with its module.
  root.hook('preSubcommand', async (_, command) => {
    const [, , load] = COMMANDS.find(([name]) => name === command.name()) ?? []
    command.showHelpAfterError(`  next: tidepool ${command.name()} --help`)
    if (load) (await load()).define(command)
  })
  return root
}

/** What commander says of a wrong command line, in the form of every other error; the line after it says where to look. */
function usage(text: string, write: (text: string) => void): void {
  const words = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
  write(`tidepool: ${words} (usage)\n`)
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
