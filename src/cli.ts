#!/usr/bin/env -S node --max-old-space-size=96 --max-semi-space-size=1 --v8-pool-size=1
// The command line: argv to a command, and nothing else.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { fail } from './commands/report.js'

interface CommandModule {
  define(command: Command): void
}

/** Loaded only when called: the relay does not carry the client, nor the client the relay. */
const COMMANDS: ReadonlyArray<readonly [name: string, about: string, load: () => Promise<CommandModule>]> = [
  ['start', 'run a relay until it is told to stop', () => import('./commands/start.js')],
  ['status', 'how the running relay is, and how it is reached', () => import('./commands/status.js')],
  ['invite', 'make, list and revoke invite codes', () => import('./commands/invite.js')],
  ['members', 'list, add and remove the feeds the relay follows', () => import('./commands/members.js')],
  ['block', 'shut somebody out', () => import('./commands/block.js')],
  ['unblock', 'let somebody come back', () => import('./commands/unblock.js')],
  ['doctor', 'have the running relay examine itself', () => import('./commands/doctor.js')],
]

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

/** What commander says of a wrong command line, in the form of every other error; the line after it says where to look. */
function usage(text: string, write: (text: string) => void): void {
  const words = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
  write(`tidepool: ${words} (usage)\n`)
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

process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  // whoever read our output has seen enough, as `head` does
  process.exit(err.code === 'EPIPE' ? 0 : 1)
})

try {
  const [first, ...rest] = process.argv.slice(2)
  // `tidepool help X` is `tidepool X --help`: commander's own help would show X before it is loaded
  const args = first === 'help' ? [...rest, '--help'] : process.argv.slice(2)
  await program().parseAsync(args, { from: 'user' })
} catch (err) {
  // commander has said what was wrong; help and --version end here as well, with code 0
  if (err instanceof CommanderError) process.exitCode = err.exitCode === 0 ? 0 : 2
  else fail(err)
}
