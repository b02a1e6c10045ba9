// SPDX-License-Identifier: AGPL-3.0-or-later
// Positions of all sessions, kept by feed.

import t from 'tap'
import { Positions } from '../../../src/peer/ebt/positions.js'

/** Positions of sessions that are words, with what was told to them and who is subscribed. */
function setUp(onGrown?: (session: string) => void) {
  const told: string[] = []
  const listeners = new Map<string, () => void>()
  const positions = new Positions<string>({
    subscribe(feed, listener) {
      listeners.set(feed, listener)
      return () => listeners.delete(feed)
    },
    grown(session, feed, number) {
      told.push(`${session} ${feed} ${number}`)
      onGrown?.(session)
    },
  })
  return { positions, told, listeners }
}

t.test('each session has a position of its own in a feed', async (t) => {
  const { positions } = setUp()
  positions.set('@a', 'one', 4)
  positions.set('@a', 'two', 8)
  positions.set('@b', 'two', 12)
  positions.set('@a', 'one', 5)
  t.equal(positions.get('@a', 'one'), 5)
  t.equal(positions.get('@a', 'two'), 8)
  t.equal(positions.get('@b', 'one'), undefined)
  positions.delete('@a', 'one')
  positions.delete('@c', 'one')
  t.equal(positions.get('@a', 'one'), undefined)
  t.equal(positions.get('@a', 'two'), 8, 'the other one keeps its position')
})

t.test('a feed is subscribed to once, and only while a session has a position', async (t) => {
  const { positions, told, listeners } = setUp()
  positions.set('@a', 'one', 4)
  const first = listeners.get('@a')
  positions.set('@a', 'two', 8)
  positions.set('@b', 'one', 12)
  t.equal(listeners.get('@a'), first)
  listeners.get('@a')?.()
  t.strictSame(told, ['one @a 4', 'two @a 8'])
  positions.drop('one')
  t.strictSame([...listeners.keys()], ['@a'])
  positions.drop('two')
  t.equal(listeners.size, 0)
})

t.test('closed, nothing is subscribed to any more', async (t) => {
  const { positions, listeners } = setUp()
  for (const feed of ['@a', '@b']) positions.set(feed, 'one', 4)
  positions.close()
  t.equal(listeners.size, 0)
  t.equal(positions.get('@a', 'one'), undefined)
})

t.test('a session that ends while others are told does not make them miss it', async (t) => {
  const { positions, told, listeners } = setUp((session) => {
    if (session === 'one') positions.drop('one')
  })
  for (const [i, session] of ['one', 'two', 'three'].entries()) positions.set('@a', session, i)
  listeners.get('@a')?.()
  t.strictSame(told, ['one @a 0', 'two @a 1', 'three @a 2'])
})
