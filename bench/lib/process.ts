// SPDX-License-Identifier: AGPL-3.0-or-later
// Processes of a bench: started, measured from outside through /proc, and all ended, whatever happens.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createAsker } from './ipc.js'

export interface Started {
  pid: number
  ask<T>(method: string, argument?: unknown): Promise<T>
  /** The last of what it printed to stderr. */
  lastWords(): string
  readonly ended: boolean
  /** SIGTERM, and SIGKILL where that is not enough; resolves when the process is gone. */
  stop(): Promise<void>
}

/** Milliseconds a process has to end by itself. */
const END_MS = 8000
const WORDS_CHARS = 2000

const running = new Set<ChildProcess>()
const directories = new Set<string>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const path of directories) rmSync(path, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** A directory of this run's own, removed at its end. */
export function temporary(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `tidepool-bench-${name}-`))
  directories.add(path)
  return path
}

export function removeTemporary(path: string): void {
  rmSync(path, { recursive: true, force: true })
  directories.delete(path)
}

export interface StartOptions {
  /** flags for Node and what follows them */
  args: string[]
  env?: Record<string, string>
  /** whether it answers questions (`lib/ipc.ts`) */
  answers?: boolean
}

/** Starts a Node process that inherits neither flags nor `NODE_OPTIONS` from us. */
export function startNode({ args, env = {}, answers = false }: StartOptions): Started {
  const { NODE_OPTIONS: _, NODE_CHANNEL_FD: __, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...(answers ? (['ipc'] as const) : [])],
  })
  running.add(child)
  let words = ''
  let ended = false
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-WORDS_CHARS)
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true
      running.delete(child)
      resolve()
    })
  })
  const lastWords = (): string => words.trim()
  return {
    pid: child.pid as number,
    ask: createAsker(child, lastWords),
    lastWords,
    get ended() {
      return ended
    },
    async stop() {
      if (ended) return
      child.kill('SIGTERM')
      await Promise.race([gone, delay(END_MS, undefined, { ref: false })])
      if (!ended) child.kill('SIGKILL')
      await gone
    },
  }
}

/** A port nobody listens on now, for servers that cannot be asked which one they took. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve((address as { port: number }).port))
    })
  })
}

// --- measuring ---------------------------------------------------------------------------------------------------

export interface Memory {
  /** resident, in MB of 10^6 bytes, as all of these */
  rss: number
  /** of it, what is not backed by a file: heaps, stacks, buffers */
  anonymous: number
  /** of it, pages of files: the Node binary, libraries, the database's map */
  file: number
  /** highest resident size since the start or `resetPeak` */
  peak: number
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6
  return {
    rss: megabytes('VmRSS'),
    anonymous: megabytes('RssAnon'),
    file: megabytes('RssFile'),
    peak: megabytes('VmHWM'),
  }
}

/** Lets `peak` begin again from what is resident now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Processor time used so far, in ms: the kernel counts it in hundredths of a second. */
export function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The same in nanoseconds' precision, of the threads that are there: for what takes little. */
export function exactProcessorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const times = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
  return times.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0) / 1e6
}
