// Open streams: what may be sent on them, how many a connection has, and who is cut when all have too many.

import t from 'tap'
import { CALLS_AT_ONCE, CALLS_PER_CONNECTION } from '../../../src/lib/limits.js'
import type { CallerClass } from '../../../src/peer/session.js'
import { ConnectionStreams, OpenStreams } from '../../../src/peer/wire/streams.js'

const TUNNELS = 4

function setUp() {
  let cuts = 0
  const all = new OpenStreams(TUNNELS, () => {
    cuts += 1
  })
  const connect = (row: CallerClass) => {
    const closed: string[] = []
    const caller = {
      row,
      close: (reason: string) => void closed.push(reason),
    }
    const streams = new ConnectionStreams(caller, all)
    return { streams, closed, hangUp: () => all.forget(streams) }
  }
  return { all, connect, cuts: () => cuts }
}

function open(streams: ConnectionStreams, count: number, first = 1): void {
  for (let request = first; request < first + count; request++) streams.opened(request, false, false)
}

t.test('data is taken on streams that are for it, until their caller ends them', async (t) => {
  const { streams } = setUp().connect('member')
  streams.opened(1, true, false)
  streams.opened(2, false, false)
  t.ok(streams.wentOn(1, false))
  t.throws(() => streams.wentOn(2, false), { code: 'bad_argument' })
  t.ok(streams.wentOn(2, true), 'any stream may be ended')
  t.ok(streams.wentOn(1, true))
  t.throws(() => streams.wentOn(1, false), { code: 'bad_argument' })
})

t.test('a stream that we end is ended for muxrpc, and what still comes on it is left out', async (t) => {
  const { all, connect } = setUp()
  const { streams } = connect('member')
  streams.opened(1, true, false)
  t.ok(streams.ended(1))
  t.notOk(streams.ended(1), 'once')
  t.notOk(streams.opens(1))
  t.notOk(streams.wentOn(1, false))
  t.equal(all.count, 1, 'muxrpc has it yet')
  t.same(streams.takeEndings(), [1])
  t.same(streams.takeEndings(), [])
  t.equal(all.count, 0)
  t.notOk(streams.wentOn(1, false))
  t.notOk(streams.wentOn(1, true), 'its caller’s own end')
  t.ok(streams.opens(1), 'of which nothing is left')
})

t.test('a stream that its caller has ended is gone when we end it', async (t) => {
  const { all, connect } = setUp()
  const { streams } = connect('stranger')
  streams.opened(1, true, false)
  streams.wentOn(1, true)
  streams.opened(2, false, true)
  t.equal(all.count, 2)
  for (const request of [1, 2]) t.notOk(streams.ended(request))
  t.equal(all.count, 0)
  t.ok(streams.opens(1))
})

t.test('no more is remembered of streams that nobody ends than of open ones', async (t) => {
  const { streams } = setUp().connect('guest')
  for (let request = 1; request <= 100; request++) {
    streams.opened(request, false, false)
    streams.ended(request)
    streams.takeEndings()
  }
  const late = Array.from({ length: 100 }, (_, i) => i + 1).filter((request) => !streams.opens(request))
  t.equal(late.length, CALLS_PER_CONNECTION.guest)
  t.equal(late.at(-1), 100)
})

t.test('a connection has as many streams as its row allows', async (t) => {
  const { all, connect } = setUp()
  const limits = [
    ['guest', CALLS_PER_CONNECTION.guest],
    ['stranger', CALLS_PER_CONNECTION.stranger + TUNNELS],
    ['member', CALLS_PER_CONNECTION.followed + TUNNELS],
    ['admin', CALLS_PER_CONNECTION.followed + TUNNELS],
  ] as const
  for (const [row, most] of limits) {
    const { streams, hangUp } = connect(row)
    open(streams, 2 * most)
    t.throws(() => streams.opened(100_000, false, false), { code: 'busy' }, row)
    hangUp()
    t.equal(all.count, 0)
  }
})

t.test('when all have too many, those of whoever has most go, strangers’ first', async (t) => {
  const { all, connect, cuts } = setUp()
  const members = Array.from({ length: 5 }, () => connect('member'))
  const few = connect('stranger')
  const more = connect('stranger')
  open(few.streams, 2)
  open(more.streams, 10)
  let left = CALLS_AT_ONCE - 12
  for (const { streams } of members) {
    const some = Math.min(2020, left)
    open(streams, some)
    left -= some
  }
  t.equal(all.count, CALLS_AT_ONCE)
  t.equal(cuts(), 0)
  const [member] = members as [(typeof members)[0]]
  member.streams.opened(5000, false, false)
  t.same([few.closed.length, more.closed.length, cuts()], [0, 1, 1])
  t.equal(all.count, CALLS_AT_ONCE + 1 - 10)
  t.throws(() => more.streams.opened(11, false, false), { code: 'busy' }, 'what it sent before it was cut')
  more.streams.ended(1)
  more.streams.takeEndings()
  more.hangUp()
  t.equal(all.count, CALLS_AT_ONCE + 1 - 10, 'counted out once')

  for (let request = 6000; request < 6009; request++) member.streams.opened(request, false, false)
  t.same([few.closed.length, member.closed.length, all.count], [0, 0, CALLS_AT_ONCE])
  member.streams.opened(6009, false, false)
  t.same([few.closed.length, member.closed.length], [1, 0], 'a stranger, however few it has')
  member.streams.opened(6010, false, false)
  t.throws(() => member.streams.opened(6011, false, false), { code: 'busy' })
  t.same(
    members.map(({ closed }) => closed.length),
    [1, 0, 0, 0, 0],
    'without strangers, the member with most',
  )
})
