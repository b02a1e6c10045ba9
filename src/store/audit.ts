// The audit log: who did what to whom, and when; written in the transaction of the deed, capped, for admins to read.

import { AUDIT_KEPT } from '../limits.js'
import type { AuditRecord, Tables } from './layout.js'

export interface AuditEntry extends AuditRecord {
  /** rises with each entry */
  number: number
}

export interface Audit {
  /** Inside a write: notes a deed. */
  noteNow(entry: Omit<AuditRecord, 'at'>): void
  /** Entries before a number (by default the newest), newest first. */
  list(count: number, before?: number): AuditEntry[]
}

const KEY_BYTES = 8

/** @param now Unix ms */
export function createAudit({ audit }: Tables, now: () => number): Audit {
  const keyOf = (number: number): Buffer => {
    const key = Buffer.alloc(KEY_BYTES)
    key.writeBigUInt64BE(BigInt(number))
    return key
  }
  const numberOf = (key: Buffer): number => Number(key.readBigUInt64BE())

  return {
    noteNow(entry) {
      const [last] = audit.getKeys({ reverse: true, limit: 1 })
      const number = last ? numberOf(last) + 1 : 1
      audit.putSync(keyOf(number), { at: now(), ...entry })
      if (number <= AUDIT_KEPT) return
      for (const old of [...audit.getKeys({ end: keyOf(number - AUDIT_KEPT + 1) })]) audit.removeSync(old)
    },
    list(count, before = Number.MAX_SAFE_INTEGER) {
      // a range in reverse begins with its start and does not hold its end
      const range = { reverse: true, start: keyOf(before - 1), limit: count }
      return [...audit.getRange(range)].map(({ key, value }) => ({ number: numberOf(key), ...value }))
    },
  }
}
