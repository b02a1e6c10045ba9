// SPDX-License-Identifier: AGPL-3.0-or-later
// Positions of the other end in feeds that are not served: they may become members later.

import { EBT_WISHES } from '../../lib/limits.js'
import { type FeedId, keyOf } from '../../ssb/feed-id.js'

/** Shared by the sessions without wishes, as an array of its own takes some 200 bytes. */
const NONE = new Uint32Array(0)

/** At most `EBT_WISHES`. Further ones are dropped: the other end gets such a feed when it connects again. */
export class Wishes {
  /** hashes of the feeds: the first bytes of their keys */
  private hashes = NONE
  private numbers = NONE
  private count = 0

  /** Remembers the position in a feed. @param number a position of a session */
  add(feed: FeedId, number: number): void {
    const at = this.find(feed)
    if (at < 0 && this.count >= EBT_WISHES) return
    if (at < 0 && this.count === this.hashes.length) {
      this.hashes = doubled(this.hashes)
      this.numbers = doubled(this.numbers)
    }
    const index = at < 0 ? this.count++ : at
    this.hashes[index] = hashOf(feed)
    // a position that does not fit counts as the start, of which only the flags stay
    this.numbers[index] = number < 2 ** 32 ? number : number % 4
  }

  /** Forgets a feed. @returns the position in it, if there was one */
  take(feed: FeedId): number | undefined {
    const at = this.find(feed)
    if (at < 0) return
    const number = this.numbers[at]
    this.count -= 1
    this.hashes[at] = this.hashes[this.count] ?? 0
    this.numbers[at] = this.numbers[this.count] ?? 0
    return number
  }

  private find(feed: FeedId): number {
    return this.hashes.subarray(0, this.count).indexOf(hashOf(feed))
  }
}

function hashOf(feed: FeedId): number {
  return keyOf(feed).readUInt32LE(0)
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(16, 2 * array.length))
  larger.set(array)
  return larger
}
