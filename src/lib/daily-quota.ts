// SPDX-License-Identifier: AGPL-3.0-or-later
// A daily quota for each key. Counted in memory: only the operator can restart the relay.

import { RelayError } from './errors.js'
import { DAY } from './limits.js'

/**
 * @param now milliseconds, of the wall clock or monotonic
 * @param limit the name of this limit in counters
 * @returns a function that counts one use and throws `quota_reached` if the quota is used up
 */
export function createDailyQuota(most: number, now: () => number, limit: string): (who: string) => void {
  /** uses today; cleared each day */
  const counts = new Map<string, number>()
  let day = 0
  return (who) => {
    const today = Math.floor(now() / DAY)
    if (today !== day) counts.clear()
    day = today
    const count = counts.get(who) ?? 0
    if (count >= most)
      throw new RelayError('quota_reached', `daily limit of ${most} reached, try again tomorrow`, { limit })
    counts.set(who, count + 1)
  }
}
