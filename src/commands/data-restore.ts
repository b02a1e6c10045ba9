// Putting a backup back: unpacked beside, proven whole and ours, then moved into place.

import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { syncPath } from '../lib/atomic-file.js'
import { FEED_BEGUN, RESTORED } from '../lib/data-directory.js'
import { AdvisedError, RelayError } from '../lib/errors.js'
import { removeStale } from '../operator/server.js'
import { type BackupNote, readBackup } from '../store/backup.js'
import { loadIdentity } from '../store/identity.js'
import { KEY_FILES, unpack } from './archive.js'
import { temporarily } from './temporary.js'

/**
 * Makes a data directory what it was when a backup was taken; nothing is changed unless all of it can be.
 * @param file path, `-` for stdin, or null to begin with an empty store that is filled by peers
 * @param replace put a database that is there aside, under another name
 * @throws RelayError `relay_running`, `backup_unusable`, `data_unusable`
 */
export async function restore(
  dataDir: string,
  file: string | null,
  replace: boolean,
): Promise<BackupNote | null> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  await removeStale(join(dataDir, 'control.sock'))
  const db = join(dataDir, 'db')
  if (existsSync(db) && !replace)
    throw new AdvisedError('--replace puts it aside, under another name', 'data_unusable', `${db} is there`)
  const fresh = mkdtempSync(join(dataDir, 'restore-'))
  return temporarily(fresh, async () => {
    const note = file === null ? null : await take(file, fresh)
    const secret = join(dataDir, 'secret')
    if (!existsSync(secret) && !existsSync(join(fresh, 'secret')))
      throw new AdvisedError(
        `put ${secret} back first, from where you keep a copy`,
        'data_unusable',
        `there is no ${secret}, ${file === null ? 'and without it no relay' : 'and no keys in the backup'}`,
      )
    const { id } = loadIdentity(existsSync(secret) ? secret : join(fresh, 'secret'))
    if (note && note.id !== id)
      throw new RelayError('backup_unusable', `it is of ${note.id}, and ${secret} is of ${id}`)

    // The mark comes first: whatever happens from here on, the relay will not publish on a feed that may be too short.
    writeFileSync(join(dataDir, RESTORED), '', { mode: 0o600 })
    syncPath(dataDir)
    if (existsSync(db)) renameSync(db, join(dataDir, `db-before-${Date.now()}`))
    if (note) renameSync(join(fresh, 'db'), db)
    for (const name of KEY_FILES)
      if (!existsSync(join(dataDir, name)) && existsSync(join(fresh, name)))
        renameSync(join(fresh, name), join(dataDir, name))
    rmSync(join(dataDir, FEED_BEGUN), { force: true })
    syncPath(dataDir)
    return note
  })
}

async function take(file: string, dir: string): Promise<BackupNote> {
  let fd: number
  try {
    fd = file === '-' ? 0 : openSync(file, 'r')
  } catch (err) {
    throw new RelayError('backup_unusable', `${file}: ${(err as Error).message}`, { cause: err })
  }
  try {
    await unpack(fd, dir)
  } finally {
    if (fd !== 0) closeSync(fd)
  }
  const note = await readBackup(dir)
  for (const name of ['db/data.mdb', 'db']) syncPath(join(dir, name))
  return note
}
