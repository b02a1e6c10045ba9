// The commands as one program: argv in, exit code out.

import { Command, CommanderError } from 'commander'
import { readVersion } from '../lib/package-root.js'
import { COMMANDS } from './all.js'
import { fail } from './report.js'

/**
 * Runs one command line.
 * The exit code of the process is set where it is not 0: 1 for what failed, 2 for a command line that makes no sense.
 * @param args what follows the program's name
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(await understood(args), { from: 'user' })
  } catch (err) {
    // commander has said what was wrong; help and --version end here as well, with code 0
    if (!(err instanceof CommanderError)) fail(err)
    else if (err.exitCode !== 0) process.exitCode = 2
  }
}

/** The line with each way of asking for help as `--help`: commander's own would show a command before it is loaded. */
async function understood(args: readonly string[]): Promise<string[]> {
  const [first = '', second, third] = args
  if (first === 'help') return helpOn(second, third)
  if (second === 'help' && (await namesBelow(first)).length > 0) return helpOn(first, third)
  return [...args]
}

/** What does not exist is asked for without `--help`, as commander then says so; with it, it helps with what is around. */
async function helpOn(name?: string, sub?: string): Promise<string[]> {
  if (name === undefined) return ['--help']
  if (!COMMANDS.some(([known]) => known === name)) return [name]
  if (sub === undefined) return [name, '--help']
  const below = await namesBelow(name)
  return below.length > 0 && !below.includes(sub) ? [name, sub] : [name, sub, '--help']
}

/** The commands below a command. */
async function namesBelow(name: string): Promise<string[]> {
  const [, , load] = COMMANDS.find(([known]) => known === name) ?? []
  const command = new Command(name)
  if (load) (await load()).define(command)
  return command.commands.map((sub) => sub.name())
}

function program(): Command {
  const root = new Command('tidepool')
  root
    .description('An embedded relay and room for Secure Scuttlebutt.')
    .version(readVersion(), '--version')
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
    for (const sub of command.commands)
      sub.showHelpAfterError(`  next: tidepool ${command.name()} ${sub.name()} --help`)
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
