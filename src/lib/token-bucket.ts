// The mint budget: a token bucket for the whole relay. Over onion every caller has one address, so it counts no addresses.

import { HOUR, SECOND } from './limits.js'

/** What one thing costs. A millisecond earns `perHour`, so all sums are whole numbers and nothing is lost to rounding. */
const COST = HOUR

/** Lets `perHour` things happen in an hour, all at once if they saved up for it. */
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

  /** Spends one, if there is one. */
  take(): boolean {
    this.#fill()
    if (this.#saved < COST) return false
    this.#saved -= COST
    return true
  }

  /** Gives back one whose invite could not be made. */
  refund(): void {
    this.#add(COST)
  }

  /** Seconds until there is one to spend; 0 if there is now. */
  wait(): number {
    this.#fill()
    if (this.#saved >= COST) return 0
    if (this.#perHour <= 0) return HOUR / SECOND
    return Math.ceil((COST - this.#saved) / this.#perHour / SECOND)
  }

  /** Changes the rate; what was saved up is kept as far as it fits. */
  setPerHour(perHour: number): void {
    this.#fill()
    const more = perHour - this.#perHour
    this.#perHour = perHour
    // what a larger bucket holds more it has at once, as it would have had at start
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
