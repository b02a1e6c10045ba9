// SPDX-License-Identifier: AGPL-3.0-or-later
// Taking a backup: one LMDB read transaction is the snapshot; its rows are read page by page, while the relay runs.

import { createHash } from 'node:crypto'
import type { RootDatabase } from 'lmdb'
import { type BackupEnd, fillsPage, packPage, type Row } from './backup-format.js'
import { ENCODINGS } from './layout.js'

/** Rows read from LMDB at a time. */
const ROWS_READ = 64

/** The database at one moment. It keeps LMDB from reusing the pages it refers to until it is closed. */
export interface Snapshot {
  /** The next page of rows, or null at the end. Throws after `close`. */
  next(): Buffer | null
  /** Proves that all pages arrived; valid once `next` has returned null. */
  end(): BackupEnd
  close(): void
}

/** Opens a snapshot of all tables. */
export function openSnapshot(root: RootDatabase): Snapshot {
  const tables = [...root.getKeys()]
    // LMDB stores the names of its tables with a terminator
    .map((key) => (key as Buffer).toString().replace(/\0$/, ''))
    .filter((name) => ENCODINGS.has(name))
    .sort()
    .map((name) => ({
      name,
      table: root.openDB<Buffer, Buffer>(name, { keyEncoding: 'binary', encoding: 'binary' }),
    }))
  const transaction = root.useReadTransaction()
  const hash = createHash('sha256')
  const done = { pages: 0, rows: 0 }
  let start = Buffer.alloc(0)
  let isOpen = true

  function readPage(table: (typeof tables)[number]['table']): Row[] {
    const rows: Row[] = []
    let bytes = 0
    while (!fillsPage(bytes)) {
      let read = 0
      for (const { key, value } of table.getRange({ start, limit: ROWS_READ, transaction })) {
        read += 1
        rows.push({ key: Buffer.from(key), value: Buffer.from(value) })
        bytes += key.length + value.length
        // one byte longer: the first possible key after this one
        start = Buffer.concat([key, Buffer.alloc(1)])
        if (fillsPage(bytes)) return rows
      }
      if (read < ROWS_READ) break
    }
    return rows
  }

  return {
    next() {
      if (!isOpen) throw new Error('the snapshot is closed')
      for (let current = tables[0]; current; current = tables[0]) {
        const rows = readPage(current.table)
        if (rows.length === 0) {
          tables.shift()
          start = Buffer.alloc(0)
          continue
        }
        const page = packPage(current.name, rows)
        hash.update(page)
        done.pages += 1
        done.rows += rows.length
        return page
      }
      return null
    },
    end: () => ({ ...done, sha256: hash.copy().digest('hex') }),
    close() {
      if (!isOpen) return
      isOpen = false
      transaction.done()
    },
  }
}
