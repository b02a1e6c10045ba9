// SPDX-License-Identifier: AGPL-3.0-or-later
// What the operating system reports about this process and its disk.

import { readdirSync, readFileSync, statfsSync } from 'node:fs'

/** File descriptors in use, and their limit. Null if the system does not report them, as outside Linux. */
export interface FileDescriptors {
  open: number
  limit: number
}

/** Part of all file descriptors above which the relay warns: without a free one, nobody can connect. */
export const DESCRIPTORS_HIGH = 0.8

export function fileDescriptors(): FileDescriptors | null {
  try {
    const [, limit = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    // reading the directory uses one itself
    const open = readdirSync('/proc/self/fd').length - 1
    return limit === '' ? null : { open, limit: Number(limit) }
  } catch {
    return null
  }
}

/** Free bytes for this user on the disk of a directory. @throws Error if it cannot be read */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** The same; null if it cannot be read. */
export function freeOrNull(directory: string): number | null {
  try {
    return freeBytes(directory)
  } catch {
    return null
  }
}
