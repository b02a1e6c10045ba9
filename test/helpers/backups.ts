// SPDX-License-Identifier: AGPL-3.0-or-later
// Backups in memory: their entries and pages, to be read, changed and packed again.

import { gunzipSync, gzipSync } from 'node:zlib'
import { ARCHIVE_END, type Entry, packEntry, readEntries } from '../../src/commands/archive.js'
import type { Operator } from '../../src/operator/protocol.js'
import type { BackupEnd } from '../../src/store/backup-format.js'
import { createRestoredDatabase } from '../../src/store/restore.js'
import type { Store } from '../../src/store/store.js'

/** All pages of a store, and what ends them. */
export function pagesOf(store: Store): { pages: Buffer[]; end: BackupEnd } {
  const snapshot = store.snapshot()
  const pages: Buffer[] = []
  for (let page = snapshot.next(); page; page = snapshot.next()) pages.push(page)
  const end = snapshot.end()
  snapshot.close()
  return { pages, end }
}

/** Restores the store of a running relay as `db` in a directory. */
export async function copyStore(operator: Operator, dir: string): Promise<void> {
  const restored = createRestoredDatabase(dir)
  await operator.backup()
  for (;;) {
    const piece = await operator.backupNext()
    if ('end' in piece) return restored.finish(piece.end)
    restored.add(Buffer.from(piece.page, 'base64'))
  }
}

/** The entries of a backup file. */
export async function entriesOf(file: Buffer): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of readEntries(inPieces(gunzipSync(file), 1000))) entries.push(entry)
  return entries
}

/** A backup file with these entries, good or not. */
export function archiveOf(entries: Entry[]): Buffer {
  return gzipSync(Buffer.concat([...entries.map((entry) => packEntry(entry, 0)), ARCHIVE_END]))
}

/** Bytes as they arrive: in pieces. */
export async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
