// How much each server may ask of us in a time, and all of them together: leaky buckets, few and bounded.

import { SECOND } from '../lib/limits.js'
import { MATRIX_SERVERS_COUNTED } from '../lib/matrix-limits.js'

export interface Rate {
  burst: number
  perSecond: number
}

/** Counts by name; the name heard from least recently is forgotten first. */
export function createRateLimit({ burst, perSecond }: Rate, uptime: () => number) {
  const counts = new Map<string, { saved: number; at: number }>()
  return {
    /** Takes some of what a name has left; false where that is too little, and nothing is taken. */
    take(name: string, amount = 1): boolean {
      const now = uptime()
      const held = counts.get(name) ?? { saved: burst, at: now }
      const saved = Math.min(burst, held.saved + ((now - held.at) / SECOND) * perSecond)
      const enough = saved >= amount
      counts.delete(name)
      counts.set(name, { saved: enough ? saved - amount : saved, at: now })
      const oldest = counts.keys().next().value
      if (counts.size > MATRIX_SERVERS_COUNTED && oldest !== undefined) counts.delete(oldest)
      return enough
    },
  }
}

export type RateLimit = ReturnType<typeof createRateLimit>
