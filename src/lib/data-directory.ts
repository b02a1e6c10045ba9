// SPDX-License-Identifier: AGPL-3.0-or-later
// The data directory: creates it, closes it to other users and removes leftovers.

import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RelayError } from './errors.js'

/** File that marks a restore: the relay's own feed may be longer than the store knows. */
export const RESTORED = 'restored'
/** File that marks that the relay has published a message. */
export const FEED_BEGUN = 'feed-begun'

/** Directories that an interrupted restore leaves. */
const LEFTOVER = /^(backup|restore)-[A-Za-z0-9]{6}$/

/** Creates the data directory with mode 0700. */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  } catch (err) {
    throw new RelayError('data_unusable', `${path}: ${(err as Error).message}`, { cause: err })
  }
}

/**
 * Removes leftovers of interrupted backups and restores.
 * @param onFault called if one cannot be removed: it takes space, but the relay can start
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
