// SPDX-License-Identifier: AGPL-3.0-or-later
// The link to one other relay: calls it while it is not connected, at growing intervals.

import { createBackOff } from '../../lib/back-off.js'
import type { Clock } from '../../lib/clock.js'
import { MINUTE, SECOND } from '../../lib/limits.js'

/** Milliseconds between calls: first and longest. */
export const CALL_AGAIN_MS = [2 * SECOND, 10 * MINUTE] as const
/** Milliseconds of connection after which the intervals start from the beginning. */
export const LINK_STEADY_MS = 1 * MINUTE

export interface LinkParts {
  clock: Clock
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
export function createLink({ clock, call, isConnected, onFailure }: LinkParts): Link {
  const backOff = createBackOff(CALL_AGAIN_MS)
  let reason: string | null = null
  let next: number | null = null
  let cancel: (() => void) | null = null
  let isCalling = false
  let connectedAt: number | null = null
  let closed = false

  function later(): void {
    if (closed || cancel || isCalling) return
    const delay = backOff.next()
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
      if (connectedAt !== null && clock.uptime() - connectedAt >= LINK_STEADY_MS) backOff.reset()
      connectedAt = null
      later()
    },
    close() {
      closed = true
      stopWaiting()
    },
  }
}
