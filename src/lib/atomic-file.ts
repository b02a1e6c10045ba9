// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes files atomically: after a power cut a file has its old or its new content.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Flushes a file's bytes, or a directory's entries, to the disk. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces a file with this text, with mode 0600. */
export function writeFileAtomic(path: string, text: string): void {
  const fresh = `${path}.new`
  // a leftover of an interrupted write
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
