// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens the store's files. LMDB crashes the process on unusable files, so they are checked first.

import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { RelayError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'
import { examineFile } from './file-check.js'
import { DATA_FILE, LOCK_FILE, openTables, type Tables } from './layout.js'

/**
 * Bytes of LMDB's lock file. LMDB creates a sparse file of some 8 KiB and maps it: on a full disk the first access
 * would crash the process.
 */
const LOCK_BYTES = 12 * KIB
/** Bytes that an empty store needs, with a margin. With less LMDB fails half-way, or crashes. */
const FIRST_BYTES = 64 * KIB

/**
 * Opens the tables under a directory, and creates both if they are missing. A damaged file is left unchanged.
 * @throws RelayError `data_unusable`
 */
export function openValidated(path: string): Tables {
  const file = join(path, DATA_FILE)
  const unusable = (what: string, cause?: unknown): RelayError =>
    new RelayError('data_unusable', `${path}: ${what}`, { cause })
  let isNew: boolean
  let damage: string | null
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    isNew = !existsSync(file)
    if (!isNew) closeSync(openSync(file, 'r+'))
    damage = examineFile(file)
    if (!damage) reserveLock(join(path, LOCK_FILE))
    if (isNew) proveRoom(join(path, 'room'))
  } catch (err) {
    throw unusable((err as Error).message, err)
  }
  if (damage)
    throw unusable(
      `${DATA_FILE} is damaged: ${damage}. It was left unchanged: restore a backup (tidepool restore)`,
    )
  try {
    return openTables(path)
  } catch (err) {
    // A partial file, for example on a full disk, would look like a damaged store at the next start.
    if (isNew) rmSync(file, { force: true })
    throw unusable((err as Error).message, err)
  }
}

/**
 * Allocates the lock file. Its content does not matter, as one relay at a time opens the store. Each read changes it, so
 * it may be a link to a file in memory. A link that leads nowhere came with a copy of the directory.
 */
function reserveLock(path: string): void {
  const isThere = existsSync(path)
  if (!isThere) rmSync(path, { force: true })
  const fd = openSync(path, isThere ? 'r+' : 'wx+', 0o600)
  try {
    const { size, blocks } = fstatSync(fd)
    if (size < LOCK_BYTES || blocks * 512 < LOCK_BYTES) fill(fd, LOCK_BYTES)
  } finally {
    closeSync(fd)
  }
}

/** Proves that the disk has room for an empty store: writes that many bytes and removes them. */
function proveRoom(path: string): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    fill(fd, FIRST_BYTES)
  } finally {
    closeSync(fd)
    rmSync(path, { force: true })
  }
}

function fill(fd: number, length: number): void {
  const zeros = Buffer.alloc(length)
  for (let at = 0; at < length; ) at += writeSync(fd, zeros, at, length - at, at)
  fsyncSync(fd)
}
