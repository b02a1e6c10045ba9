// SPDX-License-Identifier: AGPL-3.0-or-later
// Counts today's joins by the invites of each maker. In memory only: a restart starts the count again.

import { RelayError } from '../lib/errors.js'
import { DAY, JOINS_PER_DAY } from '../lib/limits.js'

/** A maker whose daily limit of joins is reached. */
export interface JoinLimit {
  /** a member's id, or `operator` */
  by: string
  /** joins rejected since then */
  refused: number
}

export interface JoinQuota {
  /** @throws RelayError `quota_reached` if the maker's daily limit is reached */
  check(by: string): void
  /** Counts a join. */
  count(by: string): void
  /** Makers whose daily limit is reached. */
  reached(): JoinLimit[]
}

/**
 * @param now       Unix ms
 * @param onReached called for each rejection
 */
export function createJoinQuota(now: () => number, onReached: (limit: JoinLimit) => void): JoinQuota {
  /** cleared at the start of each day */
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
        'daily limit of joins by invites of this inviter reached, try again tomorrow',
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
