// The key of the onion address in its file: made once, durably, checked whenever it is read, and never overwritten.

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fchmodSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { RelayError } from '../lib/errors.js'
import { onionAddress, publicKeyOf } from './address.js'
import { findKey } from './key-forms.js'

export interface OnionKey {
  /** 56 characters and `.onion` */
  address: string
  /** the key as tor's ADD_ONION takes it, after `ED25519-V3:` */
  blob: string
}

/** The key's file in the data directory. */
export const KEY_FILE = 'onion.key'

/** The kind of key, as tor names it in its control protocol. */
export const KEY_TYPE = 'ED25519-V3'

/** Bytes of a key file; ours has some 240, tor's 96. */
const FILE_BYTES = 4096

const NOTE = "# The key of this relay's onion address: whoever has it can take the address over."

/** A key that nobody had before. */
export function makeKey(): OnionKey {
  const expanded = createHash('sha512').update(randomBytes(32)).digest()
  // as every ed25519 secret is (RFC 8032, 5.1.5)
  expanded[0] = (expanded[0] as number) & 248
  expanded[31] = ((expanded[31] as number) & 63) | 64
  return keyOf(expanded)
}

/** A key as its file says it; the address beside it is what shows that neither was damaged. */
export function formatKey({ address, blob }: OnionKey): string {
  return `${NOTE}\n${address}\n${KEY_TYPE}:${blob}\n`
}

/**
 * Reads a key: our own format, the `hs_ed25519_secret_key` of a tor that has served the address so far, or another form of
 * `findKey`.
 * @throws RelayError `data_unusable`, saying what it is instead
 */
export function parseKey(bytes: Buffer, path: string): OnionKey {
  const wrong = (what: string) =>
    new RelayError('data_unusable', `${path} ${what}: put back a copy, or move it away for a new address`)
  const found = findKey(bytes)
  if ('instead' in found) throw wrong(found.instead)
  if (!isSecret(found.expanded)) throw wrong('is damaged')
  const key = keyOf(found.expanded)
  if (found.address !== null && key.address !== found.address)
    throw wrong('is damaged or of another service, as its key has another address')
  return key
}

/** Whether the file could have been read by others until now. */
export type Loaded = OnionKey & { tightened: boolean }

/**
 * Reads the key file. Where others than its owner could read it, that is ended, and told, as the key may be known.
 * @throws RelayError `data_unusable` for a file that is damaged, or that stays open to others
 */
export function readKey(path: string): Loaded {
  try {
    const fd = openSync(path, 'r')
    try {
      const open = fstatSync(fd)
      const tightened = (open.mode & 0o077) !== 0
      if (!open.isFile() || open.size > FILE_BYTES)
        throw new RelayError('data_unusable', `${path} is no key file`)
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
 * Writes a key to a file that is not there yet, for its owner alone, and on the disk before this returns.
 * @throws RelayError `data_unusable`, for a file that is there too
 */
export function writeKey(path: string, key: OnionKey): void {
  try {
    if (existsSync(path)) throw new Error('it is there already')
    writeFileAtomic(path, formatKey(key))
  } catch (err) {
    throw new RelayError('data_unusable', `${path} cannot be written: ${(err as Error).message}`, {
      cause: err,
    })
  }
}

/** The relay's key, made where there is none. @throws RelayError `data_unusable` */
export function loadKey(path: string): Loaded {
  // a link that leads nowhere is a key that is elsewhere now, not none
  if (!lstatSync(path, { throwIfNoEntry: false })) writeKey(path, makeKey())
  return readKey(path)
}

function keyOf(expanded: Buffer): OnionKey {
  return { address: onionAddress(publicKeyOf(expanded)), blob: expanded.toString('base64') }
}

/** Whether these can be an ed25519 secret: bits that are fixed in all of them are as they must be. */
function isSecret(expanded: Buffer): boolean {
  if (expanded.length !== 64) return false
  return ((expanded[0] as number) & 7) === 0 && ((expanded[31] as number) & 192) === 64
}
