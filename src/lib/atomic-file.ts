// Files that are there whole, or not at all, whenever the power goes.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Returns once a file's bytes, or a directory's entries, are on the disk. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Puts a file of this text in the place of whatever is there, readable by us alone. */
export function writeFileAtomic(path: string, text: string): void {
  const fresh = `${path}.new`
  // what a write that was cut short has left
  rmSync(fresh, { force: true })
  const fd = openSync(fresh, 'wx', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(fresh, path)
  syncPath(dirname(path))
}
