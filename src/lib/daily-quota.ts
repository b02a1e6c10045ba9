// So many times a day and each: counted in memory, as restarts are the operator's.

import { RelayError } from './errors.js'
import { DAY } from './limits.js'

/**
 * @param now   milliseconds, of the clock or of uptime
 * @param limit the name of this limit in counters
 * @returns what counts one time more; it throws `quota_reached` where the day's share is used up
 */
export function createDailyQuota(most: number, now: () => number, limit: string): (who: string) => void {
  /** times today; forgotten with the day */
  const counts = new Map<string, number>()
  let day = 0
  return (who) => {
    const today = Math.floor(now() / DAY)
    if (today !== day) counts.clear()
    day = today
    const count = counts.get(who) ?? 0
    if (count >= most) throw new RelayError('quota_reached', `enough for today, ${most} in a day`, { limit })
    counts.set(who, count + 1)
  }
}
