// Whether the wall clock can be believed: what has an end is deleted only by a clock that the network keeps, or that has agreed with the monotonic clock for long.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Clock } from './clock.js'
import { isClockSet } from './clock.js'
import { CLOCK_AGREES_MS, CLOCK_LOOK_MS, CLOCK_STEP_MS, SECOND } from './limits.js'

/** Who vouches for the clock: the network, or an hour without a step. */
export type TrustedBy = 'network' | 'agreement'

export interface TimeTrust {
  /** null while the clock is not trusted */
  by(): TrustedBy | null
  /** Told when the clock has become trusted, each time that it does. */
  onTrusted(listener: () => void): () => void
  /** Looks now, rather than within a minute. */
  look(): Promise<void>
  close(): void
}

/** Whether the network keeps the clock; null where nobody can tell. */
export type AskNetwork = () => Promise<boolean | null>

/**
 * Starts watching the clock. A board without a battery begins with whatever time it had last, or 1970, and a clock that is
 * wrong for six seconds at the start must not cost what is good for 300 days.
 * @param network whether the network keeps the clock
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

  /** Judges by what is known; a step of the clock begins the hour again. */
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
    // a system that has set the clock keeps it; and one question at a time
    if (by || asking) return
    asking = true
    // what cannot be asked has not said that it is so
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

/** A file that systemd-timesyncd makes when it has set the clock, once in each run of the system. */
const SYNCHRONIZED = '/run/systemd/timesync/synchronized'
/** Milliseconds that the system may take to answer. */
const ANSWER_MS = 5 * SECOND

/** What the system knows: the mark of systemd-timesyncd, else the kernel's own state (adjtimex), as timedatectl tells it. */
export function askSystem(): Promise<boolean | null> {
  if (existsSync(SYNCHRONIZED)) return Promise.resolve(true)
  return new Promise((resolve) => {
    const args = ['show', '--property=NTPSynchronized', '--value']
    execFile('timedatectl', args, { timeout: ANSWER_MS }, (err, stdout) =>
      resolve(err ? null : ({ yes: true, no: false }[stdout.trim()] ?? null)),
    )
  })
}
