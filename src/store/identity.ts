// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay's key pair in its `secret` file: created once, synced to disk, never overwritten.

import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { syncPath } from '../lib/atomic-file.js'
import { RelayError } from '../lib/errors.js'
import { isFeedId } from '../ssb/feed-id.js'

/**
 * Loads the identity, or creates it if the file is missing (mode 0400, synced before use).
 * @throws RelayError `data_unusable` for an unreadable file, which is not replaced, so that a copy can be restored
 */
export function loadIdentity(path: string): Keys {
  if (!existsSync(path)) createIdentity(path)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (err) {
    throw new RelayError('data_unusable', `${path} cannot be read: ${(err as Error).message}`, { cause: err })
  }
  const keys = parseKeys(text)
  if (
    !keys ||
    !isFeedId(keys.id) ||
    keys.id.slice(1) !== keys.public ||
    Buffer.from(keys.private ?? '', 'base64').length !== 64
  ) {
    throw new RelayError(
      'data_unusable',
      `${path} is damaged: restore a copy, or move it away to get a new identity`,
    )
  }
  return keys
}

/** Derives 32 secret bytes from the private key for one use: they need no file of their own and last as long as the key. */
export function deriveSecret({ private: key }: Pick<Keys, 'private'>, use: string): Buffer {
  return createHmac('sha256', Buffer.from(key ?? '', 'base64'))
    .update(`tidepool ${use}`)
    .digest()
}

/**
 * Parses a `secret` file: JSON between comments. ssb-keys prints the parser's error of a damaged file, which quotes a piece
 * of the private key.
 */
function parseKeys(text: string): Keys | null {
  try {
    const keys = JSON.parse(text.replace(/\s*#[^\n]*/g, '')) as Keys
    // old files have an id without sigil
    return String(keys.id).startsWith('@') ? keys : { ...keys, id: `@${keys.public}` }
  } catch {
    return null
  }
}

/** The part of the feeds that is needed to see whether our feed has messages. */
interface OwnFeed {
  info(id: string): { latest: number }
  subscribe(id: string, listener: () => void): () => void
}

/**
 * Prevents a second feed under the same key. A mark file beside the identity records that the relay has published; an
 * empty store with a mark has lost its feed. Signing message 1 again would fork the feed, and clients that know the
 * first message 1 would reject it permanently.
 * @param mark path of the mark
 * @throws RelayError `data_unusable`
 */
export function guardFeed(feeds: OwnFeed, id: string, mark: string): void {
  const begun = feeds.info(id).latest > 0
  if (existsSync(mark)) {
    if (begun) return
    throw new RelayError(
      'data_unusable',
      `this relay has published before and its store is empty: restore a backup, or remove ${mark} to start ` +
        'a second feed, which clients that know the first will reject',
    )
  }
  const leave = (): void => {
    writeFileSync(mark, '', { mode: 0o600 })
    syncPath(mark)
    syncPath(dirname(mark))
  }
  if (begun) return leave()
  const stop = feeds.subscribe(id, () => {
    stop()
    leave()
  })
}

function createIdentity(path: string): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  ssbKeys.createSync(fresh)
  syncPath(fresh)
  renameSync(fresh, path)
  syncPath(dirname(path))
}
