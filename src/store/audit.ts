// The audit log: who did what to whom, and when; written in the transaction of the action, capped, for admins to read.

import { AUDIT_KEPT, AUDIT_STEP } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import type { AuditRecord, Tables } from './layout.js'

export interface AuditEntry extends AuditRecord {
  /** rises with each entry */
  number: number
}

/**
 * Which ring an action is noted in. Each displaces only its own: what members do, and what anybody does to what is their
 * own, can be done without end, and must not wash away what was done to others and to the room. Within a ring it is always
 * whoever has most in it who makes room, of what they did most, to whom they did it most: who floods displaces themselves,
 * and others only beyond as many as they have left.
 */
export type Ring = 'room' | 'own'

export interface Audit {
  /** Inside a write: notes an action. */
  noteNow(entry: Omit<AuditRecord, 'at'>, ring: Ring): void
  /** Entries of both rings before a number (by default the newest), newest first. */
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
      // one count for both, which keeps the order between them whatever the clock does
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
      // a range in reverse begins with its start and does not hold its end
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

/** By what entries are alike, the weightiest first. */
const ALIKE = ['who', 'what', 'whom'] as const

/** So many of some rows, which come oldest first: one after the other the oldest of the largest group of alike ones. */
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
  // a row is taken while its group has as many from it on as no other has left
  const taken = new Map<Row[], number>()
  const inTurn = [...groups.values()].flatMap((group) =>
    group.map((_, at) => ({ group, left: group.length - at })),
  )
  for (const { group } of inTurn.sort((a, b) => b.left - a.left).slice(0, count))
    taken.set(group, (taken.get(group) ?? 0) + 1)
  return [...taken].flatMap(([group, most]) => mostAlike(group, most, finer))
}
