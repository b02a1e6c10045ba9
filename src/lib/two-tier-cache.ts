// Things kept for callers who may come back: capped, and a crowd that comes once drives out no one who has returned.

/** A value under the id that it was added with. */
interface Held<T> {
  id: string
  value: T
}

/**
 * Values by id in two groups: newcomers, and those that were asked for again. Each is capped for itself and gives up the
 * one least recently used, so whoever makes thousands drives out other newcomers; to drive out those who came back, each of
 * the thousands has to come back as well. Ids from the network are looked up and never kept: one that was cut out of a
 * header would hold on to all of it.
 */
export class TwoTierCache<T> {
  readonly #newcomers = new Map<string, Held<T>>()
  readonly #known = new Map<string, Held<T>>()

  /**
   * @param most   values in each group
   * @param isOver whether a value has expired; it is then not found any more
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

  /** A value that is there and has not expired; being asked for is coming back. */
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

  // the least recently used are in front, so those that have expired are found there, and no timer is needed
  #dropExpired(): void {
    for (const group of [this.#newcomers, this.#known]) {
      for (const held of group.values()) {
        if (!this.isOver(held.value)) break
        group.delete(held.id)
      }
    }
  }
}
