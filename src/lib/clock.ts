// SPDX-License-Identifier: AGPL-3.0-or-later
// The clock. The relay reads time only through this, so that tests can control it.

import { RelayError } from './errors.js'
import { PLAUSIBLE_NOW } from './limits.js'

export interface Clock {
  /** Unix time in milliseconds */
  now(): number
  /** Monotonic time in milliseconds, for durations; changes of the wall clock do not affect it. */
  uptime(): number
  /** Calls back once after some milliseconds; returns a function that cancels it. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** Runs a function at an interval in milliseconds until cancelled. */
  every(ms: number, run: () => void): () => void
}

/** Whether a time is plausible. A board without a battery starts in 1970 until the network sets its clock. */
export function isClockSet(now: number): boolean {
  return now >= PLAUSIBLE_NOW
}

/** @throws RelayError `clock_unset` if the clock was never set, before a lasting date is computed from it */
export function requireClock(now: number): void {
  if (!isClockSet(now)) throw new RelayError('clock_unset', new Date(now).toISOString())
}

export const systemClock: Clock = {
  now: Date.now,
  uptime: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
}
