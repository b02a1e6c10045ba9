// Opening the store's files: LMDB ends the whole process where it is handed what it cannot use, so that is seen before.

import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { RelayError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'
import { examineFile } from './file-check.js'
import { DATA_FILE, LOCK_FILE, openTables, type Tables } from './layout.js'

/**
 * Bytes of the file in which LMDB keeps its locks. It makes one of some 8 KiB that has no room on the disk yet and
 * maps it: on a full disk the first touch would be the process's end.
 */
const LOCK_BYTES = 12 * KIB
/** Bytes that a store takes before anything is in it, with some to spare; without them LMDB fails half-way, or crashes. */
const FIRST_BYTES = 64 * KIB

/**
 * Opens the tables under a directory, making both where they are missing. A file that is damaged stays as it is.
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
      `${DATA_FILE} is damaged: ${damage}. It was left as it is: put a backup back (tidepool restore)`,
    )
  try {
    return openTables(path)
  } catch (err) {
    // half a file, on a full disk say, would pass for a damaged store the next time
    if (isNew) rmSync(file, { force: true })
    throw unusable((err as Error).message, err)
  }
}

/** Gives the lock file its room on the disk; what stands in it is nothing to a relay that is alone. */
function reserveLock(path: string): void {
  const fd = openSync(path, existsSync(path) ? 'r+' : 'wx+', 0o600)
  try {
    const { size, blocks } = fstatSync(fd)
    if (size < LOCK_BYTES || blocks * 512 < LOCK_BYTES) fill(fd, LOCK_BYTES)
  } finally {
    closeSync(fd)
  }
}

/** Writes as much as a first store takes, and takes it back. */
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
