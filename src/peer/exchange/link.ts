// SPDX-License-Identifier: AGPL-3.0-or-later
// The link to one other relay: calls it while it is not connected, at growing intervals.

import type { Clock } from '../../lib/clock.js'
import { MINUTE, SECOND } from '../../lib/limits.js'

/** Milliseconds between calls: first and longest; doubled each time. */
export const CALL_AGAIN_MS = [2 * SECOND, 10 * MINUTE] as const
/** Milliseconds of connection after which the intervals start from the beginning. */
export const LINK_STEADY_MS = 1 * MINUTE
/** Least part of a wait that jitter leaves, so that relays do not call each other at the same moment. */
const JITTER_LEAST = 0.5

export interface LinkParts {
  clock: Clock
  /** random number in [0, 1) for the jitter */
  random(): number
  /** Calls the relay. Resolves once it is connected. */
  call(): Promise<void>
  /** Whether it is connected, by either side. */
  isConnected(): boolean
  /** Called at the first failure, and when its reason changes. */
  onFailure(reason: string): void
}

export interface Link {
  /** Why the last call failed; null if it did not. */
  reason(): string | null
  /** Unix ms of the next call; null while connected or calling. */
  next(): number | null
  /** Called when a connection of the relay has opened or closed. */
  changed(): void
  close(): void
}

/** Calls at once, then whenever the relay is not connected. */
export function createLink({ clock, random, call, isConnected, onFailure }: LinkParts): Link {
  const [least, most] = CALL_AGAIN_MS
  let wait: number = least
  let reason: string | null = null
  let next: number | null = null
  let cancel: (() => void) | null = null
  let isCalling = false
  let connectedAt: number | null = null
  let closed = false

  function later(): void {
    if (closed || cancel || isCalling) return
    const delay = wait * (JITTER_LEAST + (1 - JITTER_LEAST) * random())
    wait = Math.min(wait * 2, most)
    next = clock.now() + delay
    cancel = clock.after(delay, () => {
      stopWaiting()
      void now()
    })
  }

  function stopWaiting(): void {
    cancel?.()
    cancel = null
    next = null
  }

  async function now(): Promise<void> {
    if (closed || isCalling || isConnected()) return
    isCalling = true
    try {
      await call()
    } catch (err) {
      const { message } = err as Error
      if (message !== reason && !closed) onFailure(message)
      reason = message
    } finally {
      isCalling = false
    }
    if (!isConnected()) later()
  }

  void now()
  return {
    reason: () => reason,
    next: () => next,
    changed() {
      if (isConnected()) {
        connectedAt ??= clock.uptime()
        reason = null
        stopWaiting()
        return
      }
      if (connectedAt !== null && clock.uptime() - connectedAt >= LINK_STEADY_MS) wait = least
      connectedAt = null
      later()
    },
    close() {
      closed = true
      stopWaiting()
    },
  }
}
