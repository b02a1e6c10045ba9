// SPDX-License-Identifier: AGPL-3.0-or-later
// A relay in its own process, built from these sources, that can be killed as by a power cut.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { connectOperator, type OperatorClient } from '../../src/operator/client.js'
import type { Operator, RelayStatus } from '../../src/operator/protocol.js'
import { OWN_SETS, shortDir, until } from './relay.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Compiles `src` into a directory with the files that the relay reads at run time; returns the path of `cli.js`. */
export async function buildRelay(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tide-build-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  for (const name of ['node_modules', 'views', 'tor', 'package.json'])
    await symlink(join(ROOT, name), join(dir, name))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const build = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(dir, 'dist')]
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [tsc, ...build], { env: plainEnv() }, (_, stdout) => resolve(stdout))
  })
  const cli = join(dir, 'dist/cli.js')
  if (!existsSync(cli)) throw new Error(`the build failed: ${said}`)
  return cli
}

export interface ChildRelay {
  id: string
  pid: number
  ssbPort: number
  webUrl: string
  operator: Operator
  /** Kills it at once: no handler runs, nothing is closed. */
  kill(): Promise<void>
  /** Asks it to stop; returns its exit code. */
  stop(): Promise<number | null>
}

export interface ChildOptions {
  /** KiB beyond which no file of the relay can grow */
  fileKib?: number
  /** flags for Node */
  flags?: string[]
  /** of its environment, beside what every child has */
  env?: NodeJS.ProcessEnv
  /** `key=value` over the test's own */
  sets?: string[]
  /** the user and group that it runs as; only root can choose */
  uid?: number | undefined
}

/** Starts `tidepool start` on a data directory and waits until its operator answers. */
export async function startChild(
  t: Test,
  cli: string,
  dataDir: string,
  { fileKib, flags = [], env = {}, sets: more = [], uid }: ChildOptions = {},
): Promise<ChildRelay> {
  const sets = [...OWN_SETS, ...more].flatMap((set) => ['--set', set])
  const start = [...UNWATCHED, process.execPath, ...flags, cli, 'start', '--data', dataDir, ...sets]
  // a limit on file size looks like a full disk to the database (blocks of 512 bytes; the signal is ignored)
  const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f ${(fileKib ?? 0) * 2}; exec "$@"`, 'sh', ...start]
  const [program = '', ...args] = fileKib ? limited : start
  const child = spawn(program, args, {
    env: { ...plainEnv(), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk).slice(-4000)
  })
  const exited = once(child, 'exit')
  t.teardown(() => end(child, exited, 'SIGKILL'))
  const { client, status } = await until('the relay to answer its operator', answering, 20_000)
  const { operator } = client
  const { id, pid, addresses } = status

  /** Another relay may hold the same directory: only the child's own answer counts. */
  async function answering(): Promise<{ client: OperatorClient; status: RelayStatus } | null> {
    if (child.exitCode !== null) throw new Error(`the relay ended with ${child.exitCode}: ${stderr}`)
    const client = await connectOperator(dataDir).catch(() => null)
    const status = await client?.operator.status().catch(() => null)
    if (client && status && status.pid === child.pid) return { client, status }
    client?.close()
    return null
  }

  return {
    id,
    pid,
    ssbPort: Number(/:(\d+)~/.exec(addresses.ssb[0] ?? '')?.[1]),
    webUrl: addresses.web ?? '',
    operator,
    async kill() {
      client.close()
      await end(child, exited, 'SIGKILL')
    },
    async stop() {
      client.close()
      await end(child, exited, 'SIGTERM')
      return child.exitCode
    },
  }
}

/** A data directory for a child. */
export const childDir = shortDir

async function end(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal)
  await exited
}

/**
 * Put before a program: tap's `spawn` adds its loader to every environment, and the loader catches signals that a relay
 * ignores, so a file at its limit would kill it.
 */
const UNWATCHED = ['env', '-u', 'NODE_OPTIONS']

/** Without tap's variables: a killed process must not be counted, covered or given a loader. */
function plainEnv(): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME }
}
