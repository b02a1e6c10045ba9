// SPDX-License-Identifier: AGPL-3.0-or-later
// Suggests the key that a misspelled one most likely means.

/** Maximum edits for a short name; for a longer one, half of its characters. */
const FEW_CHANGES = 2

/** The known dotted key with the smallest edit distance; null if none is near. */
export function suggestKey(name: string, names: readonly string[]): string | null {
  const wanted = name.slice(0, 80).toLowerCase()
  // for a bare `port` or a wrong section, the part after the dot is compared
  const cost = (key: string): number => {
    if (key.startsWith(`${wanted}.`)) return 1
    const leaf = key.slice(key.indexOf('.') + 1)
    return Math.min(distance(wanted, key), distance(wanted.slice(wanted.indexOf('.') + 1), leaf) + 2)
  }
  const nearest = names.reduce((best, key) => (cost(key) < cost(best) ? key : best))
  return cost(nearest) <= Math.max(FEW_CHANGES, wanted.length / 2) ? nearest : null
}

/** Levenshtein distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
