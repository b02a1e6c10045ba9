// SPDX-License-Identifier: AGPL-3.0-or-later
// Presence over real sockets: lists for Rooms 1, changes for Rooms 2, batches, and limits for slow readers.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  LISTS_BYTES_PER_S,
  PRESENCE_LOG,
  PRESENCE_MS,
  PRESENCE_STREAMS,
  SECOND,
} from '../../../src/lib/limits.js'
import type { Connection } from '../../../src/peer/connection.js'
import { createEndpoints } from '../../../src/peer/methods/presence.js'
import { createAttendants, netChanges } from '../../../src/room/attendants.js'
import { openCaller, type TestCaller } from '../../helpers/caller.js'
import { createTestClock } from '../../helpers/clock.js'
import { startTestPeer } from '../../helpers/peer.js'
import type { Source } from '../../helpers/pull.js'
import { EVERYBODY } from '../../helpers/session.js'
import { until } from '../../helpers/wait.js'

/** Keeps everything a source says. */
function gather<T>(read: Source<T>): T[] {
  const said: T[] = []
  const next = (): void =>
    read(null, (end, data) => {
      if (end) return
      said.push(data as T)
      next()
    })
  next()
  return said
}

t.test('an identity that joins and leaves within a batch is omitted', async (t) => {
  const joined = (id: string) => ({ type: 'joined', id }) as const
  const left = (id: string) => ({ type: 'left', id }) as const
  t.same(netChanges([joined('a'), left('a'), joined('b')]), [joined('b')])
  t.same(netChanges([left('a'), joined('a'), left('a')]), [left('a')])
  t.same(netChanges([]), [])
})

t.test('endpoints says the whole list at once and after every change, the caller included', async (t) => {
  const { connect, clock } = await startTestPeer(t)
  const a = await connect()
  const lists = gather<string[]>(a.rpc.tunnel.endpoints())
  await until('the first list', () => lists.length === 1)
  t.same(lists[0], [a.id])
  const b = await connect()
  const c = await connect()
  await c.rpc.whoami()
  t.equal(lists.length, 1, 'not yet')
  clock.advance(PRESENCE_MS)
  await until('one list for two arrivals', () => lists.length === 2)
  t.same(lists[1]?.sort(), [a.id, b.id, c.id].sort())
  await b.rpc.tunnel.leave()
  clock.advance(PRESENCE_MS)
  await until('leaving the room without leaving the relay', () => lists.length === 3)
  t.notOk(lists[2]?.includes(b.id))
  gather(b.rpc.tunnel.endpoints())
  await b.rpc.whoami()
  clock.advance(PRESENCE_MS)
  await until('asking for endpoints announces', () => lists.at(-1)?.includes(b.id) === true)
})

t.test('attendants sends the state, then each join and leave once', async (t) => {
  const { connect, clock } = await startTestPeer(t)
  const a = await connect()
  const events = gather<{ type: string; ids?: string[]; id?: string }>(a.rpc.room.attendants())
  await until('the state', () => events.length === 1)
  t.same(events[0], { type: 'state', ids: [a.id] })
  const keys = ssbKeys.generate()
  const one = await connect(keys)
  const two = await connect(keys)
  await two.rpc.whoami()
  clock.advance(PRESENCE_MS)
  await until('joined', () => events.length === 2)
  t.same(events[1], { type: 'joined', id: keys.id })
  await one.close()
  await two.rpc.whoami()
  clock.advance(PRESENCE_MS)
  await a.rpc.whoami()
  t.equal(events.length, 2, 'still here with the other connection')
  await two.close()
  await until('left', () => {
    clock.advance(PRESENCE_MS)
    return events.length === 3
  })
  t.same(events[2], { type: 'left', id: keys.id })
})

t.test('a subscriber that missed dropped changes gets the state again', async (t) => {
  const { connect, clock } = await startTestPeer(t)
  const a = await connect()
  const source = a.rpc.room.attendants()
  const events = gather<{ type: string; ids?: string[] }>(source)
  await until('the state', () => events.length === 1)
  const b = await connect()
  // changes are recorded and not sent while the clock stands still
  const calls: Promise<unknown>[] = []
  // none waits for the one before: a stock client's Nagle would make that 40 ms each
  for (let i = 0; i <= PRESENCE_LOG / 2; i++) calls.push(b.rpc.tunnel.leave(), b.rpc.tunnel.announce())
  await Promise.all(calls)
  clock.advance(PRESENCE_MS)
  await until('told', () => events.length === 2)
  t.match(events[1], { type: 'state' })
  t.same(events[1]?.ids?.sort(), [a.id, b.id].sort())
})

t.test('a join and a leave between two batches send nothing', async (t) => {
  const { connect, clock } = await startTestPeer(t)
  const a = await connect()
  const lists = gather(a.rpc.tunnel.endpoints())
  const events = gather(a.rpc.room.attendants())
  await until('the first', () => lists.length === 1 && events.length === 1)
  const b = await connect()
  await b.rpc.whoami()
  clock.advance(PRESENCE_MS)
  await until('b is told', () => lists.length === 2 && events.length === 2)
  for (let i = 0; i < 5; i++) {
    await Promise.all([b.rpc.tunnel.leave(), b.rpc.tunnel.announce()])
    clock.advance(PRESENCE_MS)
  }
  await b.rpc.tunnel.leave()
  clock.advance(PRESENCE_MS)
  await until('that b left', () => events.length === 3)
  await until('and the list', () => lists.length === 3)
})

t.test('a connection has a limit of presence streams', async (t) => {
  const { connect } = await startTestPeer(t)
  const { rpc } = await connect()
  for (const method of [rpc.tunnel.endpoints, rpc.room.attendants]) {
    const kept = Array.from({ length: PRESENCE_STREAMS }, () => method() as Source<unknown>)
    for (const read of kept) t.notOk(await ending(read))
    t.match(await ending(method()), { code: 'busy' })
    kept[0]?.(true, () => {})
    await rpc.whoami()
    t.notOk(await ending(method()), 'one that is given up makes room')
  }
})

/** The end of a source in its first answer. */
const ending = (read: Source<unknown>): Promise<unknown> => new Promise((resolve) => read(null, resolve))

t.test('lists are sent less often in a large room', async (t) => {
  const clock = createTestClock()
  const attendants = createAttendants<Connection>(clock)
  t.teardown(() => attendants.close())
  const open = createEndpoints(attendants, clock)
  const methods = { 'tunnel.endpoints': { type: 'source', access: EVERYBODY, open } } as const
  const someone = (n: number): TestCaller =>
    openCaller({ id: `@${String(n).padStart(44, '0')}.ed25519`, methods })
  const crowd = Array.from({ length: 1000 }, (_, n) => someone(n))
  for (const { connection } of crowd) attendants.enter(connection)
  for (const each of crowd) each.open('tunnel.endpoints', 'source')
  const [first] = crowd as [TestCaller]
  const lists = (): Buffer[] => {
    for (const each of crowd) each.flush()
    return first.frames.map(({ body }) => body)
  }
  const bytes = (lists()[0] as Buffer).length * crowd.length
  let next = crowd.length
  const arrive = (): void => attendants.enter(someone(next++).connection)
  arrive()
  clock.advance(PRESENCE_MS)
  t.equal(lists().length, 2, 'after a calm at once')
  const pause = (bytes / LISTS_BYTES_PER_S) * SECOND
  t.ok(pause > 10 * PRESENCE_MS)
  for (let i = 0; i < 10; i++) {
    arrive()
    clock.advance(PRESENCE_MS)
  }
  t.equal(lists().length, 2, 'then not before that list is paid for')
  clock.advance(pause)
  t.equal(lists().length, 3)
  t.equal(JSON.parse(String(lists()[2])).length, next, 'and everybody is in it')
})
