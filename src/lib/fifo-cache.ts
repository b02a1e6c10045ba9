// What was made for the last few keys: a page or a picture that does not vary is made once.

/** Keeps so many things, the oldest leaving first. */
export class FifoCache<T> {
  readonly #made = new Map<string, T>()
  readonly #most: number

  /** @param most things kept; a relay has a handful of names, and pages vary by name */
  constructor(most = 16) {
    this.#most = most
  }

  /** What was made for this key, or makes it. */
  get(key: string, make: () => T): T {
    const kept = this.#made.get(key)
    if (kept !== undefined) return kept
    const made = make()
    this.#made.set(key, made)
    const oldest = this.#made.keys().next().value
    if (this.#made.size > this.#most && oldest !== undefined) this.#made.delete(oldest)
    return made
  }
}
