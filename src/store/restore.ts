// SPDX-License-Identifier: AGPL-3.0-or-later
// Restoring: a database is built beside the present one, then moved into place; an interrupted move is finished by the next call.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { syncPath } from '../lib/atomic-file.js'
import { FEED_BEGUN, RESTORED } from '../lib/data-directory.js'
import { AdvisedError, RelayError } from '../lib/errors.js'
import { type BackupEnd, unpackPage } from './backup-format.js'
import { DATA_FILE, LOCK_FILE } from './layout.js'

/** The keys that a backup may contain. */
export const KEY_FILES = ['secret', 'onion.key', 'matrix.key'] as const

/** Name of a complete restored directory. The next `finishRestore` moves it into place. */
export const READY = 'restore-ready'

/** A database being built from the pages of a backup. */
export interface RestoredDatabase {
  /** Adds a page. @throws RelayError `backup_unusable`, `store_full` */
  add(page: Buffer): void
  /** Compares with the end of the backup; resolves once the file is on the disk. @throws RelayError `backup_unusable` */
  finish(end: BackupEnd): Promise<void>
  close(): Promise<void>
}

/** Creates the database `db` in an existing directory. Without sync, as it counts only once `finish` has returned. */
export function createRestoredDatabase(dir: string): RestoredDatabase {
  const path = join(dir, 'db')
  mkdirSync(path, { mode: 0o700 })
  const encodings = { keyEncoding: 'binary', encoding: 'binary' } as const
  const root = open({ path, maxDbs: 40, noSync: true, remapChunks: true, ...encodings }) as RootDatabase
  const hash = createHash('sha256')
  const done = { pages: 0, rows: 0 }
  let last: { name: string; key: Buffer; table: Database<Buffer, Buffer> } | null = null
  let isOpen = true

  async function close(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await root.close()
  }

  return {
    add(page) {
      const { table: name, rows } = unpackPage(page)
      if (last && name < last.name) throw new RelayError('backup_unusable', 'its pages are not in order')
      const table = last?.name === name ? last.table : root.openDB<Buffer, Buffer>(name, encodings)
      let before = last?.name === name ? last.key : null
      for (const { key } of rows) {
        if (before && Buffer.compare(before, key) >= 0)
          throw new RelayError('backup_unusable', 'its rows are not in order')
        before = key
      }
      try {
        root.transactionSync(() => {
          for (const { key, value } of rows) table.putSync(key, value)
        })
      } catch (cause) {
        const detail = `cannot write ${path}: ${(cause as Error).message}`
        throw new AdvisedError('make room on the disk', 'store_full', detail, { cause })
      }
      last = { name, key: Buffer.from(before as Buffer), table }
      hash.update(page)
      done.pages += 1
      done.rows += rows.length
    },
    async finish(end) {
      if (end.pages !== done.pages || end.rows !== done.rows || end.sha256 !== hash.digest('hex'))
        throw new RelayError('backup_unusable', 'its pages do not match its end')
      await close()
      rmSync(join(path, LOCK_FILE), { force: true })
      syncPath(join(path, DATA_FILE))
      syncPath(path)
    },
    close,
  }
}

/**
 * Commits a restored directory: after this rename, `finishRestore` completes the restore, now or at the next start.
 * @param fresh directory in `dataDir` with `db` and perhaps keys; an empty `db` is an empty store
 */
export function commitRestore(dataDir: string, fresh: string): void {
  for (const name of KEY_FILES) if (existsSync(join(fresh, name))) syncPath(join(fresh, name))
  syncPath(fresh)
  renameSync(fresh, join(dataDir, READY))
  syncPath(dataDir)
}

/**
 * Moves a committed restore into place. Each step can be repeated; a kill between two of them loses nothing.
 * @param step called before each step, for tests
 * @returns true if there was one
 */
export function finishRestore(dataDir: string, now: () => number, step: () => void = () => {}): boolean {
  const ready = join(dataDir, READY)
  if (!existsSync(ready)) return false
  const db = join(dataDir, 'db')
  const fresh = join(ready, 'db')
  step()
  // First: from now on the relay does not publish on a feed that may be too short.
  writeFileSync(join(dataDir, RESTORED), '', { mode: 0o600 })
  syncPath(dataDir)
  step()
  if (existsSync(fresh)) {
    if (existsSync(db)) renameSync(db, join(dataDir, `db-before-${now()}`))
    step()
    renameSync(fresh, db)
    step()
  }
  for (const name of KEY_FILES) {
    const key = join(ready, name)
    if (!existsSync(join(dataDir, name)) && existsSync(key)) renameSync(key, join(dataDir, name))
    step()
  }
  rmSync(join(dataDir, FEED_BEGUN), { force: true })
  syncPath(dataDir)
  step()
  rmSync(ready, { recursive: true, force: true })
  syncPath(dataDir)
  return true
}
