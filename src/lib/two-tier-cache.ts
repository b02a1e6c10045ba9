// SPDX-License-Identifier: AGPL-3.0-or-later
// A bounded cache in two tiers: entries that were used again are not evicted by many new ones.

/** A value and its id. */
interface Held<T> {
  id: string
  value: T
}

/**
 * Values by id in two tiers: new ones, and those that were used again. Each tier has its own limit and evicts the least
 * recently used value. Thousands of new values evict only new ones. Ids from the network are looked up and never stored:
 * a slice of a header would keep all of it in memory.
 */
export class TwoTierCache<T> {
  readonly #newcomers = new Map<string, Held<T>>()
  readonly #known = new Map<string, Held<T>>()

  /**
   * @param most   values in each tier
   * @param isOver whether a value has expired; it is then no longer found
   */
  constructor(
    readonly most: number,
    readonly isOver: (value: T) => boolean,
  ) {}

  get size(): number {
    return this.#newcomers.size + this.#known.size
  }

  add(id: string, value: T): void {
    this.#put(this.#newcomers, { id, value })
  }

  /** Returns a value that has not expired, and moves it to the second tier. */
  get(id: string): T | undefined {
    this.#dropExpired()
    const held = this.#known.get(id) ?? this.#newcomers.get(id)
    if (!held || this.isOver(held.value)) return undefined
    this.delete(id)
    this.#put(this.#known, held)
    return held.value
  }

  delete(id: string): void {
    this.#newcomers.delete(id)
    this.#known.delete(id)
  }

  #put(group: Map<string, Held<T>>, held: Held<T>): void {
    const [oldest] = group.values()
    if (oldest && group.size >= this.most) group.delete(oldest.id)
    group.set(held.id, held)
  }

  // expired values are at the front, as the least recently used ones, so no timer is needed
  #dropExpired(): void {
    for (const group of [this.#newcomers, this.#known]) {
      for (const held of group.values()) {
        if (!this.isOver(held.value)) break
        group.delete(held.id)
      }
    }
  }
}
