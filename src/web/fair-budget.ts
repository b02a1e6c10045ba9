// SPDX-License-Identifier: AGPL-3.0-or-later
// Events per hour, such as invites: a part is kept for visitors who had none today, so that one crowd cannot take all.

import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { DAY, SERVED_KEPT } from '../lib/limits.js'
import { isLoopback } from '../lib/platform.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { TwoTierCache } from '../lib/two-tier-cache.js'
import { canonical } from './own-hostnames.js'

/** Part of an hour's events that is only for sources that had none in the last day. */
const RESERVED = 0.25

export interface FairBudget {
  /** Takes one event for a source. @param source null where visitors cannot be told apart */
  take(source: string | null): boolean
  /** Returns an event that did not happen. */
  refund(): void
  /** Seconds until a source can take one; 0 if it can now. */
  wait(source: string | null): number
  setPerHour(perHour: number): void
}

/** @param now Unix ms */
export function createFairBudget(perHour: number, now: () => number): FairBudget {
  const bucket = new TokenBucket(perHour, now)
  let reserved = Math.floor(perHour * RESERVED)
  const served = new TwoTierCache<{ at: number }>(SERVED_KEPT, ({ at }) => at <= now() - DAY)
  // addresses are not kept in clear
  const salt = randomBytes(32)
  const idOf = (source: string): string => createHmac('sha256', salt).update(source).digest('base64url')
  const leaves = (source: string | null): number =>
    source !== null && served.get(idOf(source)) !== undefined ? reserved : 0

  return {
    take(source) {
      if (!bucket.take(leaves(source))) return false
      if (source !== null) served.add(idOf(source), { at: now() })
      return true
    },
    refund: () => bucket.refund(),
    wait: (source) => bucket.wait(leaves(source)),
    setPerHour(next) {
      bucket.setPerHour(next)
      reserved = Math.floor(next * RESERVED)
    },
  }
}

/**
 * Where a request comes from: an IPv4 address, or the first 48 bits of an IPv6 address, which is what one customer has.
 * Null on this machine, where Tor's and a reverse proxy's visitors come from too.
 */
export function sourceOf({ socket }: Pick<IncomingMessage, 'socket'>): string | null {
  const address = canonical(socket.remoteAddress ?? '')
  if (address === '' || isLoopback(address)) return null
  return address.includes(':') ? address.split(':').slice(0, 3).join(':') : address
}
