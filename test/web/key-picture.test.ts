// SPDX-License-Identifier: AGPL-3.0-or-later
// Pictures of keys: valid images, the same for one key, different for others.

import { inflateSync } from 'node:zlib'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { keyPicture } from '../../src/web/key-picture.js'

const ANA = '@HEqy940T6uB+T+d9Jaa58aNfRzLx9eRWqkZljBmnkmk=.ed25519'
const bytesOf = (url: string): Buffer => Buffer.from(url.replace(/^data:image\/png;base64,/, ''), 'base64')

t.test('a small PNG, which mirrors its left half', async (t) => {
  const png = bytesOf(keyPicture(ANA))
  t.equal(png.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n')
  t.ok(png.length < 200, `${png.length} bytes`)
  const idat = png.indexOf('IDAT')
  const pixels = inflateSync(png.subarray(idat + 4, idat + 4 + png.readUInt32BE(idat - 4)))
  t.equal(pixels.length, 14, 'seven rows of a filter and seven bits')
  for (let y = 0; y < 7; y++) {
    const bits = (pixels[2 * y + 1] as number).toString(2).padStart(8, '0').slice(0, 7)
    t.equal(bits, [...bits].reverse().join(''), bits)
  }
})

t.test('one key, one picture', async (t) => {
  t.equal(keyPicture(ANA), keyPicture(ANA))
  const pictures = Array.from({ length: 500 }, () => keyPicture(ssbKeys.generate().id))
  t.equal(new Set(pictures).size, pictures.length)
})
