// SPDX-License-Identifier: AGPL-3.0-or-later
// Streams that we have ended and the other end has not: further frames on them are dropped.

export class EndedStreams {
  private keys: Set<number> | null = null

  get size(): number {
    return this.keys?.size ?? 0
  }

  /** @param most limit; beyond it the oldest are forgotten, and a frame on those counts as a call */
  add(key: number, most: number): void {
    this.keys ??= new Set()
    this.keys.add(key)
    if (this.keys.size <= most) return
    const [oldest] = this.keys
    this.keys.delete(oldest as number)
  }

  /** Whether a frame belongs to one of them. @param ended whether the frame is the other end's END, the last one */
  take(key: number, ended: boolean): boolean {
    if (!this.keys?.has(key)) return false
    if (ended) this.keys.delete(key)
    return true
  }
}
