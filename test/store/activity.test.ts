// SPDX-License-Identifier: AGPL-3.0-or-later
// Activity: a day's row holds the peak of attendants of that day; the oldest rows are removed.

import t from 'tap'
import { DAY, DAYS_KEPT, HOUR } from '../../src/lib/limits.js'
import { startMaintenance } from '../../src/store/housekeeping.js'
import { openTestStore, silentLog, UNTRUSTED } from '../helpers/store.js'

const rest = { members: 3, messages: 10, bytes: 1000 }

t.test('the peak of a day is stored, even if it was reached between two writes', async (t) => {
  const { store, clock, reopen } = await openTestStore(t)
  const peaks = () => store.activity.last(9).map(({ peak }) => peak)
  await store.activity.note(rest)
  t.same(peaks(), [0])
  for (const count of [1, 2, 5, 2]) store.activity.here(count)
  t.same(peaks(), [5], 'told before it is noted')
  await store.activity.note(rest)
  store.activity.here(1)
  clock.advance(HOUR)
  await store.activity.note(rest)
  t.same(peaks(), [5])
  const again = await reopen()
  again.activity.here(3)
  await again.activity.note(rest)
  t.match(again.activity.last(9), [{ peak: 5, ...rest }], 'also over a restart')
})

t.test('attendants connected at the start of a day count for that day', async (t) => {
  const { store, clock } = await openTestStore(t)
  const peaks = () => store.activity.last(9).map(({ peak }) => peak)
  for (const count of [7, 4]) store.activity.here(count)
  await store.activity.note(rest)
  clock.advance(DAY)
  store.activity.here(2)
  t.same(peaks(), [7], 'the day before is no longer touched')
  await store.activity.note(rest)
  t.same(peaks(), [7, 4])
  clock.advance(DAY)
  await store.activity.note(rest)
  t.same(peaks(), [7, 4, 2])
})

t.test("a peak after a day's last write counts for that day", async (t) => {
  const { store, clock } = await openTestStore(t)
  clock.advance(DAY - (clock.now() % DAY) - HOUR)
  await store.activity.note(rest)
  for (const count of [30, 2]) store.activity.here(count)
  clock.advance(2 * HOUR)
  store.activity.here(4)
  t.match(store.activity.last(9), [{ peak: 30 }], 'shown before it is written')
  await store.activity.note({ ...rest, members: 4 })
  t.match(store.activity.last(9), [
    { ...rest, peak: 30 },
    { members: 4, peak: 4 },
  ])
})

t.test("closing the relay stores the day's figures", async (t) => {
  const opened = await openTestStore(t)
  const { clock } = opened
  const end = startMaintenance({ store: opened.store, clock, trust: UNTRUSTED, log: silentLog })
  await opened.store.activity.note(rest)
  for (const count of [5, 0]) opened.store.activity.here(count)
  await end()
  t.equal(clock.pending(), 0)
  const again = await opened.reopen()
  t.match(again.activity.last(9), [{ peak: 5, members: 0 }])
})

t.test('a wrong clock removes no real days, and leaves none of its own', async (t) => {
  for (const wrong of [400 * DAY, -400 * DAY]) {
    const { store, clock } = await openTestStore(t)
    for (let day = 0; day < DAYS_KEPT; day++) {
      clock.advance(DAY)
      await store.activity.note(rest)
    }
    const before = store.activity.last(DAYS_KEPT * 2).map(({ at }) => at)
    t.equal(before.length, DAYS_KEPT)
    clock.jump(wrong)
    for (let day = 0; day < 3; day++) {
      await store.activity.note(rest)
      clock.advance(DAY)
    }
    clock.jump(-wrong)
    await store.activity.note(rest)
    const days = store.activity.last(DAYS_KEPT * 2).map(({ at }) => at)
    const today = Math.floor(clock.now() / DAY) * DAY
    t.equal(days.at(-1), today)
    t.ok(
      days.every((at) => at <= today),
      'none is yet to come',
    )
    t.ok(days.filter((at) => before.includes(at)).length >= DAYS_KEPT - 4, 'the days before are there')
    t.ok(days.includes(before.at(-1) ?? 0), 'the last of them first of all')
    for (let day = 0; day < 3; day++) {
      clock.advance(DAY)
      await store.activity.note(rest)
    }
    t.match(
      store.activity.last(4),
      [3, 2, 1, 0].map((ago) => ({ at: today + (3 - ago) * DAY })),
    )
  }
})

t.test('the oldest days are removed', async (t) => {
  const { store, clock } = await openTestStore(t)
  for (let day = 0; day < DAYS_KEPT + 3; day++) {
    store.activity.here(day)
    await store.activity.note(rest)
    clock.advance(DAY)
  }
  const days = store.activity.last(DAYS_KEPT * 2)
  t.equal(days.length, DAYS_KEPT)
  t.equal(days.at(-1)?.peak, DAYS_KEPT + 2)
})
