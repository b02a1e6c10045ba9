// SPDX-License-Identifier: AGPL-3.0-or-later
// Lifetimes measured by the monotonic clock, for items created while the wall clock is not trusted.

import { CLOCK_STEP_MS, INVITES_KEPT } from '../lib/limits.js'
import type { TimeTrust } from '../lib/time-trust.js'
import type { FeedId } from '../ssb/feed-id.js'

/** The clocks of the store. */
export interface StoreTime {
  /** Unix ms */
  now(): number
  /** monotonic clock in milliseconds */
  uptime(): number
  trust: Pick<TimeTrust, 'by'>
}

export interface ProvisionalLives {
  /**
   * Records an item that was just created; does nothing while the clock is trusted.
   * @param expires Unix ms by the current wall clock
   */
  begin(id: FeedId, expires: number): void
  /** Whether it has expired: by the monotonic clock if recorded, else by the wall clock. */
  hasExpired(id: FeedId, expires: number): boolean
  /** Clears the records. Returns the correct expiry in Unix ms of those whose stored one is wrong. */
  settle(): Array<{ id: FeedId; expires: number }>
}

/** The clocks of a store whose wall clock is trusted. */
export const trusting = (now: () => number): StoreTime => ({
  now,
  uptime: now,
  trust: { by: () => 'network' },
})

/** Kept in memory: after a restart before the clock is trusted, the stored expiry applies. */
export function createProvisionalLives({ now, uptime, trust }: StoreTime): ProvisionalLives {
  /** end by the monotonic clock, and stored expiry in Unix ms */
  const lives = new Map<FeedId, { ends: number; written: number }>()

  return {
    begin(id, expires) {
      lives.delete(id)
      if (trust.by()) return
      lives.set(id, { ends: uptime() + (expires - now()), written: expires })
      const [oldest] = lives.keys()
      if (lives.size > INVITES_KEPT && oldest) lives.delete(oldest)
    },
    hasExpired(id, expires) {
      const life = lives.get(id)
      // a record with another expiry was replaced since
      if (!life || life.written !== expires) return now() >= expires
      return uptime() >= life.ends
    },
    settle() {
      const settled = [...lives].map(([id, { ends, written }]) => {
        const expires = Math.trunc(now() + (ends - uptime()))
        return { id, expires, off: Math.abs(expires - written) }
      })
      lives.clear()
      return settled.filter(({ off }) => off > CLOCK_STEP_MS).map(({ id, expires }) => ({ id, expires }))
    },
  }
}
