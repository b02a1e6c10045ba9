// SPDX-License-Identifier: AGPL-3.0-or-later
// Attendants: present from the first connection to the last; changes are batched.

import t from 'tap'
import { PRESENCE_LOG, PRESENCE_MS } from '../../src/lib/limits.js'
import { createAttendants } from '../../src/room/attendants.js'
import { createTestClock } from '../helpers/clock.js'

t.test('an identity attends from its first connection to its last', async (t) => {
  const counts: number[] = []
  const attendants = createAttendants<{ id: string }>(createTestClock(), (count) => counts.push(count))
  const [one, two] = [{ id: 'a' }, { id: 'a' }]
  attendants.enter(one)
  attendants.enter(two)
  attendants.enter({ id: '__proto__' })
  t.same(attendants.ids(), ['a', '__proto__'])
  t.equal(attendants.get('a'), two, 'the newest is reached')
  t.same(attendants.since(0), [
    { type: 'joined', id: 'a' },
    { type: 'joined', id: '__proto__' },
  ])
  attendants.leave(one)
  attendants.leave({ id: 'a' })
  t.ok(attendants.has('a'))
  attendants.leave(two)
  attendants.leave(two)
  t.notOk(attendants.has('a'))
  t.same(attendants.since(2), [{ type: 'left', id: 'a' }], 'left is told once')
  t.equal(attendants.count(), 1)
  t.same(counts, [1, 2, 1])
})

t.test('changes are batched', async (t) => {
  const clock = createTestClock()
  const attendants = createAttendants<{ id: string }>(clock)
  attendants.enter({ id: 'before anyone watches' })
  t.equal(clock.pending(), 0)
  let told = 0
  const stop = attendants.watch(() => told++)
  for (let i = 0; i < 100; i++) attendants.enter({ id: `${i}` })
  t.equal(told, 0)
  clock.advance(PRESENCE_MS)
  t.equal(told, 1)
  clock.advance(PRESENCE_MS * 10)
  t.equal(told, 1, 'nothing new, nothing told')
  stop()
  attendants.enter({ id: 'after' })
  attendants.close()
  t.equal(clock.pending(), 0)
})

t.test('old changes are dropped', async (t) => {
  const attendants = createAttendants<{ id: string }>(createTestClock())
  for (let i = 0; i <= PRESENCE_LOG; i++) attendants.enter({ id: `${i}` })
  t.equal(attendants.since(0), null)
  t.equal(attendants.since(1)?.length, PRESENCE_LOG)
  t.same(attendants.since(attendants.position()), [])
})
