// Lives measured by uptime: of what was made while the clock was not trusted, and may be days behind or ahead.

import { CLOCK_STEP_MS, INVITES_KEPT } from '../lib/limits.js'
import type { TimeTrust } from '../lib/time-trust.js'
import type { FeedId } from '../ssb/feed-id.js'

/** What the store asks about time. */
export interface StoreTime {
  /** Unix ms */
  now(): number
  /** milliseconds from some point in the past */
  uptime(): number
  trust: Pick<TimeTrust, 'by'>
}

export interface ProvisionalLives {
  /** Notes something that was made just now. Nothing while the clock is trusted. @param expires Unix ms, by the clock of now */
  begin(id: FeedId, expires: number): void
  /** Whether it has had its time: by uptime for what was noted, else by the clock. */
  hasExpired(id: FeedId, expires: number): boolean
  /** Forgets what was noted: answers when each really ends, in Unix ms, where that is not what was written. */
  settle(): Array<{ id: FeedId; expires: number }>
}

/** The time of a store whose clock is right. */
export const trusting = (now: () => number): StoreTime => ({
  now,
  uptime: now,
  trust: { by: () => 'network' },
})

/** Keeps them in memory: a restart before the clock is trusted leaves what the record says. */
export function createProvisionalLives({ now, uptime, trust }: StoreTime): ProvisionalLives {
  /** when each ends by uptime, and when by what is written */
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
      // written anew since
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
