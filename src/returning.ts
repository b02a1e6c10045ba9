// Things kept for callers who may come back: capped, and a crowd that comes once drives out no one who has returned.

/**
 * Values by id in two groups: newcomers, and those that were asked for again. Each is capped for itself and gives up the
 * one least recently used, so whoever makes thousands drives out other newcomers, and nobody who is in the middle of
 * something. Ids from the network are looked up and nothing more: Maps have no prototype to reach.
 */
export class Returning<T> {
  readonly #newcomers = new Map<string, T>()
  readonly #known = new Map<string, T>()

  /**
   * @param most   values in each group
   * @param isOver whether a value has expired; it is then not found any more
   * @param onDrop told of each value that expired or made room
   */
  constructor(
    readonly most: number,
    readonly isOver: (value: T) => boolean,
    readonly onDrop: (value: T) => void = () => {},
  ) {}

  get size(): number {
    return this.#newcomers.size + this.#known.size
  }

  add(id: string, value: T): void {
    this.#put(this.#newcomers, id, value)
  }

  /** A value that is there and has not expired; being asked for is coming back. */
  get(id: string): T | undefined {
    this.#dropExpired()
    const value = this.#known.get(id) ?? this.#newcomers.get(id)
    if (value === undefined || this.isOver(value)) return undefined
    this.delete(id)
    this.#put(this.#known, id, value)
    return value
  }

  delete(id: string): void {
    this.#newcomers.delete(id)
    this.#known.delete(id)
  }

  *values(): Generator<[string, T]> {
    yield* this.#newcomers
    yield* this.#known
  }

  clear(): void {
    this.#newcomers.clear()
    this.#known.clear()
  }

  #put(group: Map<string, T>, id: string, value: T): void {
    const [oldest] = group
    if (oldest && group.size >= this.most) this.#drop(group, oldest)
    group.set(id, value)
  }

  // the least recently used are in front, so those that have expired are found there, and no timer is needed
  #dropExpired(): void {
    for (const group of [this.#newcomers, this.#known]) {
      for (const entry of group) {
        if (!this.isOver(entry[1])) break
        this.#drop(group, entry)
      }
    }
  }

  #drop(group: Map<string, T>, [id, value]: [string, T]): void {
    group.delete(id)
    this.onDrop(value)
  }
}
