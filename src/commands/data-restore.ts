// SPDX-License-Identifier: AGPL-3.0-or-later
// Restoring a backup: the database is built beside the present one, proven whole and ours, then moved into place.

import { createReadStream, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AdvisedError, RelayError } from '../lib/errors.js'
import { removeStale } from '../operator/server.js'
import { type BackupNote, parseEnd, parseNote } from '../store/backup-format.js'
import { loadIdentity } from '../store/identity.js'
import { commitRestore, createRestoredDatabase, finishRestore, KEY_FILES } from '../store/restore.js'
import { END_ENTRY, NOTE_ENTRY, readEntries } from './archive.js'
import { size } from './output.js'
import { createProgressLine } from './progress.js'
import { temporarily } from './temporary.js'

/**
 * Restores a data directory from a backup. Nothing is changed unless the whole backup is good.
 * @param file path, `-` for stdin, or null for an empty store that is filled by peers
 * @param replace keep a database that exists under another name
 * @throws RelayError `relay_running`, `backup_unusable`, `data_unusable`, `store_full`
 */
export async function restore(
  dataDir: string,
  file: string | null,
  replace: boolean,
): Promise<BackupNote | null> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  await removeStale(join(dataDir, 'control.sock'))
  // an earlier restore that was killed after it had been proven whole
  finishRestore(dataDir, Date.now)
  const db = join(dataDir, 'db')
  if (existsSync(db) && !replace)
    throw new AdvisedError(
      'add --replace: it keeps the database there under another name',
      'data_unusable',
      `a database already exists in ${db}`,
    )
  const secret = join(dataDir, 'secret')
  const fresh = mkdtempSync(join(dataDir, 'restore-'))
  return temporarily(fresh, async () => {
    const note = file === null ? null : await unpack(file, fresh)
    if (!note) mkdirSync(join(fresh, 'db'), { mode: 0o700 })
    if (!existsSync(secret) && !existsSync(join(fresh, 'secret')))
      throw new AdvisedError(
        `put ${secret} back first, from where you keep a copy`,
        'data_unusable',
        `there is no ${secret}${file === null ? '' : ', and no keys in the backup'}`,
      )
    const { id } = loadIdentity(existsSync(secret) ? secret : join(fresh, 'secret'))
    if (note && note.id !== id)
      throw new AdvisedError(
        `to restore that relay, move ${secret} away first, or use --data with an empty directory`,
        'backup_unusable',
        `the backup is of ${note.id}, and ${secret} is of ${id}`,
      )
    commitRestore(dataDir, fresh)
    finishRestore(dataDir, Date.now)
    return note
  })
}

async function unpack(file: string, dir: string): Promise<BackupNote> {
  const input: Readable = file === '-' ? process.stdin : createReadStream(file)
  const gunzip = createGunzip()
  input.on('error', (err) => gunzip.destroy(err))
  const progress = createProgressLine()
  const database = createRestoredDatabase(dir)
  let note: BackupNote | null = null
  let bytes = 0
  try {
    for await (const { name, bytes: content } of readEntries(input.pipe(gunzip))) {
      if (name === NOTE_ENTRY) note = parseNote(content)
      else if (name === END_ENTRY) await database.finish(parseEnd(content))
      else if (isKey(name)) writeFileSync(join(dir, name), content, { mode: 0o600, flag: 'wx' })
      else {
        database.add(content)
        bytes += content.length
        progress.show(`restore: ${size(bytes)} of at most ${size(Math.max(note?.bytes ?? 0, bytes))}`)
      }
    }
  } catch (err) {
    if (err instanceof RelayError) throw err
    throw new RelayError('backup_unusable', `${file}: ${(err as Error).message}`, { cause: err })
  } finally {
    input.destroy()
    gunzip.destroy()
    progress.clear()
    await database.close()
  }
  return note as BackupNote
}

const isKey = (name: string): boolean => KEY_FILES.some((key) => key === name)
