// Backups: a compact copy of the database taken while the relay runs, and a note beside it that says what it is.

import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BACKUP_PREFIX } from '../lib/data-directory.js'
import { RelayError } from '../lib/errors.js'
import { type FeedId, isFeedId } from '../ssb/feed-id.js'
import { examineFile } from './file-check.js'
import { isReadable, SCHEMA } from './layout.js'
import type { Store } from './store.js'

/** Raised when what lies in a backup changes; an older one is then converted or refused, never misread. */
const FORMAT = 1

/** Where things lie in a backup, as in a data directory. */
export const BACKUP_NOTE = 'backup.json'
export const BACKUP_DATABASE = 'db/data.mdb'

/** What a backup says of itself. */
export type BackupNote = {
  format: number
  /** the relay's identity, whose secret is not in it */
  id: FeedId
  /** Unix ms */
  created: number
  schema: number
  /** highest sequence of the relay's own feed */
  latest: number
  messages: number
  bytes: number
  /** of the database file, in hex */
  sha256: string
}

/**
 * Copies the store as it is at this moment into an existing directory, without holding up reads or writes.
 * @param now Unix ms
 */
export async function writeBackup(store: Store, id: FeedId, now: number, dir: string): Promise<BackupNote> {
  // before the copy: what is published meanwhile may be in it, and is recovered all the same if it is not
  const { latest } = store.feeds.info(id)
  const database = join(dir, BACKUP_DATABASE)
  await mkdir(join(dir, 'db'), { mode: 0o700 })
  await store.copyTo(join(dir, 'db'))
  await chmod(database, 0o600)
  const { size: bytes } = await stat(database)
  const { messages } = store.feeds.totals()
  const sha256 = await digest(database)
  const note = { format: FORMAT, id, created: now, schema: SCHEMA, latest, messages, bytes, sha256 }
  await writeFile(join(dir, BACKUP_NOTE), `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 })
  return note
}

/** Copies the store into a new directory beside it, where there is room if anywhere. @param now Unix ms */
export async function backupBeside(
  store: Store,
  id: FeedId,
  now: number,
  dataDir: string,
): Promise<BackupNote & { dir: string }> {
  const dir = mkdtempSync(join(dataDir, BACKUP_PREFIX))
  try {
    return { dir, ...(await writeBackup(store, id, now, dir)) }
  } catch (err) {
    rmSync(dir, { recursive: true, force: true })
    throw err
  }
}

/**
 * Reads a backup that was unpacked into a directory, and proves that it is whole.
 * @throws RelayError `backup_unusable`
 */
export async function readBackup(dir: string): Promise<BackupNote> {
  const note = await readFile(join(dir, BACKUP_NOTE), 'utf8')
    .then((text): Partial<BackupNote> => JSON.parse(text))
    .catch((cause) => {
      throw new RelayError('backup_unusable', 'it holds no note of a backup', { cause })
    })
  if (note?.format !== FORMAT || !isReadable(note.schema))
    throw new RelayError('backup_unusable', 'another version of Tidepool made it')
  if (!isFeedId(note.id) || !Number.isSafeInteger(note.latest))
    throw new RelayError('backup_unusable', 'its note is damaged')
  const sha256 = await digest(join(dir, BACKUP_DATABASE)).catch((cause) => {
    throw new RelayError('backup_unusable', 'it holds no database', { cause })
  })
  if (sha256 !== note.sha256) throw new RelayError('backup_unusable', 'its database is damaged')
  const damage = examineFile(join(dir, BACKUP_DATABASE))
  if (damage) throw new RelayError('backup_unusable', `its database is of no use here: ${damage}`)
  return note as BackupNote
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
