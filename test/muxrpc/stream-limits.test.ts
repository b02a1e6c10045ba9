// SPDX-License-Identifier: AGPL-3.0-or-later
// The limits of one connection and of all together, and which one is evicted when the total is reached.

import t from 'tap'
import { CALLS_AT_ONCE, CALLS_PER_CONNECTION, GATHERED_BYTES, QUEUED_BYTES } from '../../src/lib/limits.js'
import { type Account, TotalLimits } from '../../src/muxrpc/stream-limits.js'
import type { CallerClass } from '../../src/peer/connection.js'
import { openCaller, type TestCaller } from '../helpers/caller.js'
import { EVERYBODY, JSON_BODY, STREAM } from '../helpers/session.js'

const TUNNELS = 4

const methods = {
  listen: { type: 'source', access: EVERYBODY, open() {} },
} as const

function setUp() {
  const evictions: string[] = []
  const totals = new TotalLimits((kind) => void evictions.push(kind))
  const connect = (callerClass: CallerClass): TestCaller =>
    openCaller({ id: '@x', callerClass, methods, totals, tunnels: TUNNELS })
  return { totals, connect, evictions }
}

/** Opens streams; answers how many were refused. */
function open(caller: TestCaller, count: number): number {
  let refused = 0
  for (let i = 0; i < count; i++) {
    if (caller.end(caller.open('listen', 'source')) !== undefined) refused += 1
    caller.frames.length = 0
    caller.flush()
  }
  return refused
}

t.test('streams per connection are limited by its class', async (t) => {
  const { totals, connect } = setUp()
  const limits = [
    ['guest', CALLS_PER_CONNECTION.guest],
    ['stranger', CALLS_PER_CONNECTION.stranger + TUNNELS],
    ['member', CALLS_PER_CONNECTION.followed + TUNNELS],
    ['admin', CALLS_PER_CONNECTION.followed + TUNNELS],
  ] as const
  for (const [callerClass, most] of limits) {
    const caller = connect(callerClass)
    t.equal(open(caller, most), 0)
    t.match(caller.end(caller.open('listen', 'source')), { code: 'busy' }, callerClass)
    t.equal(caller.session.streams, most)
    t.equal(totals.total('streams'), most)
    caller.session.closed(null)
    t.equal(totals.total('streams'), 0)
  }
})

t.test('unread refusals: the connection is closed at twice its stream limit', async (t) => {
  const { connect } = setUp()
  for (const [callerClass, most] of [
    ['guest', CALLS_PER_CONNECTION.guest],
    ['stranger', CALLS_PER_CONNECTION.stranger + TUNNELS],
  ] as const) {
    const caller = connect(callerClass)
    for (let i = 0; i < 2 * most; i++) caller.open('no.such', 'source')
    t.throws(() => caller.open('no.such', 'source'), { code: 'busy' })
    const patient = connect(callerClass)
    for (let i = 0; i < 10 * most; i++) {
      patient.open('no.such', 'source')
      patient.flush()
    }
    t.equal(patient.frames.length, 10 * most, 'one after the other, any number')
  }
})

t.test('streams that nobody ends are forgotten beyond the limit', async (t) => {
  const { connect } = setUp()
  const guest = connect('guest')
  for (let i = 0; i < 100; i++) {
    guest.open('no.such', 'source')
    guest.flush()
  }
  const late: number[] = []
  for (let request = 100; request >= 1; request--) {
    const { length } = guest.frames
    guest.send(STREAM | JSON_BODY, request, 'data')
    guest.flush()
    if (guest.frames.length === length) late.push(request)
    else break
  }
  t.equal(late.length, CALLS_PER_CONNECTION.guest)
  t.equal(late[0], 100)
})

t.test('at the total limit the connection with most streams is evicted, strangers first', async (t) => {
  const { totals, connect, evictions } = setUp()
  const members = Array.from({ length: 5 }, () => connect('member'))
  const few = connect('stranger')
  const more = connect('stranger')
  open(few, 2)
  open(more, 10)
  let left = CALLS_AT_ONCE - 12
  for (const member of members) {
    const some = Math.min(2020, left)
    open(member, some)
    left -= some
  }
  t.equal(totals.total('streams'), CALLS_AT_ONCE)
  t.same(evictions, [])
  const [member] = members as [TestCaller]
  open(member, 1)
  t.same([few.destroyed, more.destroyed, evictions], [false, true, ['streams']])
  t.equal(totals.total('streams'), CALLS_AT_ONCE + 1 - 10)
  const { length } = more.frames
  more.open('listen', 'source')
  t.equal(more.frames.length, length, 'what it sent before it was cut is not heard')
  more.session.closed(null)
  t.equal(totals.total('streams'), CALLS_AT_ONCE + 1 - 10, 'counted out once')

  open(member, 9)
  t.same([few.destroyed, member.destroyed, totals.total('streams')], [false, false, CALLS_AT_ONCE])
  open(member, 1)
  t.same([few.destroyed, member.destroyed], [true, false], 'a stranger, however few it has')
  open(member, 1)
  t.throws(() => member.open('listen', 'source'), { code: 'busy' })
  t.same(
    members.map(({ destroyed }) => destroyed),
    [true, false, false, false, false],
    'without strangers, the member with most',
  )
})

t.test('the memory of unfinished bodies is limited in total', async (t) => {
  const { totals, connect, evictions } = setUp()
  const half = { frame: 1024 * 1024, sent: 1000 }
  const strangers = Array.from({ length: 10 }, () => connect('stranger'))
  const members = Array.from({ length: 7 }, () => connect('member'))
  /** Begins a body of a length, and sends so much of it. */
  const begin = ({ session }: TestCaller, length: number, sent: number): void => {
    const head = Buffer.alloc(9)
    head.writeUInt32BE(length, 1)
    head.writeInt32BE(1, 5)
    session.receive(Buffer.concat([head, Buffer.alloc(sent)]))
  }
  for (const stranger of strangers) begin(stranger, 100_000, half.sent)
  t.equal(
    totals.total('gathered'),
    strangers.reduce((sum, { session }) => sum + session.gathered, 0),
  )
  for (const member of members) begin(member, half.frame, half.frame - 1)
  t.ok(totals.total('gathered') <= GATHERED_BYTES)
  t.same(evictions, [])
  begin(connect('member'), half.frame, half.frame - 1)
  t.ok(totals.total('gathered') <= GATHERED_BYTES + half.frame)
  t.ok(evictions.length > 0 && evictions.every((kind) => kind === 'gathered'))
  t.ok(
    strangers.some(({ destroyed }) => destroyed),
    'strangers first',
  )
  t.notOk(members.some(({ destroyed }) => destroyed))
  for (const caller of [...strangers, ...members]) caller.session.closed(null)
  t.ok(totals.total('gathered') <= half.frame, 'given back with the connection')
})

t.test('the bytes waiting for sockets are limited in total', async (t) => {
  const evictions: string[] = []
  const totals = new TotalLimits((kind) => void evictions.push(kind))
  const caller = (callerClass: CallerClass): TestCaller =>
    openCaller({
      ...{ id: '@x', callerClass, totals },
      methods: { blob: { type: 'async', access: EVERYBODY, call: () => Buffer.alloc(1024 * 1024) } },
    })
  const strangers = [caller('stranger'), caller('stranger')] as const
  const member = caller('member')
  for (let i = 0; i < 4; i++) strangers[0].call('blob')
  for (let i = 0; i < 5; i++) strangers[1].call('blob')
  for (let i = 0; i < 14; i++) member.call('blob')
  t.same(evictions, [])
  t.equal(totals.total('queued'), 23 * (1024 * 1024 + 9))
  member.call('blob')
  t.same(evictions, ['queued'])
  t.ok(strangers[1].destroyed, 'of the strangers the one with most')
  t.notOk(strangers[0].destroyed || member.destroyed)
  t.ok(totals.total('queued') <= QUEUED_BYTES)
  member.flush()
  strangers[0].flush()
  t.equal(totals.total('queued'), 0)
})

t.test('a closed account is subtracted once and ignored afterwards', async (t) => {
  const totals = new TotalLimits(() => {})
  const account: Account = {
    ...{ limits: { calls: 1, frameBytes: 1, rank: 0 }, streams: 3, gathered: 5, queued: 7 },
    isCounted: false,
    evict() {},
  }
  totals.open(account)
  for (const kind of ['streams', 'gathered', 'queued'] as const) totals.changed(account, kind, account[kind])
  t.same([totals.total('streams'), totals.total('gathered'), totals.total('queued')], [3, 5, 7])
  totals.close(account)
  totals.close(account)
  totals.changed(account, 'streams', 100)
  t.same([totals.total('streams'), totals.total('gathered'), totals.total('queued')], [0, 0, 0])
})
