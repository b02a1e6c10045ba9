// SPDX-License-Identifier: AGPL-3.0-or-later
// The onion key's file: created once, synced to disk, checked at each read, never overwritten.

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fchmodSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { RelayError } from '../lib/errors.js'
import { onionAddress, publicKeyOf } from './address.js'
import { findKey } from './key-forms.js'

export interface OnionKey {
  /** 56 characters and `.onion` */
  address: string
  /** the key for tor's ADD_ONION, after `ED25519-V3:` */
  blob: string
}

/** Name of the key file in the data directory. */
export const KEY_FILE = 'onion.key'

/** Key type in tor's control protocol. */
export const KEY_TYPE = 'ED25519-V3'

/** Largest key file in bytes; ours has some 240, tor's 96. */
const FILE_BYTES = 4096

const NOTE = "# The key of this relay's onion address: anyone who has it can take over the address."

/** Creates a new key. */
export function makeKey(): OnionKey {
  const expanded = createHash('sha512').update(randomBytes(32)).digest()
  // clamped (RFC 8032, 5.1.5)
  expanded[0] = (expanded[0] as number) & 248
  expanded[31] = ((expanded[31] as number) & 63) | 64
  return keyOf(expanded)
}

/** The content of a key file. The address beside the key shows that neither is damaged. */
export function formatKey({ address, blob }: OnionKey): string {
  return `${NOTE}\n${address}\n${KEY_TYPE}:${blob}\n`
}

/**
 * Parses a key: our own format, tor's `hs_ed25519_secret_key`, or another format of `findKey`.
 * @throws RelayError `data_unusable`, with what the file is instead
 */
export function parseKey(bytes: Buffer, path: string): OnionKey {
  const wrong = (what: string) =>
    new RelayError('data_unusable', `${path} ${what}: restore a copy, or move it away to get a new address`)
  const found = findKey(bytes)
  if ('instead' in found) throw wrong(found.instead)
  if (!isSecret(found.expanded)) throw wrong('is damaged')
  const key = keyOf(found.expanded)
  if (found.address !== null && key.address !== found.address)
    throw wrong('is damaged or of another service, as its key has another address')
  return key
}

/** Whether other users could read the file until now. */
export type Loaded = OnionKey & { tightened: boolean }

/**
 * Reads the key file. If other users can read it, its mode is corrected and that is reported, as the key may have leaked.
 * @throws RelayError `data_unusable` for a damaged file, or if its mode cannot be corrected
 */
export function readKey(path: string): Loaded {
  try {
    const fd = openSync(path, 'r')
    try {
      const open = fstatSync(fd)
      const tightened = (open.mode & 0o077) !== 0
      if (!open.isFile() || open.size > FILE_BYTES)
        throw new RelayError('data_unusable', `${path} is not a key file`)
      if (tightened) fchmodSync(fd, 0o600)
      const bytes = Buffer.alloc(FILE_BYTES)
      const length = readSync(fd, bytes, 0, FILE_BYTES, 0)
      return { ...parseKey(bytes.subarray(0, length), path), tightened }
    } finally {
      closeSync(fd)
    }
  } catch (err) {
    if (err instanceof RelayError) throw err
    throw new RelayError('data_unusable', `${path} cannot be read: ${(err as Error).message}`, { cause: err })
  }
}

/**
 * Writes a key to a new file with mode 0600, synced to disk.
 * @throws RelayError `data_unusable`, also if the file exists
 */
export function writeKey(path: string, key: OnionKey): void {
  try {
    if (existsSync(path)) throw new Error('it exists already')
    writeFileAtomic(path, formatKey(key))
  } catch (err) {
    throw new RelayError('data_unusable', `${path} cannot be written: ${(err as Error).message}`, {
      cause: err,
    })
  }
}

/** Reads the relay's key, or creates it. @throws RelayError `data_unusable` */
export function loadKey(path: string): Loaded {
  // a dangling link means that the key is elsewhere, not that there is none
  if (!lstatSync(path, { throwIfNoEntry: false })) writeKey(path, makeKey())
  return readKey(path)
}

function keyOf(expanded: Buffer): OnionKey {
  return { address: onionAddress(publicKeyOf(expanded)), blob: expanded.toString('base64') }
}

/** Whether the clamped bits are as in every ed25519 secret. */
function isSecret(expanded: Buffer): boolean {
  if (expanded.length !== 64) return false
  return ((expanded[0] as number) & 7) === 0 && ((expanded[31] as number) & 192) === 64
}
