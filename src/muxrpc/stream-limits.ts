// What connections may have under way, each and all together, and which of them is evicted when all have too much.

import { CALLS_AT_ONCE, GATHERED_BYTES, QUEUED_BYTES } from '../lib/limits.js'

/** What one caller may have; the same object for all callers of a class. */
export interface CallerLimits {
  /** calls and streams under way */
  readonly calls: number
  /** bytes in one body that is no JSON */
  readonly frameBytes: number
  /** callers of a lower rank are evicted before those of a higher one */
  readonly rank: number
}

/** One connection's share of what all have. */
export interface Account {
  readonly limits: CallerLimits
  /** streams that the caller has open */
  readonly streams: number
  /** bytes of memory held for an unfinished body */
  readonly gathered: number
  /** bytes that wait for the caller's socket */
  readonly queued: number
  /** whether its share is part of the totals; set by `TotalLimits` */
  isCounted: boolean
  /** Ends the connection for the good of all; called once, after its share was taken off. */
  evict(reason: string): void
}

type Kind = 'streams' | 'gathered' | 'queued'

const MOST: Readonly<Record<Kind, number>> = {
  streams: CALLS_AT_ONCE,
  gathered: GATHERED_BYTES,
  queued: QUEUED_BYTES,
}

/** The totals of all connections. Beyond a limit the connection with most of that kind is evicted, by rank. */
export class TotalLimits {
  private readonly accounts = new Set<Account>()
  private readonly totals: Record<Kind, number> = { streams: 0, gathered: 0, queued: 0 }

  /** @param onEvict told when a connection is evicted */
  constructor(private readonly onEvict: (kind: Kind) => void) {}

  total(kind: Kind): number {
    return this.totals[kind]
  }

  open(account: Account): void {
    this.accounts.add(account)
    account.isCounted = true
  }

  /** The account's own figure has changed by so much already. */
  changed(account: Account, kind: Kind, by: number): void {
    if (!account.isCounted) return
    this.totals[kind] += by
    if (by > 0 && this.totals[kind] > MOST[kind]) this.makeRoom(kind)
  }

  /** The connection is gone, or as good as gone. */
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
