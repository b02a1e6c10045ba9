// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool version: prints the version.

import type { Command } from 'commander'
import { readVersion } from '../lib/package-root.js'
import { withExamples } from './options.js'
import { print } from './output.js'

/** Adds help and action to the empty command `version`. */
export function define(command: Command): void {
  withExamples(command, [['tidepool version', 'print the version']])
  command.action(() => print(readVersion()))
}
