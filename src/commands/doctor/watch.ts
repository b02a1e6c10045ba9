// tidepool doctor --watch: checks again and again, reports changes, and stops at the first error.

import type { DoctorCheck, DoctorReport } from '../../operator/protocol.js'

export interface WatchComponents {
  /** One round of checks. @param quick leave out what reads the whole store */
  check(quick: boolean): Promise<DoctorReport>
  /** Resolves after the interval; false when the watch is to end. */
  pause(): Promise<boolean>
  /** Told of each finding that was not there in the round before, or is gone. */
  report(change: 'new' | 'gone', finding: DoctorCheck): void
}

/** Rounds after which the whole store is read once more: once a day at one round a minute. */
const FULL_EVERY = 1440

/**
 * Watches until something is wrong.
 * @returns the report that holds the first error; null if the watch was ended
 */
export async function watch({ check, pause, report }: WatchComponents): Promise<DoctorReport | null> {
  let before = new Map<string, DoctorCheck>()
  for (let round = 0; ; round++) {
    const found = await check(round % FULL_EVERY !== 0)
    if (!found.ok) return found
    const now = new Map(
      found.checks.filter(({ severity }) => severity !== 'ok').map((each) => [keyOf(each), each]),
    )
    for (const [key, finding] of now) if (!before.has(key)) report('new', finding)
    for (const [key, finding] of before) if (!now.has(key)) report('gone', finding)
    before = now
    if (!(await pause())) return null
  }
}

/** Numbers in a finding change from round to round, and are no news. */
function keyOf({ name, detail }: DoctorCheck): string {
  return `${name} ${detail.replace(/\d+/g, '#')}`
}
