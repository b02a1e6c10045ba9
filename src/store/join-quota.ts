// How many feeds the invites of one maker have let in today: in memory, as a restart is the operator's.

import { RelayError } from '../lib/errors.js'
import { DAY, JOINS_PER_DAY } from '../lib/limits.js'

/** A maker whose invites let nobody in until tomorrow. */
export interface JoinLimit {
  /** a member's id, or `operator` */
  by: string
  /** joins refused since */
  refused: number
}

export interface JoinQuota {
  /** @throws RelayError `quota_reached` where the day's share of a maker is used up */
  check(by: string): void
  /** Counts a join. */
  count(by: string): void
  /** Makers whose share of today is used up. */
  reached(): JoinLimit[]
}

/**
 * @param now       Unix ms
 * @param onReached told of each refusal
 */
export function createJoinQuota(now: () => number, onReached: (limit: JoinLimit) => void): JoinQuota {
  /** forgotten with the day */
  const makers = new Map<string, { joins: number; refused: number }>()
  let day = 0

  function today(): typeof makers {
    const current = Math.floor(now() / DAY)
    if (current !== day) makers.clear()
    day = current
    return makers
  }

  return {
    check(by) {
      const maker = today().get(by)
      if (!maker || maker.joins < JOINS_PER_DAY) return
      maker.refused += 1
      onReached({ by, refused: maker.refused })
      throw new RelayError(
        'quota_reached',
        'enough people have come in by such invites today, try again tomorrow',
        { limit: 'joins_per_day' },
      )
    },
    count(by) {
      const maker = today().get(by) ?? { joins: 0, refused: 0 }
      maker.joins += 1
      makers.set(by, maker)
    },
    reached: () =>
      [...today()]
        .filter(([, { joins }]) => joins >= JOINS_PER_DAY)
        .map(([by, { refused }]) => ({ by, refused })),
  }
}
