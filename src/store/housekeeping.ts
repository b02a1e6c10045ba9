// SPDX-License-Identifier: AGPL-3.0-or-later
// Periodic maintenance: deletes what has expired and stores the day's figures.

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
  /** cleanup of other parts */
  also?: () => Promise<void>
}

/**
 * Runs maintenance every hour, and when the clock becomes trusted. Until then nothing is deleted: expiry is decided at
 * use, and an invite that looks expired while the clock is wrong must still exist once it is right.
 * @returns a function that stops it and stores the day's figures; the store must still be open
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
      // Expiry dates set by a wrong clock are corrected before anything is deleted.
      await Promise.all([invites.settle(), knocks.settle(), signIns.shorten()])
      await Promise.all([invites.sweep(), knocks.sweep(), signIns.sweep()])
    }
    if (isClockSet(clock.now())) await note()
    await also()
  }

  function maintain(): void {
    if (!isClockSet(clock.now())) log.warn({ now: clock.now() }, 'clock not set')
    else if (!trust.by()) log.info('clock not confirmed')
    sweep().catch((err) => log.error({ err }, 'maintenance failed'))
  }

  maintain()
  const stops = [clock.every(HOUR, maintain), trust.onTrusted(maintain)]
  return async () => {
    for (const stop of stops) stop()
    if (isClockSet(clock.now()))
      await note().catch((err) => log.error({ err }, 'daily statistics not stored'))
  }
}
