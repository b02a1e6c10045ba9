// SPDX-License-Identifier: AGPL-3.0-or-later
// What the relay has refused, and which limits it has reached, since it started.

import type { RelayError } from './errors.js'
import { createLogThrottle, type Log } from './log.js'

/** How often a limit was reached, and when last. */
export interface LimitCount {
  times: number
  /** milliseconds of uptime */
  at: number
}

/** The counts. Keys are error codes and names from the code, never a peer's text, so the maps stay small. */
export interface Counts {
  refusals: ReadonlyMap<string, number>
  limits: ReadonlyMap<string, LimitCount>
  evictions: ReadonlyMap<string, number>
}

export interface Counters extends Counts {
  /** Counts an error that a caller is answered with. Where it names a limit, that limit was reached. */
  refused(error: RelayError): void
  /** Counts that a limit was reached. Each limit is logged at most once a minute. */
  reached(limit: string): void
  /** The same for a limit that made the relay end a connection. */
  evicted(limit: string): void
}

/**
 * Creates the counters of one relay.
 * @param uptime milliseconds of a monotonic clock
 */
export function createCounters(log: Pick<Log, 'warn'>, uptime: () => number): Counters {
  const refusals = new Map<string, number>()
  const limits = new Map<string, LimitCount & { due: () => number }>()
  const evictions = new Map<string, number>()

  function reached(limit: string): void {
    const known = limits.get(limit) ?? { times: 0, at: 0, due: createLogThrottle(uptime) }
    known.times += 1
    known.at = uptime()
    limits.set(limit, known)
    const count = known.due()
    if (count > 0) log.warn({ limit, count }, 'limit reached')
  }

  return {
    ...{ refusals, limits, evictions, reached },
    refused({ code, limit }) {
      refusals.set(code, (refusals.get(code) ?? 0) + 1)
      if (limit !== undefined) reached(limit)
    },
    evicted(limit) {
      evictions.set(limit, (evictions.get(limit) ?? 0) + 1)
      reached(limit)
    },
  }
}

/** Counts nothing: for parts that run without a relay around them. */
export const NO_COUNTERS: Counters = {
  ...{ refusals: new Map(), limits: new Map(), evictions: new Map() },
  refused() {},
  reached() {},
  evicted() {},
}
