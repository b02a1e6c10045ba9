// SPDX-License-Identifier: AGPL-3.0-or-later
// Memory is returned to the system after a busy period, not during it, and not after single requests.

import t from 'tap'
import { MINUTE, SECOND } from '../../src/lib/limits.js'
import { collect, createMemoryRelease } from '../../src/lib/memory-release.js'
import { createTestClock } from '../helpers/clock.js'
import { exposedGc } from '../helpers/gc.js'

t.test('after a busy period, in steps', async (t) => {
  const clock = createTestClock()
  let given = 0
  const rest = createMemoryRelease(clock, () => {
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
  t.equal(minute(3), 0)
  clock.advance(5 * SECOND)
  t.equal(given, 1, 'when it is quiet')
  t.equal(minute(0), 7, 'and again, for V8 drops the code of what no longer runs after some')
  t.equal(minute(0), 7, 'then no more')
  for (let i = 0; i < 4; i++) t.equal(minute(15), 7, 'a page now and then is not worth it')
  for (let i = 0; i < 4; i++) minute(15)
  t.equal(given, 14, 'many of them are')
  for (let i = 0; i < 2; i++) t.equal(minute(100), 14)
  t.equal(minute(100), 15, 'it cannot wait for ever')
  t.equal(minute(100), 15, 'but is not quiet yet')
  t.equal(minute(0), 16, 'now it is')
  clock.advance(12 * SECOND)
  t.equal(given, 18)
  rest.close()
  t.equal(clock.pending(), 0, 'nothing goes on')
  clock.advance(MINUTE)
  t.equal(given, 18)
})

t.test('a collection frees unreferenced memory', async (t) => {
  // as where Node was started with --expose-gc
  globalThis.gc = exposedGc()
  t.teardown(() => {
    globalThis.gc = undefined
  })
  let held: unknown[] | null = Array.from({ length: 200_000 }, (_, i) => ({ i }))
  const before = process.memoryUsage().heapUsed
  t.equal(held.length, 200_000)
  held = null
  collect()
  const after = process.memoryUsage().heapUsed
  t.ok(after < before - 1e6, `${after} bytes, ${before} were`)
})
