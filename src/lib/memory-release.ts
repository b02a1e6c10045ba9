// Gives memory back when a busy time is over: V8 would keep what a busy hour took until the heap fills again.

import { setFlagsFromString } from 'node:v8'
import type { Clock } from './clock.js'
import { MINUTE, SECOND } from './limits.js'

export interface MemoryRelease {
  /** Says that something was done which leaves garbage behind, such as a page. */
  used(): void
  close(): void
}

/** Uses that are worth a collection, and uses in a minute below which it is quiet. */
const WORTH = 100
const QUIET = 20
/** Minutes after which there is a collection although it never gets quiet: left alone, the heap grows by some 5 MB in each. */
const OVERDUE = 3
/**
 * Collections when it got quiet, and the time from one to the next: V8 drops the code of what did not run between six of
 * them, such as pages nobody looks at any more, and keeps that of what did.
 */
const SERIES = 7
const APART = 5 * SECOND

/**
 * Collects, and moves what is left together so that its pages can go back to the system, which V8 would leave for worse
 * times. Some 20 ms, on a board ten times as long. Nothing where Node was started without `--expose-gc`.
 */
export function collect(): void {
  if (!globalThis.gc) return
  setFlagsFromString('--compact-on-every-full-gc')
  globalThis.gc()
  setFlagsFromString('--no-compact-on-every-full-gc')
}

/** Waits for a quiet minute as long as one can be hoped for, and then gives back what the busy time took. */
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
