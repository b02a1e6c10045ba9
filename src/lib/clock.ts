// Time, as one thing that tests can turn: no other file of the relay's logic asks the system for it.

import { RelayError } from './errors.js'
import { PLAUSIBLE_NOW } from './limits.js'

export interface Clock {
  /** Unix ms */
  now(): number
  /** Milliseconds from some point in the past, for measuring durations: no setting of the clock disturbs it. */
  uptime(): number
  /** Runs once after some milliseconds; answers the means to call it off. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void
  /** Runs every so many milliseconds until called off. */
  every(ms: number, run: () => void): () => void
}

/** Whether a time can be true. A board without a battery wakes up in 1970, until the network has told it better. */
export function isClockSet(now: number): boolean {
  return now >= PLAUSIBLE_NOW
}

/** @throws RelayError `clock_unset` where a date that is to last would be reckoned from a clock that was never set */
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
