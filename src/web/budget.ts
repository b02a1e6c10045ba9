// The mint budget: a token bucket for the whole relay. Over onion every caller has one address, so it counts no addresses.

import { HOUR, SECOND } from '../limits.js'

/** Lets `perHour` things happen in an hour, all at once if they saved up for it. */
export class Budget {
  #perHour: number
  #tokens: number
  #counted: number
  readonly #now: () => number

  constructor(perHour: number, now: () => number) {
    this.#perHour = perHour
    this.#tokens = perHour
    this.#counted = now()
    this.#now = now
  }

  /** Spends one, if there is one. */
  take(): boolean {
    this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Gives back one whose invite could not be made. */
  refund(): void {
    this.#tokens = Math.min(this.#perHour, this.#tokens + 1)
  }

  /** Seconds until there is one to spend; 0 if there is now. */
  wait(): number {
    this.#fill()
    if (this.#tokens >= 1) return 0
    if (this.#perHour <= 0) return HOUR / SECOND
    return Math.ceil(((1 - this.#tokens) * HOUR) / this.#perHour / SECOND)
  }

  /** Changes the rate; what was saved up is kept as far as it fits. */
  setPerHour(perHour: number): void {
    this.#fill()
    // a fuller bucket starts full, as it would have at start
    this.#tokens = Math.min(perHour, this.#tokens + Math.max(0, perHour - this.#perHour))
    this.#perHour = perHour
  }

  #fill(): void {
    const now = this.#now()
    // a clock set back must not drain the bucket
    const elapsed = Math.max(0, now - this.#counted)
    this.#tokens = Math.min(this.#perHour, this.#tokens + (elapsed * this.#perHour) / HOUR)
    this.#counted = now
  }
}
