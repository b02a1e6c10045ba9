// SPDX-License-Identifier: AGPL-3.0-or-later
// Offers to another relay: changes gather, a store that fails is not asked without end, and silence ends the connection.

import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { MINUTE, PEER_CALL_MS } from '../../../src/lib/limits.js'
import type { Connection } from '../../../src/peer/connection.js'
import { GATHER_MS, type OfferingParts, startOffering } from '../../../src/peer/exchange/offers.js'
import { createTestClock } from '../../helpers/clock.js'
import { openTestStore, someone } from '../../helpers/store.js'

/** A connection whose other end answers as the test says; null never answers. */
function otherEnd(id: string) {
  const asked: unknown[] = []
  const end = { answer: null as ((cb: (err: Error | null) => void) => void) | null, closed: '' }
  const rpc = {
    isClosed: false,
    request(_: string[], [argument]: unknown[], cb: (err: Error | null) => void) {
      asked.push(argument)
      end.answer?.(cb)
    },
  }
  const close = (reason: string): void => {
    end.closed = reason
  }
  const connection = { id, rpc, isClosed: false, onClose() {}, close } as unknown as Connection
  return { asked, end, connection }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

t.test('two changes within the time to gather cost no call', async (t) => {
  const { store } = await openTestStore(t)
  const clock = createTestClock()
  const [peer, feed] = [someone(), someone()]
  await store.peers.put(peer, { address: null, feeds: 'both' })
  await store.members.follow(feed, { by: 'operator', voucher: null, note: '' })
  const { asked, end, connection } = otherEnd(peer)
  end.answer = (cb) => cb(null)
  const offering = startOffering({ store, clock, taken() {}, onFault: t.error }, connection)
  await settled()
  for (const on of [true, false]) {
    await store.sharing.set(feed, on)
    offering.changed(feed)
  }
  clock.advance(GATHER_MS)
  await settled()
  t.same(asked, [])
})

t.test('after a failure of the store the offer is made again a minute later', async (t) => {
  const clock = createTestClock()
  const { asked, connection } = otherEnd(someone())
  let faults = 0
  const broken = (): never => {
    throw new Error('the disk is full')
  }
  const store = { peers: { offered: broken }, sharing: { page: () => [] }, members: {} }
  const parts = { store, clock, taken() {}, onFault: () => faults++ } as unknown as OfferingParts
  const offering = startOffering(parts, connection)
  offering.changed(someone())
  await settled()
  t.equal(faults, 1)
  clock.advance(1 * MINUTE)
  await settled()
  t.equal(faults, 2)
  t.same(asked, [])
})

t.test('a relay that does not answer an offer loses the connection', async (t) => {
  const { store } = await openTestStore(t)
  const clock = createTestClock()
  const [peer, feed] = [someone(), someone()]
  await store.peers.put(peer, { address: null, feeds: 'both' })
  await store.members.follow(feed, { by: 'operator', voucher: null, note: '' })
  await store.sharing.set(feed, true)
  const { asked, end, connection } = otherEnd(peer)
  startOffering({ store, clock, taken() {}, onFault: t.error }, connection)
  for (let turn = 0; turn < 100 && asked.length === 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(asked.length, 1)
  clock.advance(PEER_CALL_MS)
  t.match(end.closed, /does not answer/)
})
