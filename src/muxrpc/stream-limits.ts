// SPDX-License-Identifier: AGPL-3.0-or-later
// Limits of calls, streams and memory, for each connection and for all together, and who is evicted at a total limit.

import { CALLS_AT_ONCE, GATHERED_BYTES, QUEUED_BYTES } from '../lib/limits.js'

/** Limits of one caller; one object for all callers of a class. */
export interface CallerLimits {
  /** calls and streams at once */
  readonly calls: number
  /** bytes of one body, except JSON and text */
  readonly frameBytes: number
  /** callers of a lower rank are evicted before those of a higher one */
  readonly rank: number
}

/** What one connection uses. */
export interface Account {
  readonly limits: CallerLimits
  /** streams that the caller has open */
  readonly streams: number
  /** bytes of memory for an incomplete body */
  readonly gathered: number
  /** bytes queued for the caller's socket */
  readonly queued: number
  /** whether the totals include this account; set by `TotalLimits` */
  isCounted: boolean
  /** Closes the connection; called once, after its usage was subtracted from the totals. */
  evict(reason: string): void
}

type Kind = 'streams' | 'gathered' | 'queued'

const MOST: Readonly<Record<Kind, number>> = {
  streams: CALLS_AT_ONCE,
  gathered: GATHERED_BYTES,
  queued: QUEUED_BYTES,
}

/** The totals of all connections. At a limit, the connection of the lowest rank that uses most is evicted. */
export class TotalLimits {
  private readonly accounts = new Set<Account>()
  private readonly totals: Record<Kind, number> = { streams: 0, gathered: 0, queued: 0 }

  /** @param onEvict called when a connection is evicted */
  constructor(private readonly onEvict: (kind: Kind) => void) {}

  total(kind: Kind): number {
    return this.totals[kind]
  }

  open(account: Account): void {
    this.accounts.add(account)
    account.isCounted = true
  }

  /** Adds a change that the account has already made to its own figure. */
  changed(account: Account, kind: Kind, by: number): void {
    if (!account.isCounted) return
    this.totals[kind] += by
    if (by > 0 && this.totals[kind] > MOST[kind]) this.makeRoom(kind)
  }

  /** Subtracts an account whose connection ends. */
  close(account: Account): void {
    if (!account.isCounted) return
    account.isCounted = false
    this.accounts.delete(account)
    this.totals.streams -= account.streams
    this.totals.gathered -= account.gathered
    this.totals.queued -= account.queued
  }

  private makeRoom(kind: Kind): void {
    let worst: Account | null = null
    for (const each of this.accounts) {
      if (each[kind] === 0) continue
      const before = worst ? each.limits.rank - worst.limits.rank || worst[kind] - each[kind] : -1
      if (before < 0) worst = each
    }
    if (!worst) return
    this.onEvict(kind)
    this.close(worst)
    worst.evict(`too many ${kind} of all connections together`)
  }
}
