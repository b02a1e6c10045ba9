// SPDX-License-Identifier: AGPL-3.0-or-later
// Spawns the system's tor as a child process, in a directory of its own. It ends with the relay.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { KIB, SECOND, TOR_QUEUE_BYTES } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { dialUnix } from './dial.js'

/** Name of the socket for SOCKS in tor's directory, opened when the relay first calls an onion. */
export const SOCKS_FILE = 'socks'

export interface TorOptions {
  /** for tor's data and its control socket; created with mode 0700 */
  dir: string
  /** path or name of the program */
  binary: string
  /** file with further lines for the torrc, or null */
  extra: string | null
}

export interface TorChild {
  /** path of the control port's cookie */
  cookie: string
  /** Resolves with a control connection once tor listens. */
  control(): Promise<Socket>
  /** Resolves with the reason when tor has exited. */
  ended: Promise<Error>
  /** Stops tor, even a suspended one; resolves when it has exited. */
  stop(): Promise<void>
}

/** Milliseconds until tor must listen: it waits 5 s for a lock on its directory. */
const LISTEN_MS = 30 * SECOND
/** Milliseconds between attempts to connect. */
const LOOK_MS = 100
/** Milliseconds from SIGTERM to SIGKILL; a suspended tor (SIGSTOP) needs the second. */
const STOP_MS = 1 * SECOND
/** Milliseconds to wait for the last output after the exit. */
const WORDS_MS = 200
/** Characters of the last warning in the reason. */
const WORDS = 300

/** Options that the operator's lines must not set. */
const OURS =
  /^\s*[+/]?(DataDirectory|ControlPort|ControlSocket|CookieAuth\w*|HashedControlPassword|RunAsDaemon|User|__\w+)\b/im

/** Options of the template that the operator's lines replace: tor rejects or misreads both together. */
const REPLACED = ['SocksPort', 'MaxMemInQueues']

/** Reads the installation's `tor/torrc.in`, which is one or two directories above, by how the code was built. */
function readTemplate(): string {
  for (const above of ['../../', '../']) {
    const url = new URL(`${above}tor/torrc.in`, import.meta.url)
    if (existsSync(url)) return readFileSync(url, 'utf8')
  }
  throw new Error('tor/torrc.in is missing: install the relay again')
}

/**
 * Fills in the torrc of the child.
 * @param extra the operator's lines
 * @throws Error for lines that set an option of the relay's
 */
export function composeTorrc({ dir, pid, extra }: { dir: string; pid: number; extra: string }): string {
  const [, forbidden] = OURS.exec(extra) ?? []
  if (forbidden) throw new Error(`onion.extra_torrc may not set ${forbidden}`)
  const path = (...parts: string[]): string => JSON.stringify(join(dir, ...parts))
  const values: Record<string, string> = {
    ...{ DIR: path(), CONTROL: path('control'), COOKIE: path('cookie') },
    ...{ PID: String(pid), QUEUE_BYTES: String(queueBytes(totalmem())), EXTRA: extra },
  }
  const isReplaced = (line: string): boolean =>
    REPLACED.some(
      (option) => line.startsWith(option) && new RegExp(`^\\s*\\+?${option}\\b`, 'im').test(extra),
    )
  return readTemplate()
    .split('\n')
    .filter((line) => !isReplaced(line))
    .join('\n')
    .replace(/@([A-Z_]+)@/g, (whole, name: string) => values[name] ?? whole)
}

/** MaxMemInQueues for a machine with so many bytes of memory: above it tor closes the largest circuits. */
export function queueBytes(memory: number): number {
  return Math.floor(Math.min(Math.max(memory / 8, TOR_QUEUE_BYTES.least), TOR_QUEUE_BYTES.most))
}

/** Starts tor. @throws Error if the directory or the operator's lines cannot be used */
export function startTor({ log, clock }: { log: Log; clock: Clock }, options: TorOptions): TorChild {
  const { dir, binary } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  const extra = options.extra === null ? '' : readFileSync(options.extra, 'utf8')
  const torrc = join(dir, 'torrc')
  writeFileSync(torrc, composeTorrc({ dir, pid: process.pid, extra }), { mode: 0o600 })
  const socket = join(dir, 'control')
  const cookie = join(dir, 'cookie')
  // files of an earlier tor would be mistaken for the new one's
  for (const stale of [socket, cookie]) rmSync(stale, { force: true })

  const child = spawn(binary, ['--defaults-torrc', '/dev/null', '-f', torrc], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const words = listenTo(child, log)
  const ended = new Promise<Error>((resolve) => {
    child.once('error', (err: NodeJS.ErrnoException) => {
      const missing = err.code === 'ENOENT' || err.code === 'EACCES'
      const help = 'install it (Debian: apt-get install tor), or name it with onion.tor_binary'
      resolve(
        new Error(missing ? `there is no program ${binary} that the relay may run: ${help}` : err.message),
      )
    })
    child.once('exit', (code, signal) => {
      const tell = (): void => {
        clearTimeout(late)
        const said = words()
        resolve(new Error(`tor ended (${signal ?? `code ${code}`})${said ? `: ${said}` : ''}`))
      }
      // the last output may still arrive; a child of tor may hold the pipe open for longer
      const late = setTimeout(tell, WORDS_MS)
      child.once('close', tell)
    })
  })
  let gone: Error | null = null
  void ended.then((why) => {
    gone = why
  })

  async function control(): Promise<Socket> {
    const deadline = clock.uptime() + LISTEN_MS
    for (;;) {
      if (gone) throw gone
      try {
        // tor writes the cookie after it opens the socket; both are needed
        readFileSync(cookie)
        return await dialUnix(socket)
      } catch (err) {
        if (clock.uptime() > deadline) throw new Error(`tor does not listen: ${(err as Error).message}`)
      }
      await Promise.race([ended, new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))])
    }
  }

  return {
    cookie,
    control,
    ended,
    async stop() {
      if (gone) return
      child.kill('SIGTERM')
      // real time, as closing the relay waits for this
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(cut)
    },
  }
}

/** Logs tor's output at `debug`. @returns a function for the last warning */
function listenTo(child: ChildProcess, log: Log): () => string {
  let complaint = ''
  for (const stream of [child.stdout, child.stderr]) {
    let left = ''
    stream?.on('data', (chunk: Buffer) => {
      const lines = (left + chunk).split('\n')
      // a line without an end is truncated
      left = (lines.pop() ?? '').slice(-8 * KIB)
      for (const line of lines) {
        const [, level = '', text = line] = /\[(\w+)\] (.*)$/.exec(line) ?? []
        if (level === 'err' || level === 'warn') complaint = text.slice(0, WORDS)
        log.debug({ tor: text }, 'tor output')
      }
    })
  }
  return () => complaint
}
