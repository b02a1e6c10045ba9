// The relay's key pair in its `secret` file: made once, durably, and never overwritten.

import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { syncPath } from '../lib/atomic-file.js'
import { RelayError } from '../lib/errors.js'
import { isFeedId } from '../ssb/feed-id.js'

/**
 * Loads the identity, making it where there is none (mode 0400, on disk before it is used).
 * @throws RelayError `data_unusable` for a file that is there and cannot be read: a damaged secret is left alone,
 * for whoever has a copy to put back
 */
export function loadIdentity(path: string): Keys {
  if (!existsSync(path)) createIdentity(path)
  let keys: Keys | undefined
  try {
    keys = ssbKeys.loadSync(path)
  } catch (err) {
    throw new RelayError('data_unusable', `${path} cannot be read: ${(err as Error).message}`, { cause: err })
  }
  if (
    !keys ||
    !isFeedId(keys.id) ||
    keys.id.slice(1) !== keys.public ||
    Buffer.from(keys.private ?? '', 'base64').length !== 64
  ) {
    throw new RelayError(
      'data_unusable',
      `${path} is damaged: put back a copy, or move it away for a new identity`,
    )
  }
  return keys
}

/** The slice of the feeds that tells how far our own has come. */
interface OwnFeed {
  info(id: string): { latest: number }
  subscribe(id: string, listener: () => void): () => void
}

/**
 * Keeps a second feed from being begun under a key that has one: beside the identity a mark is left once the relay has
 * published, and a store that is empty all the same has been lost. Signing message 1 again would be a fork, which
 * every client that knows the first one refuses for ever.
 * @param mark path of the mark
 * @throws RelayError `data_unusable`
 */
export function guardFeed(feeds: OwnFeed, id: string, mark: string): void {
  const begun = feeds.info(id).latest > 0
  if (existsSync(mark)) {
    if (begun) return
    throw new RelayError(
      'data_unusable',
      `this relay has published before and its store is empty: put back a backup of db/, or remove ${mark} to begin ` +
        'a second feed, which clients that know the first will refuse',
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
