// The data directory itself: made, closed to others, and cleared of what was cut short.

import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RelayError } from './errors.js'

/** The mark of a restore: the relay's own feed may have come further than the store knows. */
export const RESTORED = 'restored'
/** The mark that the relay has published. */
export const FEED_BEGUN = 'feed-begun'

/** Directories that a restore leaves if it is cut short; and those of backups by versions before 0.1. */
const LEFTOVER = /^(backup|restore)-[A-Za-z0-9]{6}$/

/** Makes the data directory, closed to other users. */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  } catch (err) {
    throw new RelayError('data_unusable', `${path}: ${(err as Error).message}`, { cause: err })
  }
}

/**
 * Removes copies that were being packed or unpacked when something ended it.
 * @param onFault told of one that stays: it takes room and is no reason not to start
 */
export function clearLeftovers(path: string, onFault: (err: unknown) => void): void {
  for (const name of readdirSync(path)) {
    if (!LEFTOVER.test(name)) continue
    try {
      rmSync(join(path, name), { recursive: true, force: true })
    } catch (err) {
      onFault(err)
    }
  }
}
