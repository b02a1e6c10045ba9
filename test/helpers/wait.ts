// SPDX-License-Identifier: AGPL-3.0-or-later
// Waits for a condition in a test; a failure names the condition.

import { setTimeout as pause } from 'node:timers/promises'

/** Asks until the answer is truthy; on timeout it fails with the name of the condition. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = 10_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms
  for (;;) {
    const answer = await probe()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for: ${what}`)
    await pause(10)
  }
}

/** The same for a promise. */
export async function within<T>(what: string, promise: Promise<T>, ms = 10_000): Promise<T> {
  const over = new AbortController()
  const late = pause(ms, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`waited ${ms} ms in vain for: ${what}`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
