// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the wall clock is trusted: the network sets it, or it has agreed with the monotonic clock for an hour.
// Data expires only by a trusted clock.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.js'
import { isClockSet } from './clock.js'
import { CLOCK_AGREES_MS, CLOCK_LOOK_MS, CLOCK_STEP_MS, SECOND } from './limits.js'

/** Why the clock is trusted: the network sets it, or it ran for an hour without a step. */
export type TrustedBy = 'network' | 'agreement'

export interface TimeTrust {
  /** null while the clock is not trusted */
  by(): TrustedBy | null
  /** Calls the listener each time the clock becomes trusted. */
  onTrusted(listener: () => void): () => void
  /** Checks now, instead of within a minute. */
  look(): Promise<void>
  close(): void
}

/** Whether the network sets the clock; null if unknown. */
export type AskNetwork = () => Promise<boolean | null>

/**
 * Starts checking the clock. A board without a battery starts with its last time, or 1970. A clock that is wrong for six
 * seconds at the start must not delete data that is valid for 300 days.
 * @param network whether the network sets the clock
 */
export function createTimeTrust({
  clock,
  network = askSystem,
}: {
  clock: Clock
  network?: AskNetwork | undefined
}): TimeTrust {
  const listeners = new Set<() => void>()
  const offset = (): number => clock.now() - clock.uptime()
  let agreed = offset()
  let since = clock.uptime()
  let synchronized = false
  let asking = false
  let by: TrustedBy | null = null

  /** Updates the trust; a step of the clock restarts the hour. */
  function judge(): void {
    if (Math.abs(offset() - agreed) > CLOCK_STEP_MS) since = clock.uptime()
    agreed = offset()
    const agrees = clock.uptime() - since >= CLOCK_AGREES_MS
    const before = by
    by = !isClockSet(clock.now()) ? null : synchronized ? 'network' : agrees ? 'agreement' : null
    if (by && !before) for (const listener of [...listeners]) listener()
  }

  async function look(): Promise<void> {
    judge()
    // a trusted clock needs no check, and only one check runs at a time
    if (by || asking) return
    asking = true
    // a failed check is no confirmation
    synchronized = (await network().catch(() => null)) === true
    asking = false
    judge()
  }

  const stop = clock.every(CLOCK_LOOK_MS, () => void look())
  void look()
  return {
    by() {
      judge()
      return by
    },
    onTrusted(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    look,
    close: stop,
  }
}

/** systemd-timesyncd has this directory while it runs, and a file in it once it has set the clock after boot. */
const TIMESYNC = '/run/systemd/timesync'
/** Timeout of timedatectl in milliseconds. */
const ANSWER_MS = 5 * SECOND

/**
 * Asks the system: the file of systemd-timesyncd, or where that does not run the kernel's state (adjtimex) through
 * timedatectl. That starts a service which writes to the disk each time.
 */
export function askSystem(timesync: string = TIMESYNC): Promise<boolean | null> {
  if (existsSync(timesync)) return Promise.resolve(existsSync(join(timesync, 'synchronized')))
  return new Promise((resolve) => {
    const args = ['show', '--property=NTPSynchronized', '--value']
    execFile('timedatectl', args, { timeout: ANSWER_MS }, (err, stdout) =>
      resolve(err ? null : ({ yes: true, no: false }[stdout.trim()] ?? null)),
    )
  })
}
