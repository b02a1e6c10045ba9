// SPDX-License-Identifier: AGPL-3.0-or-later
// Waits until the cryptography of this machine runs at full speed.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export type CryptoName = 'sodium-native' | 'libsodium in WebAssembly'

/**
 * Resolves when handshakes and signatures run at full speed. Without a sodium-native build (32-bit ARM), `chloride`
 * starts with plain JavaScript, forty times slower, and switches to WebAssembly once that is compiled. The relay listens
 * only after that.
 */
export async function readyCrypto(): Promise<CryptoName> {
  try {
    require('sodium-native')
    return 'sodium-native'
  } catch {
    // chloride has made the same choice
  }
  return readyFallback()
}

/** Waits for the fallback; exported for its test. */
export async function readyFallback(): Promise<CryptoName> {
  const chloride = require.resolve('chloride')
  const fallback = createRequire(chloride).resolve('sodium-browserify')
  require(fallback)
  // the fallback registered its callback on this promise before us, so it has switched when we continue
  await createRequire(fallback)('libsodium-wrappers').ready
  return 'libsodium in WebAssembly'
}
