// SPDX-License-Identifier: AGPL-3.0-or-later
// Waiting for fast cryptography: native, or WebAssembly where there is no native build.

import { createRequire } from 'node:module'
import t from 'tap'
import { readyCrypto, readyFallback } from '../../src/wire/crypto-ready.js'

t.test('native, if there is a build', async (t) => {
  t.equal(await readyCrypto(), 'sodium-native')
})

t.test('after the wait the fallback uses WebAssembly', async (t) => {
  const require = createRequire(import.meta.url)
  const fallback = createRequire(require.resolve('chloride')).resolve('sodium-browserify')
  t.equal(await readyFallback(), 'libsodium in WebAssembly')
  const libsodium = createRequire(fallback)('libsodium-wrappers')
  const real = libsodium.crypto_sign_seed_keypair
  let asked = 0
  libsodium.crypto_sign_seed_keypair = (...args: unknown[]) => {
    asked += 1
    return real(...args)
  }
  t.teardown(() => {
    libsodium.crypto_sign_seed_keypair = real
  })
  const { publicKey } = require(fallback).crypto_sign_seed_keypair(Buffer.alloc(32, 7))
  const native = require('chloride').crypto_sign_seed_keypair(Buffer.alloc(32, 7))
  t.equal(asked, 1, 'WebAssembly was asked')
  t.same(publicKey, native.publicKey)
})
