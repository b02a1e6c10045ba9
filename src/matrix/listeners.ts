// SPDX-License-Identifier: AGPL-3.0-or-later
// Listeners of one kind of event.

export interface Listeners<Arguments extends unknown[]> {
  tell(...values: Arguments): void
  /** Adds a listener; answers how to remove it. */
  add(listener: (...values: Arguments) => void): () => void
}

export function createListeners<Arguments extends unknown[]>(): Listeners<Arguments> {
  const all = new Set<(...values: Arguments) => void>()
  return {
    tell(...values) {
      for (const listener of all) listener(...values)
    },
    add(listener) {
      all.add(listener)
      return () => all.delete(listener)
    },
  }
}
