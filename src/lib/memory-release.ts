// SPDX-License-Identifier: AGPL-3.0-or-later
// Releases memory after a busy time: V8 would keep it until the heap is full again.

import { setFlagsFromString } from 'node:v8'
import type { Clock } from './clock.js'
import { MINUTE, SECOND } from './limits.js'

export interface MemoryRelease {
  /** Counts work that leaves garbage, such as rendering a page. */
  used(): void
  close(): void
}

/** Uses that justify a collection, and uses per minute below which it is quiet. */
const WORTH = 100
const QUIET = 20
/** Minutes until a collection although it is never quiet: the heap grows by some 5 MB in each. */
const OVERDUE = 3
/**
 * Number of collections when it is quiet, and the time between them: V8 drops the code of functions that did not run
 * between six collections.
 */
const SERIES = 7
const APART = 5 * SECOND

/**
 * Collects garbage and compacts the heap, so that free pages return to the system. Takes some 20 ms, on a board ten times
 * as long. Does nothing without `--expose-gc`.
 */
export function collect(): void {
  if (!globalThis.gc) return
  setFlagsFromString('--compact-on-every-full-gc')
  globalThis.gc()
  setFlagsFromString('--no-compact-on-every-full-gc')
}

/** Waits for a quiet minute, up to a limit, then releases memory. */
export function createMemoryRelease(
  clock: Pick<Clock, 'every'>,
  giveBack: () => void = collect,
): MemoryRelease {
  let uses = 0
  let before = 0
  let minutes = 0
  let endSeries = (): void => {}

  function begin(): void {
    let left = SERIES
    endSeries()
    endSeries = clock.every(APART, () => {
      giveBack()
      left -= 1
      if (left === 0) endSeries()
    })
  }
  const close = clock.every(MINUTE, () => {
    const quiet = uses - before < QUIET
    before = uses
    minutes = uses < WORTH ? 0 : minutes + 1
    if (uses < WORTH || (!quiet && minutes < OVERDUE)) return
    uses = 0
    before = 0
    minutes = 0
    if (quiet) begin()
    else giveBack()
  })
  return {
    used() {
      uses += 1
    },
    close() {
      close()
      endSeries()
    },
  }
}
