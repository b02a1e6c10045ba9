// SPDX-License-Identifier: AGPL-3.0-or-later
// A fast random generator (sfc32) for drawing: seeded, so that a relay has the same styles after each start.

export interface Random {
  /** from 0 up to, not including, 1 */
  next(): number
  between(low: number, high: number): number
  /** Either sign, up to `most` in size. */
  around(most: number): number
  pick<T>(list: readonly T[]): T
  /** True with this probability. */
  chance(probability: number): boolean
}

/** @param seed at least 16 bytes, which decide all numbers */
export function createRandom(seed: Buffer): Random {
  let [a, b, c, count] = [0, 4, 8, 12].map((at) => seed.readInt32LE(at)) as [number, number, number, number]
  function next(): number {
    const sum = (a + b + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // the first numbers still resemble the seed
  for (let skipped = 0; skipped < 15; skipped++) next()
  const between = (low: number, high: number): number => low + (high - low) * next()
  return {
    next,
    between,
    around: (most) => between(-most, most),
    pick: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T,
    chance: (probability) => next() < probability,
  }
}
