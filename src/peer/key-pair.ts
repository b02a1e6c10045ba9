// SPDX-License-Identifier: AGPL-3.0-or-later
// Converts keys of ssb-keys to the handshake's format.

import type { Keys } from 'ssb-keys'
import type { KeyPair } from '../wire/handshake.js'

export function keyPairOf({ public: publicKey, private: secretKey }: Keys): KeyPair {
  return { publicKey: bytesOf(publicKey), secretKey: bytesOf(secretKey) }
}

function bytesOf(key: string): Buffer {
  return Buffer.from(key.replace('.ed25519', ''), 'base64')
}
