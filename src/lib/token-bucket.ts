// SPDX-License-Identifier: AGPL-3.0-or-later
// A token bucket for the whole relay. It has no buckets for addresses, as all callers through the onion share one.

import { HOUR, SECOND } from './limits.js'

/** Cost of one token. A millisecond earns `perHour`, so that all sums are integers, without rounding. */
const COST = HOUR

/** Allows `perHour` events in an hour; a full bucket allows that many at once. */
export class TokenBucket {
  #perHour: number
  #saved: number
  #counted: number
  readonly #now: () => number

  constructor(perHour: number, now: () => number) {
    this.#perHour = perHour
    this.#saved = perHour * COST
    this.#counted = now()
    this.#now = now
  }

  /** Takes one token; returns whether there was one. @param leave tokens that must stay */
  take(leave = 0): boolean {
    this.#fill()
    if (this.#saved < COST * (1 + leave)) return false
    this.#saved -= COST
    return true
  }

  /** Returns a token whose event did not happen. */
  refund(): void {
    this.#add(COST)
  }

  /** Seconds until a token is available; 0 if one is. @param leave tokens that must stay */
  wait(leave = 0): number {
    this.#fill()
    const needed = COST * (1 + leave)
    if (this.#saved >= needed) return 0
    if (this.#perHour <= 0) return HOUR / SECOND
    return Math.ceil((needed - this.#saved) / this.#perHour / SECOND)
  }

  /** Changes the rate; tokens that fit the new size are kept. */
  setPerHour(perHour: number): void {
    this.#fill()
    const more = perHour - this.#perHour
    this.#perHour = perHour
    // the extra room of a larger bucket starts full, as at the start of the relay
    this.#add(Math.max(0, more) * COST)
  }

  #fill(): void {
    const now = this.#now()
    // a clock set back must not drain the bucket
    const elapsed = Math.max(0, now - this.#counted)
    this.#counted = now
    this.#add(elapsed * this.#perHour)
  }

  #add(amount: number): void {
    this.#saved = Math.min(this.#perHour * COST, this.#saved + amount)
  }
}
