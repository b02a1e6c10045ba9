// What the store needs now and then: what has expired goes, and the day's figures are noted.

import { type Clock, isClockSet } from '../lib/clock.js'
import { HOUR } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { TimeTrust } from '../lib/time-trust.js'
import type { Store } from './store.js'

interface HouseParts {
  store: Store
  clock: Clock
  trust: Pick<TimeTrust, 'by' | 'onTrusted'>
  log: Log
  /** what other parts have to end or to clear away */
  also?: () => Promise<void>
}

/**
 * Keeps house every hour, and when the clock has become trusted. By one that is not nothing is deleted: whether something
 * has expired is asked when it is used, and an invite that looks expired for a minute must still be there after it.
 * @returns what ends it, after the day's figures have been noted once more; the store must still be open then
 */
export function startMaintenance({
  store,
  clock,
  trust,
  log,
  also = async () => {},
}: HouseParts): () => Promise<void> {
  async function note(): Promise<void> {
    const { messages } = store.feeds.totals()
    await store.activity.note({
      members: store.members.count(),
      messages,
      bytes: store.bytes(),
    })
  }

  async function sweep(): Promise<void> {
    const { invites, knocks, signIns } = store
    store.feeds.resumeDeleting()
    if (trust.by()) {
      // in this order: what was made under a wrong clock has its end corrected before anything is deleted
      await Promise.all([invites.settle(), knocks.settle(), signIns.shorten()])
      await Promise.all([invites.sweep(), knocks.sweep(), signIns.sweep()])
    }
    if (isClockSet(clock.now())) await note()
    await also()
  }

  function keepHouse(): void {
    if (!isClockSet(clock.now()))
      log.warn({ now: clock.now() }, 'the clock is not set: nothing expires, and no invite is made')
    else if (!trust.by())
      log.info('the clock is not confirmed yet: nothing is deleted, and invites are timed by uptime')
    sweep().catch((err) => log.error({ err }, 'what has expired could not be swept'))
  }

  keepHouse()
  const stops = [clock.every(HOUR, keepHouse), trust.onTrusted(keepHouse)]
  return async () => {
    for (const stop of stops) stop()
    if (isClockSet(clock.now()))
      await note().catch((err) => log.error({ err }, 'the day’s figures could not be noted'))
  }
}
