// SPDX-License-Identifier: AGPL-3.0-or-later
// How long to wait before the next attempt: waits that double, each shortened by a random part.

import { randomInt } from 'node:crypto'

/** Least part of a wait that is left, so that relays which failed together do not try again together. */
const LEAST_PART = 0.5

export interface BackOff {
  /** Milliseconds to wait now; the next wait is twice as long, at most the longest. */
  next(): number
  /** Starts from the first wait again. */
  reset(): void
}

/**
 * @param waits first and longest wait in milliseconds
 * @param random number in [0, 1]; injected by tests
 */
export function createBackOff(
  [first, longest]: readonly [number, number],
  random: () => number = () => randomInt(2 ** 32) / 2 ** 32,
): BackOff {
  let wait = first
  return {
    next() {
      const part = LEAST_PART + (1 - LEAST_PART) * random()
      const now = wait * part
      wait = Math.min(wait * 2, longest)
      return now
    },
    reset() {
      wait = first
    },
  }
}
