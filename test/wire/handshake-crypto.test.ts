// SPDX-License-Identifier: AGPL-3.0-or-later
// The handshake's cryptography: sodium-native and chloride's fallback give the same bytes and refuse the same input.

import { createRequire } from 'node:module'
import t from 'tap'
import { fallbackCrypto, type HandshakeCrypto, handshakeCrypto } from '../../src/wire/handshake-crypto.js'

const bytes = (length: number, seed: number): Buffer => Buffer.alloc(length, seed)
const seedPair = createRequire(import.meta.url)('chloride').crypto_sign_seed_keypair
const { publicKey, secretKey } = seedPair(bytes(32, 7))

/** What an implementation does with all input that the handshake gives it: a result, or that it refused. */
function results(crypto: HandshakeCrypto): Record<string, unknown> {
  const attempt = (run: () => unknown): unknown => {
    try {
      return run() ?? 'refused'
    } catch {
      return 'refused'
    }
  }
  const mac = crypto.crypto_auth(bytes(32, 1), bytes(32, 2))
  const sealed = crypto.crypto_secretbox_easy(bytes(40, 3), bytes(24, 0), bytes(32, 4))
  const signature = crypto.crypto_sign_detached(bytes(9, 5), secretKey)
  const curve = crypto.crypto_sign_ed25519_pk_to_curve25519(publicKey) as Buffer
  return {
    mac,
    sealed,
    signature,
    curve,
    good: crypto.crypto_auth_verify(mac, bytes(32, 1), bytes(32, 2)) === 0,
    forged: crypto.crypto_auth_verify(mac, bytes(32, 1), bytes(32, 3)) === 0,
    hash: crypto.crypto_hash_sha256(bytes(100, 6)),
    agreed: crypto.crypto_scalarmult(bytes(32, 8), curve),
    opened: crypto.crypto_secretbox_open_easy(sealed, bytes(24, 0), bytes(32, 4)),
    badKey: attempt(() => crypto.crypto_secretbox_open_easy(sealed, bytes(24, 0), bytes(32, 5))),
    short: attempt(() => crypto.crypto_secretbox_open_easy(bytes(15, 0), bytes(24, 0), bytes(32, 5))),
    verified: crypto.crypto_sign_verify_detached(signature, bytes(9, 5), publicKey),
    unverified: crypto.crypto_sign_verify_detached(signature, bytes(9, 6), publicKey),
    noPoint: attempt(() => crypto.crypto_sign_ed25519_pk_to_curve25519(bytes(32, 2))),
    secretCurve: crypto.crypto_sign_ed25519_sk_to_curve25519(secretKey),
  }
}

t.test('both implementations agree', async (t) => {
  t.not(handshakeCrypto, fallbackCrypto(), 'this machine has both')
  t.strictSame(results(handshakeCrypto), results(fallbackCrypto()))
})

t.test('key pairs are new and valid', async (t) => {
  const [a, b] = [handshakeCrypto.crypto_box_keypair(), handshakeCrypto.crypto_box_keypair()]
  t.notSame(a.secretKey, b.secretKey)
  t.strictSame(
    handshakeCrypto.crypto_scalarmult(a.secretKey, b.publicKey),
    handshakeCrypto.crypto_scalarmult(b.secretKey, a.publicKey),
  )
})
