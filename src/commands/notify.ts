// SPDX-License-Identifier: AGPL-3.0-or-later
// Notifies the service manager: ready, alive, stopping, and a status line (sd_notify(3)).

import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { takeEnvironment } from '../config/config.js'
import type { Clock } from '../lib/clock.js'
import { PULSE_WRITE_MS, SECOND } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { count } from '../lib/text.js'
import type { Relay } from '../relay.js'

export interface ServiceManager {
  /** Reports that every listener is up. From now on sends watchdog notifications, if requested, until `stopping`. */
  ready(relay: Pick<Relay, 'status' | 'pulse'>, log: Log): Promise<void>
  stopping(): void
}

/** Sends one message to the service manager. @throws if it cannot be sent */
export type Send = (text: string) => void

/** The variables that a service manager sets; `TIDEPOOL_NOTIFY_FD` comes from `systemd/notified.pl`. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'TIDEPOOL_NOTIFY_FD'] as const

/**
 * Reads how to notify the service manager. Removes the variables, so that child processes (tor reads them too) cannot
 * notify in the relay's name.
 * @param env  for tests
 * @param send for tests, instead of the socket that the environment names
 */
export function findServiceManager(clock: Clock, env?: NodeJS.ProcessEnv, send?: Send): ServiceManager {
  const variables = takeEnvironment(VARIABLES, env)
  const notify = send ?? sender(variables.TIDEPOOL_NOTIFY_FD, variables.NOTIFY_SOCKET)
  if (!notify) return { ready: async () => {}, stopping: () => {} }
  const isForUs = !variables.WATCHDOG_PID || variables.WATCHDOG_PID === String(process.pid)
  const watchdogMs = isForUs ? Number(variables.WATCHDOG_USEC ?? 0) / 1000 : 0
  return createServiceManager(clock, notify, watchdogMs)
}

/**
 * @param watchdogMs the manager restarts the relay after this time without a notification; 0 for no watchdog
 */
function createServiceManager(clock: Clock, send: Send, watchdogMs: number): ServiceManager {
  let stop = (): void => {}
  let ended = false

  function notify(text: string): void {
    try {
      send(text)
    } catch {
      // The manager's queue is full. Watchdog notifications repeat by themselves; only readiness is sent again.
      if (text.startsWith('READY=1')) clock.after(SECOND, () => !ended && notify(text))
    }
  }

  async function statusLine(relay: Pick<Relay, 'status'>): Promise<string> {
    const { members, online, tunnels } = await relay.status()
    return `STATUS=${count(members, 'member')}, ${online} online, ${count(tunnels, 'tunnel')}\n`
  }

  return {
    async ready(relay, log) {
      if (ended) return
      notify(`READY=1\n${await statusLine(relay)}`)
      if (!(watchdogMs > 0)) return
      let isChecking = false
      let written = Number.NEGATIVE_INFINITY
      // No notification is sent if the event loop or the store hangs. An error of the store is an answer: a restart
      // does not empty a full disk.
      async function beat(): Promise<void> {
        if (isChecking) return
        isChecking = true
        const write = clock.uptime() - written >= PULSE_WRITE_MS
        try {
          await relay.pulse(write)
          if (write) written = clock.uptime()
        } catch (err) {
          log.error({ err }, 'store check failed')
        }
        isChecking = false
        if (!ended) notify(`WATCHDOG=1\n${await statusLine(relay)}`)
      }
      stop = clock.every(Math.max(watchdogMs / 2, 1), () => {
        beat().catch((err) => log.error({ err }, 'watchdog notification failed'))
      })
    },
    stopping() {
      if (ended) return
      ended = true
      stop()
      notify('STOPPING=1\nSTATUS=closing\n')
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
      // EAGAIN: the manager's queue is full, and waiting would stop the event loop. Other errors: the socket is gone.
      if ((err as NodeJS.ErrnoException).code === 'EAGAIN' || !viaProgram) throw err
      viaProgram(text)
    }
  }
}

/** The slow way, for a unit without `systemd/notified.pl`. Such a unit needs `NotifyAccess=all`. */
function runSystemdNotify(text: string, socket: string): void {
  const child = spawn('systemd-notify', text.trim().split('\n'), {
    env: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: socket },
    stdio: 'ignore',
  })
  // a missing program is no reason to stop
  child.on('error', () => {})
  child.unref()
}
