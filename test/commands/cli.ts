// SPDX-License-Identifier: AGPL-3.0-or-later
// Running the command line as a real process.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'

export interface Ran {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  /** Resolves when the output matches; rejects if the process ends before. */
  printed(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>
  ended: Promise<Ran>
}

/**
 * Starts a script of a built project; it is killed when the test ends.
 * @param script path below `app/`
 * @param through the program to run instead of Node, with its arguments
 */
export function run(
  t: Test,
  project: string,
  args: readonly string[],
  {
    script = 'cli.js',
    env = {},
    through = [process.execPath],
  }: { script?: string; env?: NodeJS.ProcessEnv; through?: readonly string[] } = {},
): Running {
  const [program = '', ...before] = through
  const child = spawn(program, [...before, join(project, 'app', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TIDEPOOL_DATA: '', NO_COLOR: '1', NODE_OPTIONS: '', ...env },
  })
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const text = { stdout: '', stderr: '' }
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...text }))
  })
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
      child.emit('printed')
    })
  }
  const printed: Running['printed'] = (pattern, stream = 'stdout') =>
    new Promise((resolve, reject) => {
      const look = (): boolean => {
        const match = pattern.exec(text[stream])
        if (!match) return false
        child.off('printed', look)
        resolve(match)
        return true
      }
      child.on('printed', look)
      ended.then(
        (ran) => look() || reject(new Error(`never printed ${pattern}: ${JSON.stringify(ran)}`)),
        reject,
      )
      look()
    })
  return { child, printed, ended }
}
