// SPDX-License-Identifier: AGPL-3.0-or-later
// Positions in feeds that are not served.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { EBT_WISHES } from '../../../src/lib/limits.js'
import { Wishes } from '../../../src/peer/ebt/wishes.js'

t.test('each is kept once, and taken once', async (t) => {
  const wishes = new Wishes()
  const ids = Array.from({ length: 40 }, () => ssbKeys.generate().id)
  for (const [i, id] of ids.entries()) wishes.add(id, 4 * i + 3)
  wishes.add(ids[7] as string, 103)
  t.equal(wishes.take(ids[7] as string), 103, 'the newest position')
  t.equal(wishes.take(ids[7] as string), undefined)
  for (const [i, id] of ids.entries()) if (i !== 7) t.equal(wishes.take(id), 4 * i + 3)
  t.equal(wishes.take(ids[0] as string), undefined)
})

t.test('a position that does not fit counts as the start', async (t) => {
  const wishes = new Wishes()
  const { id } = ssbKeys.generate()
  wishes.add(id, 2 ** 32 + 3)
  t.equal(wishes.take(id), 3)
})

t.test('their number is limited, also when one is told again and again', async (t) => {
  const wishes = new Wishes()
  const ids = Array.from({ length: EBT_WISHES + 1 }, (_, i) => {
    const key = Buffer.alloc(32)
    key.writeUInt32LE(i)
    return `@${key.toString('base64')}.ed25519`
  })
  const [first = '', second = ''] = ids
  for (let n = 0; n < 2 * EBT_WISHES; n++) wishes.add(first, 7)
  for (const id of ids) wishes.add(id, 7)
  t.equal(wishes.take(second), 7)
  t.equal(wishes.take(ids.at(-1) as string), undefined, 'one too many')
  wishes.add(ids.at(-1) as string, 7)
  t.equal(wishes.take(ids.at(-1) as string), 7, 'and room again')
})
