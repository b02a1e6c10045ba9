// The relay's key pair in its `secret` file: made once, durably, and never overwritten.

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import ssbKeys, { type Keys } from 'ssb-keys'
import { RelayError } from '../errors.js'
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

function createIdentity(path: string): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  ssbKeys.createSync(fresh)
  sync(fresh)
  renameSync(fresh, path)
  sync(dirname(path))
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
