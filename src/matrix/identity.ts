// SPDX-License-Identifier: AGPL-3.0-or-later
// The signing key of this server in `matrix.key`. It is created once and never overwritten.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { RelayError } from '../lib/errors.js'
import { MATRIX_KEY_VALID_MS } from '../lib/matrix-limits.js'
import type { JsonObject } from './json.js'
import { base64, type SigningKey, signingKeyOf, signJson } from './signing.js'

/**
 * Loads the key, making it where there is none. The file is one line, as other homeservers keep theirs:
 * `ed25519 NAME SEED`.
 * @throws RelayError `data_unusable` for a file that is there and cannot be read: it is left alone
 */
export function loadSigningKey(path: string): SigningKey {
  if (!existsSync(path)) {
    const name = `a_${randomBytes(3).toString('hex')}`
    writeFileAtomic(path, `ed25519 ${name} ${base64(randomBytes(32))}\n`)
  }
  let line: string
  try {
    line = readFileSync(path, 'utf8').trim()
  } catch (err) {
    throw new RelayError('data_unusable', `${path} cannot be read: ${(err as Error).message}`, { cause: err })
  }
  const [, name = '', text = ''] = /^ed25519 ([A-Za-z0-9_]{1,64}) ([A-Za-z0-9+/]{43})=?$/.exec(line) ?? []
  const seed = Buffer.from(text, 'base64')
  if (seed.length !== 32)
    throw new RelayError(
      'data_unusable',
      `${path} is damaged: put back a copy, or move it away for a new key`,
    )
  return signingKeyOf(name, seed)
}

/** What `/_matrix/key/v2/server` answers. @param now Unix ms */
export function serverKeys(server: string, key: SigningKey, now: number): JsonObject {
  const keys = {
    server_name: server,
    valid_until_ts: now + MATRIX_KEY_VALID_MS,
    verify_keys: { [key.id]: { key: key.public } },
    old_verify_keys: {},
  }
  return signJson(keys, server, key)
}
