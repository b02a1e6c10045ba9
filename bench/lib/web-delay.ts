// SPDX-License-Identifier: AGPL-3.0-or-later
// How long a relay's page takes while it does something else: an upper bound on the delay of its event loop.

import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds between two requests. */
const EVERY_MS = 5

/** Requests a page over and over; the function it returns stops that and resolves with the 99th percentile in ms. */
export function watchPage(url: string): () => Promise<number> {
  const times: number[] = []
  let isAsking = true
  const done = (async () => {
    while (isAsking) {
      const started = performance.now()
      await (await fetch(url)).text()
      times.push(performance.now() - started)
      await delay(EVERY_MS)
    }
  })()
  return async () => {
    isAsking = false
    await done
    times.sort((a, b) => a - b)
    return times[Math.floor((times.length - 1) * 0.99)] ?? Number.NaN
  }
}
