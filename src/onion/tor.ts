// A tor of our own: the system's program as our child, in a directory of its own, gone when we are.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { KIB, SECOND, TOR_QUEUE_BYTES } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { dialUnix } from './dial.js'

export interface TorOptions {
  /** for tor's data and the control socket; made, and closed to others */
  dir: string
  /** the program, or its name to be looked for */
  binary: string
  /** a file of lines for the torrc, or null */
  extra: string | null
}

export interface TorChild {
  /** the file that both sides of the control connection must know */
  cookie: string
  /** Resolves with the control connection, once tor listens. */
  control(): Promise<Socket>
  /** Resolves, with why, when tor is gone. */
  ended: Promise<Error>
  /** Ends it, whatever state it is in; resolves when it is gone. */
  stop(): Promise<void>
}

/** Milliseconds until tor must listen: one that finds its directory locked waits 5 s for the other to go. */
const LISTEN_MS = 30 * SECOND
/** Milliseconds between looks whether it does. */
const LOOK_MS = 100
/** Milliseconds to end by itself; a tor that is stopped (SIGSTOP) never does. */
const STOP_MS = 1 * SECOND
/** Milliseconds that its last words may take to reach us. */
const WORDS_MS = 200
/** Bytes of the last words kept to tell why it ended. */
const WORDS = 300

/** What would undo what we rely on, if it stood in the operator's lines. */
const OURS =
  /^\s*[+/]?(DataDirectory|ControlPort|ControlSocket|CookieAuth\w*|HashedControlPassword|RunAsDaemon|User|__\w+)\b/im

/** Lines of the template that the operator's own replace: tor takes two of them for a contradiction. */
const REPLACED = ['SocksPort', 'MaxMemInQueues']

/** The template, `tor/torrc.in` of the installation: above the sources as well as above a build in one file. */
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
 * @throws Error for lines that would undo ours
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

/** Bytes that cells of all circuits may take in tor, of a board with so many: then it closes the largest. */
export function queueBytes(memory: number): number {
  return Math.floor(Math.min(Math.max(memory / 8, TOR_QUEUE_BYTES.least), TOR_QUEUE_BYTES.most))
}

/** Starts a tor. @throws Error where the directory or the operator's lines cannot be used */
export function startTor({ log, clock }: { log: Log; clock: Clock }, options: TorOptions): TorChild {
  const { dir, binary } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  const extra = options.extra === null ? '' : readFileSync(options.extra, 'utf8')
  const torrc = join(dir, 'torrc')
  writeFileSync(torrc, composeTorrc({ dir, pid: process.pid, extra }), { mode: 0o600 })
  const socket = join(dir, 'control')
  const cookie = join(dir, 'cookie')
  // what an earlier one left would be taken for the new one's
  for (const stale of [socket, cookie]) rmSync(stale, { force: true })

  const child = spawn(binary, ['--defaults-torrc', '/dev/null', '-f', torrc], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const words = listenTo(child, log)
  const ended = new Promise<Error>((resolve) => {
    child.once('error', (err: NodeJS.ErrnoException) => {
      const missing = err.code === 'ENOENT' || err.code === 'EACCES'
      const help = 'install it (Debian: apt-get install tor), or name it with onion.tor_binary'
      resolve(new Error(missing ? `there is no program ${binary} that we may run: ${help}` : err.message))
    })
    child.once('exit', (code, signal) => {
      const tell = (): void => {
        clearTimeout(late)
        const said = words()
        resolve(new Error(`tor ended (${signal ?? `code ${code}`})${said ? `: ${said}` : ''}`))
      }
      // its last words may still be on the way; a child of its own may hold the pipe open for longer
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
        // the cookie comes after the socket: only with both can one go on
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
      // by the system's own time: whoever closes a relay waits for this
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(cut)
    },
  }
}

/** Passes tor's words to the log; answers its last complaint. */
function listenTo(child: ChildProcess, log: Log): () => string {
  let complaint = ''
  for (const stream of [child.stdout, child.stderr]) {
    let left = ''
    stream?.on('data', (chunk: Buffer) => {
      const lines = (left + chunk).split('\n')
      // a line without an end is cut
      left = (lines.pop() ?? '').slice(-8 * KIB)
      for (const line of lines) {
        const [, level = '', text = line] = /\[(\w+)\] (.*)$/.exec(line) ?? []
        if (level === 'err' || level === 'warn') complaint = text.slice(0, WORDS)
        log.debug({ tor: text }, 'tor')
      }
    })
  }
  return () => complaint
}
