// SPDX-License-Identifier: AGPL-3.0-or-later
// The onion address is computed like by Node's crypto, and as the specification says.

import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { onionAddress, publicKeyOf } from '../../src/onion/address.js'

t.test('the public key equals that of another implementation', async (t) => {
  for (let i = 0; i < 20; i++) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
    const expanded = createHash('sha512').update(seed).digest()
    expanded[0] = (expanded[0] as number) & 248
    expanded[31] = ((expanded[31] as number) & 63) | 64
    const expected = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
      .export({ format: 'der', type: 'spki' })
      .subarray(-32)
    t.equal(publicKeyOf(expanded).toString('hex'), expected.toString('hex'))
  }
})

t.test('the address of a known service is computed', async (t) => {
  // the Tor Project's site
  const address = '2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion'
  const bits = [...address.slice(0, 56)].map((letter) =>
    'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  const bytes = bits.join('').match(/.{8}/g) ?? []
  const publicKey = Buffer.from(bytes.slice(0, 32).map((byte) => Number.parseInt(byte, 2)))
  t.equal(onionAddress(publicKey), address)
})
