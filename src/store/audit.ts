// SPDX-License-Identifier: AGPL-3.0-or-later
// The audit log: actor, action, target and time. Written in the action's transaction, limited in size, read by admins.

import { AUDIT_KEPT, AUDIT_STEP } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import type { AuditRecord, Tables } from './layout.js'

export interface AuditEntry extends AuditRecord {
  /** increases with each entry */
  number: number
}

/**
 * The ring in which an action is stored. `own` has the actions of plain members, and actions on what the actor owns:
 * these can be repeated without limit, and must not evict entries about others or the room, which are in `room`.
 * A full ring evicts the oldest entries of the actor with the most entries, of that actor's most frequent action and
 * target. So a flood evicts itself first.
 */
export type Ring = 'room' | 'own'

export interface Audit {
  /** Inside a write: adds an entry. */
  noteNow(entry: Omit<AuditRecord, 'at'>, ring: Ring): void
  /** Entries of both rings below a number (default: the newest), newest first. */
  list(count: number, before?: number): AuditEntry[]
}

const KEY_BYTES = 8

/** @param now Unix ms */
export function createAudit({ audit, ownAudit }: Tables, now: () => number): Audit {
  const rings = { room: audit, own: ownAudit }
  const keyOf = (number: number): Buffer => {
    const key = Buffer.alloc(KEY_BYTES)
    key.writeBigUInt64BE(BigInt(number))
    return key
  }
  const numberOf = (key: Buffer): number => Number(key.readBigUInt64BE())
  const lastOf = (ring: Tables['audit']): number => {
    const [last] = ring.getKeys({ reverse: true, limit: 1 })
    return last ? numberOf(last) : 0
  }

  return {
    noteNow({ who, what, whom, detail }, name) {
      const ring = rings[name]
      // one sequence for both rings keeps their order when the clock jumps
      ring.putSync(keyOf(Math.max(lastOf(audit), lastOf(ownAudit)) + 1), {
        at: now(),
        who,
        what,
        whom: cleanText(whom),
        detail: cleanText(detail),
      })
      if ((ring.getStats() as { entryCount: number }).entryCount <= AUDIT_KEPT) return
      for (const { key } of mostAlike([...ring.getRange({})], AUDIT_STEP)) ring.removeSync(key)
    },
    list(count, before = Number.MAX_SAFE_INTEGER) {
      // a reverse range includes `start`
      const range = { reverse: true, start: keyOf(before - 1), limit: count }
      return [audit, ownAudit]
        .flatMap((ring) => [...ring.getRange(range)])
        .map(({ key, value }) => ({ number: numberOf(key), ...value }))
        .sort((a, b) => b.number - a.number)
        .slice(0, count)
    },
  }
}

type Row = { key: Buffer; value: AuditRecord }

/** Fields by which entries are grouped for eviction, the most important first. */
const ALIKE = ['who', 'what', 'whom'] as const

/** Chooses `count` rows to evict from rows that come oldest first: repeatedly the oldest of the largest group. */
function mostAlike(
  rows: Row[],
  count: number,
  [field, ...finer]: readonly (typeof ALIKE)[number][] = ALIKE,
): Row[] {
  if (field === undefined) return rows.slice(0, count)
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.value[field])
    if (group) group.push(row)
    else groups.set(row.value[field], [row])
  }
  // sorting by the rows left in each group, largest first, is the same as taking from the largest group each time
  const taken = new Map<Row[], number>()
  const inTurn = [...groups.values()].flatMap((group) =>
    group.map((_, at) => ({ group, left: group.length - at })),
  )
  for (const { group } of inTurn.sort((a, b) => b.left - a.left).slice(0, count))
    taken.set(group, (taken.get(group) ?? 0) + 1)
  return [...taken].flatMap(([group, most]) => mostAlike(group, most, finer))
}
