// SPDX-License-Identifier: AGPL-3.0-or-later

import t from 'tap'
import { createBackOff } from '../../src/lib/back-off.js'

t.test('waits double up to the longest, and start again', async (t) => {
  const backOff = createBackOff([100, 350], () => 1)
  t.same([1, 2, 3, 4].map(backOff.next), [100, 200, 350, 350])
  backOff.reset()
  t.equal(backOff.next(), 100)
})

t.test('each wait is shortened by at most a half', async (t) => {
  t.equal(createBackOff([100, 350], () => 0).next(), 50)
  const waits = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const wait = createBackOff([100, 350]).next()
    t.ok(wait >= 50 && wait <= 100, `${wait}`)
    waits.add(wait)
  }
  t.ok(waits.size > 90, 'two relays rarely wait alike')
})
