// What the system knows of this process and its disk.

import { readdirSync, readFileSync, statfsSync } from 'node:fs'

/** File descriptors in use, and how many there may be. Null where the system does not tell, as outside Linux. */
export interface FileDescriptors {
  open: number
  limit: number
}

/** The part of all file descriptors above which the relay warns: without one left, nobody can connect. */
export const DESCRIPTORS_HIGH = 0.8

export function fileDescriptors(): FileDescriptors | null {
  try {
    const [, limit = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    // the directory itself takes one while it is read
    const open = readdirSync('/proc/self/fd').length - 1
    return limit === '' ? null : { open, limit: Number(limit) }
  } catch {
    return null
  }
}

/** Bytes free for this user on the disk of a directory. @throws Error where the directory cannot be asked */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** The same; null where the directory cannot be asked. */
export function freeOrNull(directory: string): number | null {
  try {
    return freeBytes(directory)
  } catch {
    return null
  }
}
