// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs commands in the test's process and captures their output.

import { AsyncLocalStorage } from 'node:async_hooks'
import { runProgram } from '../../src/commands/program.js'

export interface Invoked {
  code: number
  stdout: string
  stderr: string
}

const current = new AsyncLocalStorage<Invoked>()

for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name]
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  stream.write = ((...args: unknown[]) => {
    const invoked = current.getStore()
    if (!invoked) return write(...args)
    invoked[name] += String(args[0])
    return true
  }) as typeof stream.write
}

/** Runs one command line; one at a time, because the exit code belongs to the process. */
export async function tidepool(...args: string[]): Promise<Invoked> {
  return captured(() => runProgram(args))
}

/** Runs some work and returns what it printed and the exit code it set. */
export async function captured(work: () => Promise<void>): Promise<Invoked> {
  const invoked: Invoked = { code: 0, stdout: '', stderr: '' }
  const before = process.exitCode
  process.exitCode = undefined
  await current.run(invoked, work)
  invoked.code = Number(process.exitCode ?? 0)
  process.exitCode = before
  return invoked
}
