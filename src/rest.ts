// Gives memory back when a busy time is over: V8 would keep what a busy hour took until the heap fills again.

import type { Clock } from './clock.js'
import { MINUTE } from './limits.js'

export interface Rest {
  /** Says that something was done which leaves garbage behind, such as a page. */
  used(): void
  close(): void
}

/** Uses that are worth a collection, and uses in a minute below which it is quiet. */
const WORTH = 100
const QUIET = 20
/** Minutes after which there is a collection although it never gets quiet. */
const OVERDUE = 10

/**
 * @param giveBack collects; by default the engine's own, where Node was started with `--expose-gc`. It takes some 20 ms,
 * on a board ten times as long, so it waits for a quiet minute as long as one can be hoped for.
 */
export function createRest(
  clock: Pick<Clock, 'every'>,
  giveBack: () => void = () => globalThis.gc?.(),
): Rest {
  let uses = 0
  let before = 0
  let minutes = 0
  const close = clock.every(MINUTE, () => {
    const quiet = uses - before < QUIET
    before = uses
    minutes = uses < WORTH ? 0 : minutes + 1
    if (uses < WORTH || (!quiet && minutes < OVERDUE)) return
    uses = 0
    before = 0
    minutes = 0
    giveBack()
  })
  return {
    used() {
      uses += 1
    },
    close,
  }
}
