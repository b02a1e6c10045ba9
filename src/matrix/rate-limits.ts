// SPDX-License-Identifier: AGPL-3.0-or-later
// Rate limits per server and in total: token buckets in a bounded table.

import { SECOND } from '../lib/limits.js'
import { MATRIX_SERVERS_COUNTED } from '../lib/matrix-limits.js'

export interface Rate {
  burst: number
  perSecond: number
}

/** Counts by name; the least recently used name is evicted first. */
export function createRateLimit({ burst, perSecond }: Rate, uptime: () => number) {
  const counts = new Map<string, { saved: number; at: number }>()
  return {
    /** Takes tokens of a name; false where too few are left, and none is taken. */
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
