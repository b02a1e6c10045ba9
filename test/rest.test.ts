// Memory is given back once after a busy time, not during it, and never for a page now and then.

import t from 'tap'
import { MINUTE } from '../src/limits.js'
import { createRest } from '../src/rest.js'
import { createTestClock } from './helpers/clock.js'

t.test('after a busy time, once', async (t) => {
  const clock = createTestClock()
  let given = 0
  const rest = createRest(clock, () => {
    given += 1
  })
  const minute = (uses: number): number => {
    for (let i = 0; i < uses; i++) rest.used()
    clock.advance(MINUTE)
    return given
  }
  t.equal(minute(0), 0)
  t.equal(minute(500), 0, 'not in the middle of it')
  t.equal(minute(500), 0)
  t.equal(minute(3), 1, 'when it is quiet')
  t.equal(minute(0), 1)
  for (let i = 0; i < 5; i++) t.equal(minute(15), 1, 'a page now and then is not worth it')
  for (let i = 0; i < 3; i++) minute(15)
  t.equal(given, 2, 'many of them are')
  for (let i = 0; i < 9; i++) t.equal(minute(100), 2)
  t.equal(minute(100), 3, 'it cannot wait for ever')
  rest.close()
  t.equal(clock.pending(), 0)
})
