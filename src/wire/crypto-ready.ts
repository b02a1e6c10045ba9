// Which cryptography this machine has, and waiting until it is as fast as it will get.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export type CryptoName = 'sodium-native' | 'libsodium in WebAssembly'

/**
 * Resolves once handshakes and signatures run at full speed. Where sodium-native has no build (32-bit ARM), `chloride`
 * begins with plain JavaScript, forty times slower, and changes over by itself when its WebAssembly is compiled: no
 * caller is answered before that.
 */
export async function readyCrypto(): Promise<CryptoName> {
  try {
    require('sodium-native')
    return 'sodium-native'
  } catch {
    // chloride will have found the same
  }
  return readyFallback()
}

/** The fallback by itself, for its test. */
export async function readyFallback(): Promise<CryptoName> {
  const chloride = require.resolve('chloride')
  const fallback = createRequire(chloride).resolve('sodium-browserify')
  require(fallback)
  // its own wait for the same promise is older than ours, so that it has changed over when we go on
  await createRequire(fallback)('libsodium-wrappers').ready
  return 'libsodium in WebAssembly'
}
