#!/usr/bin/env -S node --max-old-space-size=96 --max-semi-space-size=1 --v8-pool-size=1 --expose-gc
// SPDX-License-Identifier: AGPL-3.0-or-later
// The entry point: runs the command line.

import { runProgram } from './commands/program.js'

process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  // the reader has closed the pipe, as `head` does
  process.exit(err.code === 'EPIPE' ? 0 : 1)
})

await runProgram(process.argv.slice(2))
