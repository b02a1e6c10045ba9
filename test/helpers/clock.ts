// SPDX-License-Identifier: AGPL-3.0-or-later
// A clock that stands still until a test moves it.

import type { Clock } from '../../src/lib/clock.js'

export interface TestClock extends Clock {
  /** Moves time forward and runs due timers in order. */
  advance(ms: number): void
  /** Changes the date without running timers, as network time does. */
  jump(ms: number): void
  /** Number of waiting timers: a closed part leaves none. */
  pending(): number
}

export function createTestClock(start = 1_750_000_000_000): TestClock {
  let now = start
  let offset = 0
  let id = 0
  const timers = new Map<number, { at: number; run: () => void; every: number | null }>()
  const add = (ms: number, run: () => void, every: number | null): (() => void) => {
    const key = ++id
    timers.set(key, { at: now + ms, run, every })
    return () => timers.delete(key)
  }
  return {
    now: () => now + offset,
    uptime: () => now,
    after: (ms, run) => add(ms, run, null),
    every: (ms, run) => add(ms, run, ms),
    pending: () => timers.size,
    jump(ms) {
      offset += ms
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
        if (!due) break
        const [key, timer] = due
        now = timer.at
        if (timer.every === null) timers.delete(key)
        else timer.at += timer.every
        timer.run()
      }
      now = end
    },
  }
}
