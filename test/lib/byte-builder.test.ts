// SPDX-License-Identifier: AGPL-3.0-or-later
// One buffer for all chunks, whatever their size.

import t from 'tap'
import { ByteBuilder } from '../../src/lib/byte-builder.js'
import { KIB } from '../../src/lib/limits.js'

t.test('the bytes come back in order, and memory grows with bytes, not with chunks', async (t) => {
  const builder = new ByteBuilder()
  t.equal(builder.held, 0, 'nothing is held before the first chunk')
  const text = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251))
  for (const byte of text) builder.append(Uint8Array.of(byte))
  t.equal(builder.length, text.length)
  t.ok(builder.bytes().equals(text))
  t.equal(builder.held, 8 * KIB, 'the next power of two')
})

t.test('a chunk larger than the buffer, and an empty one', async (t) => {
  const builder = new ByteBuilder()
  builder.append(Buffer.alloc(0))
  t.equal(builder.length, 0)
  builder.append(Buffer.alloc(3 * KIB, 1))
  t.equal(builder.held, 4 * KIB)
  builder.append(Buffer.alloc(KIB, 2))
  t.equal(builder.held, 4 * KIB, 'it is filled to its last byte')
  t.ok(builder.bytes().equals(Buffer.concat([Buffer.alloc(3 * KIB, 1), Buffer.alloc(KIB, 2)])))
})

t.test('what was taken stays whole after the builder is cleared', async (t) => {
  const builder = new ByteBuilder()
  builder.append(Buffer.from('first'))
  const taken = builder.bytes()
  builder.clear()
  t.equal(builder.length, 0)
  t.equal(builder.held, 0, 'the memory is freed')
  builder.append(Buffer.from('other'))
  t.equal(taken.toString(), 'first')
  t.equal(builder.bytes().toString(), 'other')
})
