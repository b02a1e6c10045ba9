// What the service manager hears of us: ready, alive, stopping, and one line on how we are (sd_notify(3)).

import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { takeEnvironment } from '../config/config.js'
import type { Clock } from '../lib/clock.js'
import { PULSE_WRITE_MS, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { count } from '../lib/text.js'
import type { Relay } from '../relay.js'

export interface ServiceManager {
  /** Every listener is up. From now on the watchdog is fed, if there is one, until `stopping`. */
  ready(relay: Pick<Relay, 'status' | 'pulse'>, log: Log): Promise<void>
  stopping(): void
}

/** Hands one message to the service manager. @throws where it cannot be handed over */
export type Send = (text: string) => void

/** The variables of one service manager's word; `TIDEPOOL_NOTIFY_FD` comes from `systemd/notified.pl`. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'TIDEPOOL_NOTIFY_FD'] as const

/**
 * Finds out who has started us. The variables are taken away, so that no child (tor knows them too) speaks for us.
 * @param env  the environment, unless a test gives one
 * @param send in place of what the environment names
 */
export function findServiceManager(clock: Clock, env?: NodeJS.ProcessEnv, send?: Send): ServiceManager {
  const word = takeEnvironment(VARIABLES, env)
  const tell = send ?? sender(word.TIDEPOOL_NOTIFY_FD, word.NOTIFY_SOCKET)
  if (!tell) return { ready: async () => {}, stopping: () => {} }
  const meant = !word.WATCHDOG_PID || word.WATCHDOG_PID === String(process.pid)
  const watchdogMs = meant ? Number(word.WATCHDOG_USEC ?? 0) / 1000 : 0
  return createServiceManager(clock, tell, watchdogMs)
}

/**
 * @param watchdogMs after which silence is taken for death; 0 for no watchdog
 */
function createServiceManager(clock: Clock, send: Send, watchdogMs: number): ServiceManager {
  let stop = (): void => {}
  let ended = false

  function tell(text: string): void {
    try {
      send(text)
    } catch {
      // The manager's queue is full. A beat is followed by the next one; only readiness is worth telling again.
      if (text.startsWith('READY=1')) clock.after(SECOND, () => !ended && tell(text))
    }
  }

  async function statusLine(relay: Pick<Relay, 'status'>): Promise<string> {
    const { members, online, tunnels } = await relay.status()
    return `STATUS=${count(members, 'member')}, ${online} online, ${count(tunnels, 'tunnel')}\n`
  }

  return {
    async ready(relay, log) {
      if (ended) return
      tell(`READY=1\n${await statusLine(relay)}`)
      if (!(watchdogMs > 0)) return
      let asking = false
      let written = Number.NEGATIVE_INFINITY
      // The event loop runs this, and the store has to answer before we speak: if either hangs, we are silent. A store
      // that refuses does answer: a full disk is not emptied by starting anew.
      async function beat(): Promise<void> {
        if (asking) return
        asking = true
        const write = clock.uptime() - written >= PULSE_WRITE_MS
        try {
          await relay.pulse(write)
          if (write) written = clock.uptime()
        } catch (err) {
          log.error({ err }, 'the store answers the watchdog with an error')
        }
        asking = false
        if (!ended) tell(`WATCHDOG=1\n${await statusLine(relay)}`)
      }
      stop = clock.every(Math.max(watchdogMs / 2, 1), () => {
        beat().catch((err) => log.error({ err }, 'the watchdog could not be fed'))
      })
    },
    stopping() {
      if (ended) return
      ended = true
      stop()
      tell('STOPPING=1\nSTATUS=closing\n')
    },
  }
}

function sender(descriptor: string | undefined, socket: string | undefined): Send | null {
  const fd = /^\d{1,4}$/.test(descriptor ?? '') ? Number(descriptor) : 0
  const viaProgram: Send | null = socket ? (text) => runSystemdNotify(text, socket) : null
  if (fd <= 2) return viaProgram
  return (text) => {
    try {
      writeSync(fd, text)
    } catch (err) {
      // a full queue is the manager's business, and waiting would stop the event loop; all else is a socket that is gone
      if ((err as NodeJS.ErrnoException).code === 'EAGAIN' || !viaProgram) throw err
      viaProgram(text)
    }
  }
}

/** The slow way, for a unit without `systemd/notified.pl`: such a unit needs `NotifyAccess=all`. */
function runSystemdNotify(text: string, socket: string): void {
  const child = spawn('systemd-notify', text.trim().split('\n'), {
    env: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: socket },
    stdio: 'ignore',
  })
  // where the program is missing nobody can be told, and that is no reason to stop
  child.on('error', () => {})
  child.unref()
}
