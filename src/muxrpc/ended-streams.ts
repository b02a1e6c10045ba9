// Streams of the other end that we have ended and it has not: what still comes on them is dropped.

export class EndedStreams {
  private keys: Set<number> | null = null

  get size(): number {
    return this.keys?.size ?? 0
  }

  /** @param most remembered; the oldest are forgotten, and what comes on those is taken for a call */
  add(key: number, most: number): void {
    this.keys ??= new Set()
    this.keys.add(key)
    if (this.keys.size <= most) return
    const [oldest] = this.keys
    this.keys.delete(oldest as number)
  }

  /** Whether a frame belongs to one of them. @param ended whether it is the other end's own end, the last of it */
  take(key: number, ended: boolean): boolean {
    if (!this.keys?.has(key)) return false
    if (ended) this.keys.delete(key)
    return true
  }
}
