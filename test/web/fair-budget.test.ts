// SPDX-License-Identifier: AGPL-3.0-or-later
// The web's invites: a part is kept for visitors who were not served today.

import type { Socket } from 'node:net'
import t from 'tap'
import { DAY, HOUR, SERVED_KEPT } from '../../src/lib/limits.js'
import { createFairBudget, sourceOf } from '../../src/web/fair-budget.js'

t.test('one source cannot take all, and others still get what is kept', async (t) => {
  const clock = { now: 0 }
  const budget = createFairBudget(8, () => clock.now)
  const taken = (source: string | null): number => {
    let count = 0
    while (budget.take(source)) count += 1
    return count
  }
  t.equal(taken('192.0.2.1'), 6, 'a quarter of 8 is kept')
  t.equal(budget.wait('192.0.2.1'), HOUR / 8 / 1000, 'which stays')
  t.equal(budget.wait('192.0.2.2'), 0)
  t.equal(taken('192.0.2.2'), 1, 'one each, as the next is no newcomer')
  t.equal(taken('192.0.2.3'), 1)
  t.equal(taken('192.0.2.4'), 0, 'until there is nothing left')
  budget.refund()
  t.equal(taken(null), 1, 'who cannot be told apart has no part kept')
  clock.now += DAY
  t.equal(taken('192.0.2.1'), 6, 'forgotten after a day')
  budget.setPerHour(0)
  t.notOk(budget.take('192.0.2.9'))
  t.ok(budget.wait('192.0.2.9') > 0)
})

t.test('the number of remembered sources is limited', async (t) => {
  const budget = createFairBudget(10 * SERVED_KEPT, () => 0)
  for (let n = 0; n < 4 * SERVED_KEPT; n++) budget.take(`source ${n}`)
  t.ok(budget.take('source 0'), 'the oldest is forgotten')
})

t.test('where a request comes from', async (t) => {
  for (const [remoteAddress, source] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2::3', '2001:db8:1'],
    ['2001:db8:1:9::4', '2001:db8:1'],
    ['127.0.0.1', null],
    ['::1', null],
    ['::ffff:127.0.0.1', null],
    [undefined, null],
  ] as const)
    t.equal(sourceOf({ socket: { remoteAddress } as Socket }), source, String(remoteAddress))
})
