// SPDX-License-Identifier: AGPL-3.0-or-later
// Open connections by identity. A client can have several; each is its own object.

export interface Connections<T extends { id: string }> {
  add(connection: T): void
  /** Removes this object; other connections of the identity stay. */
  remove(connection: T): void
  /** The open connections of an identity, oldest first. */
  of(id: string): ReadonlySet<T>
  has(id: string): boolean
  all(): Iterable<T>
  /** Connected identities. */
  ids(): Iterable<string>
}

const NONE: ReadonlySet<never> = new Set()

export function createConnections<T extends { id: string }>(): Connections<T> {
  const byId = new Map<string, Set<T>>()
  return {
    add(connection) {
      const set = byId.get(connection.id) ?? new Set<T>()
      byId.set(connection.id, set.add(connection))
    },
    remove(connection) {
      const set = byId.get(connection.id)
      if (set?.delete(connection) && set.size === 0) byId.delete(connection.id)
    },
    of: (id) => byId.get(id) ?? NONE,
    has: (id) => byId.has(id),
    *all() {
      for (const set of byId.values()) yield* set
    },
    ids: () => byId.keys(),
  }
}
