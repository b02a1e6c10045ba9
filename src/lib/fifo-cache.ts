// SPDX-License-Identifier: AGPL-3.0-or-later
// A small cache, for example of rendered pages.

/** Keeps a limited number of values; the oldest is removed first. */
export class FifoCache<T> {
  readonly #made = new Map<string, T>()
  readonly #most: number

  /** @param most values kept */
  constructor(most = 16) {
    this.#most = most
  }

  /** Returns the value of a key; creates it if it is absent. */
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
