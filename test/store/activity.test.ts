// Activity: a day's row holds the most who were here at once, whenever that was, and the oldest rows make room.

import t from 'tap'
import { DAY, DAYS_KEPT, HOUR } from '../../src/limits.js'
import { openTestStore } from '../helpers/store.js'

const rest = { members: 3, messages: 10, bytes: 1000 }

t.test('of a day the most at once stays, though nobody was noting then', async (t) => {
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

t.test('a day begins with those who are here', async (t) => {
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

t.test('the oldest days make room', async (t) => {
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
