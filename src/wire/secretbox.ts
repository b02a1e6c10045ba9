// SPDX-License-Identifier: AGPL-3.0-or-later
// Secretbox without copies: sodium-native, or chloride's fallback where no native build exists.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Bytes of a secretbox's authenticator. */
export const MAC_BYTES = 16

export interface Secretbox {
  /** the implementation in use */
  name: 'sodium-native' | 'chloride'
  /** Encrypts `plain` into `out` (same length) and its authenticator into `mac`. `out` may be `plain` itself. */
  seal(out: Buffer, mac: Buffer, plain: Buffer, nonce: Buffer, key: Buffer): void
  /** Decrypts; returns false if the authenticator is invalid. `out` may be `sealed` itself. */
  open(out: Buffer, sealed: Buffer, mac: Buffer, nonce: Buffer, key: Buffer): boolean
}

interface SodiumNative {
  crypto_secretbox_detached(out: Buffer, mac: Buffer, plain: Buffer, nonce: Buffer, key: Buffer): void
  crypto_secretbox_open_detached(
    out: Buffer,
    sealed: Buffer,
    mac: Buffer,
    nonce: Buffer,
    key: Buffer,
  ): boolean
}

interface Chloride {
  crypto_secretbox_easy(plain: Buffer, nonce: Buffer, key: Buffer): Buffer
  crypto_secretbox_open_easy(sealed: Buffer, nonce: Buffer, key: Buffer): Buffer | undefined
}

/** Returns the fastest implementation on this machine. */
export function loadSecretbox(): Secretbox {
  try {
    const sodium = require('sodium-native') as SodiumNative
    return {
      name: 'sodium-native',
      seal: (out, mac, plain, nonce, key) => sodium.crypto_secretbox_detached(out, mac, plain, nonce, key),
      open: (out, sealed, mac, nonce, key) =>
        sodium.crypto_secretbox_open_detached(out, sealed, mac, nonce, key),
    }
  } catch {
    return fallbackSecretbox()
  }
}

/** The fallback; exported for the test that compares both implementations. */
export function fallbackSecretbox(): Secretbox {
  const chloride = require('chloride') as Chloride
  return {
    name: 'chloride',
    seal(out, mac, plain, nonce, key) {
      const sealed = chloride.crypto_secretbox_easy(plain, nonce, key)
      sealed.copy(mac, 0, 0, MAC_BYTES)
      sealed.copy(out, 0, MAC_BYTES)
    },
    open(out, sealed, mac, nonce, key) {
      const plain = chloride.crypto_secretbox_open_easy(Buffer.concat([mac, sealed]), nonce, key)
      plain?.copy(out)
      return plain !== undefined && plain !== null
    },
  }
}
