// SPDX-License-Identifier: AGPL-3.0-or-later
// The mint budget under an injected clock.

import t from 'tap'
import { HOUR, MINUTE } from '../../src/lib/limits.js'
import { TokenBucket } from '../../src/lib/token-bucket.js'

t.test('spends the burst, then at the refill rate', async (t) => {
  const clock = { now: 0 }
  const budget = new TokenBucket(2, () => clock.now)
  t.equal(budget.wait(), 0)
  t.ok(budget.take() && budget.take())
  t.notOk(budget.take())
  t.equal(budget.wait(), 1800)
  clock.now += 20 * MINUTE
  t.equal(budget.wait(), 600)
  clock.now += 10 * MINUTE
  t.equal(budget.wait(), 0)
  t.ok(budget.take())
  t.notOk(budget.take())
  clock.now += 100 * HOUR
  t.ok(budget.take() && budget.take(), 'saves no more than an hour')
  t.notOk(budget.take())
})

t.test('takes a refund and ignores a clock that goes back', async (t) => {
  const clock = { now: HOUR }
  const budget = new TokenBucket(1, () => clock.now)
  budget.refund()
  t.ok(budget.take())
  t.notOk(budget.take(), 'a refund never overfills')
  budget.refund()
  t.ok(budget.take())
  clock.now = 0
  t.notOk(budget.take())
  t.equal(budget.wait(), 3600)
  t.equal(new TokenBucket(0, () => clock.now).wait(), 3600)
  t.notOk(new TokenBucket(0, () => clock.now).take())
})

t.test('changes its rate while running', async (t) => {
  const budget = new TokenBucket(0, () => 0)
  budget.setPerHour(2)
  t.ok(budget.take() && budget.take())
  t.notOk(budget.take())
  budget.setPerHour(3)
  t.ok(budget.take())
  t.notOk(budget.take())
  budget.setPerHour(5)
  budget.setPerHour(1)
  t.ok(budget.take())
  t.notOk(budget.take(), 'what was saved above the new rate is gone')
})
