// SPDX-License-Identifier: AGPL-3.0-or-later
// Gaps: stored and missing sequences are known exactly, for any order of arrival.

import fc from 'fast-check'
import t from 'tap'
import { GAP_EXTRA, GAPS_PER_FEED } from '../../src/lib/limits.js'
import { noteHeld, takeAsks } from '../../src/store/gaps.js'
import type { FeedRecord } from '../../src/store/layout.js'

const empty = (): FeedRecord => ({ latest: 0, latestHash: '', count: 0, bytes: 0, gaps: [], fork: null })

t.test('in any order of arrival, stored and missing sequences make up the feed', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sequences) => {
      const record = empty()
      for (const sequence of sequences) noteHeld(record, sequence)
      const missing = new Set<number>()
      for (const [from, to] of record.gaps) for (let s = from; s <= to; s++) missing.add(s)
      const held = new Set(sequences)
      for (let s = 1; s <= record.latest; s++) if (held.has(s) === missing.has(s)) return false
      return record.latest === Math.max(...sequences)
    }),
  )
  t.pass('for any subset of a feed')
})

t.test('a gap is requested a limited number of times', async (t) => {
  const record = empty()
  for (const sequence of [2, 5]) noteHeld(record, sequence)
  // with more around it at each attempt, but not much beyond what is known of the feed
  const [first] = GAP_EXTRA
  for (const [one, two] of [
    [first, first],
    [4 + first, 1 + first],
    [4 + first, 1 + first],
  ] as const)
    t.same(takeAsks(record, 10), [
      { from: 1, limit: 1 + one },
      { from: 3, limit: 2 + two },
    ])
  t.same(takeAsks(record, 10), [])
  noteHeld(record, 9)
  t.same(takeAsks(record, 10), [{ from: 6, limit: 3 + first }], 'a new hole has its own asks')
  noteHeld(record, 7)
  t.same(
    takeAsks(record, 1),
    [{ from: 6, limit: 1 + 3 + first }],
    'a split hole keeps its count, and no more are taken than wanted',
  )
})

t.test('in a long feed each attempt asks for more', async (t) => {
  const record = empty()
  for (const sequence of [1, 3]) noteHeld(record, sequence)
  record.latest = 100_000
  for (const extra of GAP_EXTRA) t.same(takeAsks(record, 10), [{ from: 2, limit: 1 + extra }])
  t.same(takeAsks(record, 10), [])
})

t.test('the number of recorded gaps is limited', async (t) => {
  const record = empty()
  for (let s = 2; s <= GAPS_PER_FEED * 4; s += 2) noteHeld(record, s)
  t.equal(record.gaps.length, GAPS_PER_FEED)
  t.equal(record.gaps.at(-1)?.[1], GAPS_PER_FEED * 4 - 1, 'the newest are kept')
})
