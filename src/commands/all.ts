// Every command: its name, what it is for, and where it is.

import type { Command } from 'commander'

export interface CommandModule {
  /** Gives an empty command its options, its help and its action. */
  define(command: Command): void
}

/** Loaded only when called: the relay does not carry the client, nor the client the relay. */
export const COMMANDS: ReadonlyArray<
  readonly [name: string, about: string, load: () => Promise<CommandModule>]
> = [
  ['start', 'run a relay until it is told to stop', () => import('./start.js')],
  ['status', 'how the running relay is, and how it is reached', () => import('./status.js')],
  ['setup', 'name the room, once or anew', () => import('./setup.js')],
  ['mode', 'show or change who may come in', () => import('./mode.js')],
  ['invite', 'make, list and revoke invite codes', () => import('./invite.js')],
  ['members', 'list, add and remove members; answer knocks', () => import('./members.js')],
  ['alias', 'list the names of members, and take one away', () => import('./alias.js')],
  ['block', 'shut somebody out at once, and delete what is kept of them', () => import('./block.js')],
  ['unblock', 'let somebody come back', () => import('./unblock.js')],
  ['backup', 'copy everything the running relay keeps into one file', () => import('./backup.js')],
  ['restore', 'put a backup back', () => import('./restore.js')],
  ['onion', 'take the onion address to another board', () => import('./onion.js')],
  ['matrix', 'the lobby on Matrix: members, knocks, messages, rooms', () => import('./matrix.js')],
  ['doctor', 'look at the machine, the data and the relay, and say what to do', () => import('./doctor.js')],
]
