// Attendants: who of the room is here now, and telling it. Changes gather for a moment, so a crowd is one notice.

import type { Clock } from '../lib/clock.js'
import { PRESENCE_LOG, PRESENCE_MS } from '../lib/limits.js'

export interface Presence {
  type: 'joined' | 'left'
  id: string
}

export interface Attendants<T extends { id: string }> {
  /** A connection takes its place; its identity attends from its first connection to its last. */
  enter(connection: T): void
  /** This very connection leaves; harmless when it was not in. */
  leave(connection: T): void
  has(id: string): boolean
  /** The connection to reach an attendant by: the newest, as older ones may be dead without knowing it. */
  get(id: string): T | undefined
  ids(): string[]
  count(): number
  /** Subscribes to changes: the listener is called, at most every `PRESENCE_MS`, after something changed. */
  watch(listener: () => void): () => void
  /** Number of the newest change. */
  position(): number
  /** Changes after a position, oldest first; null when they are no longer remembered. */
  since(position: number): Presence[] | null
  close(): void
}

/** @param counted told at once how many attend, whenever that changes */
export function createAttendants<T extends { id: string }>(
  clock: Clock,
  counted: (count: number) => void = () => {},
): Attendants<T> {
  const byId = new Map<string, Set<T>>()
  const listeners = new Set<() => void>()
  const log: Presence[] = []
  let position = 0
  /** what listeners were last called for */
  let told = 0
  let cancel: (() => void) | null = null

  function since(from: number): Presence[] | null {
    return position - from > log.length ? null : log.slice(log.length - (position - from))
  }

  function note(change: Presence): void {
    position += 1
    counted(byId.size)
    log.push(change)
    if (log.length > PRESENCE_LOG) log.shift()
    if (listeners.size > 0)
      cancel ??= clock.after(PRESENCE_MS, () => {
        cancel = null
        const changes = since(told)
        told = position
        // who came and went meanwhile is no news
        if (changes && netChanges(changes).length === 0) return
        for (const listener of [...listeners]) listener()
      })
  }

  return {
    enter(connection) {
      const { id } = connection
      const held = byId.get(id)
      if (held) held.add(connection)
      else {
        byId.set(id, new Set([connection]))
        note({ type: 'joined', id })
      }
    },
    leave(connection) {
      const { id } = connection
      const held = byId.get(id)
      if (!held?.delete(connection) || held.size > 0) return
      byId.delete(id)
      note({ type: 'left', id })
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

/** What remains of a stretch of changes: who came and went within it is not mentioned. */
export function netChanges(changes: Presence[]): Presence[] {
  const first = new Map<string, Presence>()
  const last = new Map<string, Presence>()
  for (const change of changes) {
    if (!first.has(change.id)) first.set(change.id, change)
    last.set(change.id, change)
  }
  return [...last.values()].filter((change) => change.type === first.get(change.id)?.type)
}
