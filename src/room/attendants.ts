// SPDX-License-Identifier: AGPL-3.0-or-later
// Attendants: internal users that are connected now. Notifies listeners of changes, batched over a short time.

import type { Clock } from '../lib/clock.js'
import { PRESENCE_LOG, PRESENCE_MS } from '../lib/limits.js'

export interface Presence {
  type: 'joined' | 'left'
  id: string
}

export interface Attendants<T extends { id: string }> {
  /** Adds a connection. An identity attends from its first connection to its last. */
  enter(connection: T): void
  /** Removes this connection object; does nothing if it is not an attendant's. */
  leave(connection: T): void
  has(id: string): boolean
  /** The newest connection of an attendant: older ones can be dead without a sign. */
  get(id: string): T | undefined
  ids(): string[]
  count(): number
  /** Subscribes to changes. The listener is called at most once per `PRESENCE_MS`. Returns the unsubscribe function. */
  watch(listener: () => void): () => void
  /** The number of the newest change. */
  position(): number
  /** Changes after a position, oldest first; null if they are no longer stored. */
  since(position: number): Presence[] | null
  close(): void
}

/** @param onCount called at once with the number of attendants, whenever it changes */
export function createAttendants<T extends { id: string }>(
  clock: Clock,
  onCount: (count: number) => void = () => {},
): Attendants<T> {
  const byId = new Map<string, Set<T>>()
  const listeners = new Set<() => void>()
  const log: Presence[] = []
  let position = 0
  /** the position at the last call of the listeners */
  let notified = 0
  let cancel: (() => void) | null = null

  function since(from: number): Presence[] | null {
    return position - from > log.length ? null : log.slice(log.length - (position - from))
  }

  function record(change: Presence): void {
    position += 1
    onCount(byId.size)
    log.push(change)
    if (log.length > PRESENCE_LOG) log.shift()
    if (listeners.size > 0)
      cancel ??= clock.after(PRESENCE_MS, () => {
        cancel = null
        const changes = since(notified)
        notified = position
        if (changes && netChanges(changes).length === 0) return
        for (const listener of [...listeners]) listener()
      })
  }

  return {
    enter(connection) {
      const { id } = connection
      const connections = byId.get(id)
      if (connections) connections.add(connection)
      else {
        byId.set(id, new Set([connection]))
        record({ type: 'joined', id })
      }
    },
    leave(connection) {
      const { id } = connection
      const connections = byId.get(id)
      if (!connections?.delete(connection) || connections.size > 0) return
      byId.delete(id)
      record({ type: 'left', id })
    },
    has: (id) => byId.has(id),
    get: (id) => [...(byId.get(id) ?? [])].at(-1),
    ids: () => [...byId.keys()],
    count: () => byId.size,
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    position: () => position,
    since,
    close() {
      cancel?.()
      listeners.clear()
    },
  }
}

/** The net effect of some changes: an identity that joined and left within them is omitted. */
export function netChanges(changes: Presence[]): Presence[] {
  const first = new Map<string, Presence>()
  const last = new Map<string, Presence>()
  for (const change of changes) {
    if (!first.has(change.id)) first.set(change.id, change)
    last.set(change.id, change)
  }
  return [...last.values()].filter((change) => change.type === first.get(change.id)?.type)
}
