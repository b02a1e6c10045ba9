// What the store needs now and then: what has expired goes, and the day's figures are noted.

import { type Clock, isClockSet } from '../lib/clock.js'
import { HOUR } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { Store } from './store.js'

interface HouseParts {
  store: Store
  clock: Clock
  log: Log
}

/**
 * Keeps house at once and every hour, once the clock is set: by one that woke up in 1970 nothing can be dated.
 * @returns what ends it, after the day's figures have been noted once more; the store must still be open then
 */
export function startMaintenance({ store, clock, log }: HouseParts): () => Promise<void> {
  async function note(): Promise<void> {
    const { messages } = store.feeds.totals()
    await store.activity.note({
      members: store.members.count(),
      messages,
      bytes: store.bytes(),
    })
  }
  /** @param settled whether the network has had its time to set the clock */
  function sweep(settled: boolean): void {
    if (!isClockSet(clock.now())) {
      log.warn({ now: clock.now() }, 'the clock is not set: nothing expires, and no invite is made')
      return
    }
    const { invites, knocks, signIns } = store
    store.feeds.resumeDeleting()
    const shortened = settled ? [signIns.shorten()] : []
    Promise.all([invites.sweep(), knocks.sweep(), signIns.sweep(), ...shortened, note()]).catch((err) => {
      log.error({ err }, 'what has expired could not be swept')
    })
  }
  sweep(false)
  const stop = clock.every(HOUR, () => sweep(true))
  return async () => {
    stop()
    if (isClockSet(clock.now()))
      await note().catch((err) => log.error({ err }, 'the day’s figures could not be noted'))
  }
}
