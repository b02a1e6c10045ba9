// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool doctor --watch: checks again and again, reports changes, and stops at the first error.

import type { DoctorCheck, DoctorReport } from '../../operator/protocol.js'

export interface WatchComponents {
  /** One round of checks. @param quick skip the check that reads the whole store */
  check(quick: boolean): Promise<DoctorReport>
  /** Resolves after the interval; false to end the watch. */
  pause(): Promise<boolean>
  /** Reports each finding that is new or gone since the last round. */
  report(change: 'new' | 'gone', finding: DoctorCheck): void
}

/** Rounds between two checks of the whole store: a day, at one round per minute. */
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

/** Identifies a finding without its numbers, which change from round to round. */
function keyOf({ name, detail }: DoctorCheck): string {
  return `${name} ${detail.replace(/\d+/g, '#')}`
}
