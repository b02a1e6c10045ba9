// SPDX-License-Identifier: AGPL-3.0-or-later
// The cryptography of the handshake: sodium-native, or chloride's fallback where no native build exists.
// sodium-native is called directly, as chloride allocates each result with the deprecated `new Buffer`, which is slow.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export interface KeyPair {
  publicKey: Buffer
  secretKey: Buffer
}

/** The part of chloride that the handshake uses. */
export interface HandshakeCrypto {
  crypto_auth(input: Buffer, key: Buffer): Buffer
  /** @returns 0 if the authenticator is valid */
  crypto_auth_verify(mac: Buffer, input: Buffer, key: Buffer): number
  crypto_box_keypair(): KeyPair
  crypto_hash_sha256(input: Buffer): Buffer
  /** For a point of low order it throws or returns zeros, depending on the implementation. */
  crypto_scalarmult(secretKey: Buffer, publicKey: Buffer): Buffer
  crypto_secretbox_easy(plain: Buffer, nonce: Buffer, key: Buffer): Buffer
  crypto_secretbox_open_easy(sealed: Buffer, nonce: Buffer, key: Buffer): Buffer | null | undefined
  crypto_sign_detached(message: Buffer, secretKey: Buffer): Buffer
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean
  /** For an invalid point it throws or returns null, depending on the implementation. */
  crypto_sign_ed25519_pk_to_curve25519(publicKey: Buffer): Buffer | null
  crypto_sign_ed25519_sk_to_curve25519(secretKey: Buffer): Buffer
}

const KEY_BYTES = 32
const MAC_BYTES = 16
const SIGNATURE_BYTES = 64

/** The fastest implementation on this machine. */
export const handshakeCrypto: HandshakeCrypto = loadNative() ?? fallbackCrypto()

/** chloride; exported for the test that compares both implementations. */
export function fallbackCrypto(): HandshakeCrypto {
  return require('chloride')
}

function loadNative(): HandshakeCrypto | null {
  try {
    return onSodium(require('sodium-native'))
  } catch {
    return null
  }
}

type Sodium = Record<keyof HandshakeCrypto, (...buffers: Buffer[]) => boolean | undefined>

function onSodium(sodium: Sodium): HandshakeCrypto {
  /** Calls a function that writes its result into a buffer. */
  function result(bytes: number, name: keyof HandshakeCrypto, a: Buffer, b?: Buffer, c?: Buffer): Buffer {
    const out = Buffer.alloc(bytes)
    if (c && b) sodium[name](out, a, b, c)
    else if (b) sodium[name](out, a, b)
    else sodium[name](out, a)
    return out
  }
  return {
    crypto_auth: (input, key) => result(KEY_BYTES, 'crypto_auth', input, key),
    crypto_auth_verify: (mac, input, key) => (sodium.crypto_auth_verify(mac, input, key) ? 0 : -1),
    crypto_box_keypair() {
      const pair = { publicKey: Buffer.alloc(KEY_BYTES), secretKey: Buffer.alloc(KEY_BYTES) }
      sodium.crypto_box_keypair(pair.publicKey, pair.secretKey)
      return pair
    },
    crypto_hash_sha256: (input) => result(KEY_BYTES, 'crypto_hash_sha256', input),
    crypto_scalarmult: (secretKey, publicKey) => result(KEY_BYTES, 'crypto_scalarmult', secretKey, publicKey),
    crypto_secretbox_easy: (plain, nonce, key) =>
      result(plain.length + MAC_BYTES, 'crypto_secretbox_easy', plain, nonce, key),
    crypto_secretbox_open_easy(sealed, nonce, key) {
      if (sealed.length < MAC_BYTES) return null
      const plain = Buffer.alloc(sealed.length - MAC_BYTES)
      return sodium.crypto_secretbox_open_easy(plain, sealed, nonce, key) ? plain : null
    },
    crypto_sign_detached: (message, secretKey) =>
      result(SIGNATURE_BYTES, 'crypto_sign_detached', message, secretKey),
    crypto_sign_verify_detached: (signature, message, publicKey) =>
      sodium.crypto_sign_verify_detached(signature, message, publicKey) === true,
    crypto_sign_ed25519_pk_to_curve25519: (publicKey) =>
      result(KEY_BYTES, 'crypto_sign_ed25519_pk_to_curve25519', publicKey),
    crypto_sign_ed25519_sk_to_curve25519: (secretKey) =>
      result(KEY_BYTES, 'crypto_sign_ed25519_sk_to_curve25519', secretKey),
  }
}
