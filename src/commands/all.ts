// SPDX-License-Identifier: AGPL-3.0-or-later
// The list of commands: name, description, module.

import type { Command } from 'commander'

export interface CommandModule {
  /** Adds options, help and action to an empty command. */
  define(command: Command): void
}

/** A module is loaded when its command is called: a relay has no use for the client, and the client none for the relay. */
export const COMMANDS: ReadonlyArray<
  readonly [name: string, description: string, load: () => Promise<CommandModule>]
> = [
  ['start', 'run a relay until you stop it', () => import('./start.js')],
  ['status', "show the relay's status and addresses", () => import('./status.js')],
  ['setup', "set the room's name, description and admin", () => import('./setup.js')],
  ['console', "print the text for the board's screen", () => import('./console.js')],
  ['mode', 'show or change the privacy mode', () => import('./mode.js')],
  ['invite', 'create, list and revoke invites', () => import('./invite.js')],
  ['question', 'ask newcomers a question on the web', () => import('./question.js')],
  ['notice', 'write and list notices, each in several languages', () => import('./notice.js')],
  ['members', 'list, add and remove members; answer knocks', () => import('./members.js')],
  ['peer', 'keep feeds with other relays', () => import('./peer.js')],
  ['alias', 'list and revoke aliases', () => import('./alias.js')],
  ['block', 'block a feed at once and delete its messages', () => import('./block.js')],
  ['unblock', 'lift a block', () => import('./unblock.js')],
  ['backup', 'copy the data of the running relay into one file', () => import('./backup.js')],
  ['restore', 'restore the data directory from a backup', () => import('./restore.js')],
  ['onion', 'show, export and import the onion address', () => import('./onion.js')],
  ['matrix', 'manage the lobby on Matrix: members, messages, rooms', () => import('./matrix.js')],
  ['doctor', 'check the machine, the data and the relay', () => import('./doctor.js')],
  ['version', 'print the version', () => import('./version.js')],
]
