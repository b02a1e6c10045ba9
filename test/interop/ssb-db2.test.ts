// SPDX-License-Identifier: AGPL-3.0-or-later
// Real ssb-db2 apps: one is replicated, out-of-order bursts and all, and another reads everything back.

import { type Test, test } from 'tap'
import { GAP_ASKS } from '../../src/lib/limits.js'
import { type App, kept, openApp } from '../helpers/app.js'
import { createTestClock } from '../helpers/clock.js'
import { type BootedRelay, bootRelay, until } from '../helpers/relay.js'

/** Messages of the large round trip; the long form is `TIDE_MESSAGES=20000`. */
const MANY = Number(process.env.TIDE_MESSAGES ?? 1000)
/** Milliseconds for each way of it. */
const PATIENCE = 60_000 + 20 * MANY

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
const ascends = (sequences: number[]): boolean =>
  sequences.every((n, i) => i === 0 || n > (sequences[i - 1] ?? 0))

async function isSound(t: Test, relay: BootedRelay): Promise<void> {
  const { checks } = await relay.operator.doctor({ rebuild: true })
  t.same(
    checks.filter(({ ok }) => !ok),
    [],
    'the doctor finds nothing',
  )
}

/** Reads a feed back into a fresh app's own database, which checks every message and the chain they make. */
async function readBack(t: Test, relay: BootedRelay, writer: App, count: number): Promise<void> {
  const reader = await openApp(t)
  await relay.operator.membersAdd(reader.id)
  const connection = await reader.connect(at(relay))
  t.teardown(() => connection.close())
  const replication = connection.replicate([writer.id])
  await until(
    `${count} messages added by ssb-db2`,
    () => replication.added.get(writer.id) === count,
    PATIENCE,
  )
  t.same(replication.failures, [], 'ssb-db2 accepts them all')
  t.same(replication.arrived.get(writer.id), upTo(count), 'each once, ascending, none missing')
  t.same(await reader.feed(writer.id), await writer.feed(writer.id), 'as they were written')
}

test('a burst of 200 with tied timestamps is taken in whole and given back', async (t) => {
  const relay = await bootRelay(t)
  const writer = await openApp(t)
  await relay.operator.membersAdd(writer.id)
  const written = await writer.write(200)
  t.ok(new Set(written.map(({ value }) => value.timestamp)).size < 200, 'timestamps tie')

  const connection = await writer.connect(at(relay))
  t.teardown(() => connection.close())
  connection.replicate([])
  const row = await kept(relay.operator, writer.id, 200)
  t.equal(row.latest, 200)
  t.notOk(ascends(writer.sent), 'ssb-db2 did send them out of order, so this test tests something')
  t.match(writer.asked, [{ id: writer.id, sequence: 1, seq: 1, live: true }])
  await readBack(t, relay, writer, 200)
  await isSound(t, relay)
})

test('a burst cut off at a hole is completed within the bounded number of connections', async (t) => {
  const relay = await bootRelay(t)
  const writer = await openApp(t)
  await relay.operator.membersAdd(writer.id)
  await writer.write(200)

  // Find out where this database's order first leaves a hole with something behind it, by asking it directly.
  const order = await orderOf(writer)
  const cut = holeIn(order)
  t.ok(cut > 0, 'there is a hole to be cut at')
  writer.sent.length = 0
  writer.asked.length = 0
  writer.sendAtMost = cut
  const first = await writer.connect(at(relay))
  first.replicate([])
  const partial = await kept(relay.operator, writer.id, cut)
  t.ok(partial.latest > cut, 'the relay holds a feed with a hole')
  await first.close()
  writer.sendAtMost = Number.POSITIVE_INFINITY

  let connections = 0
  for (let complete = false; !complete && connections < GAP_ASKS; connections++) {
    const asked = writer.asked.length
    const connection = await writer.connect(at(relay))
    connection.replicate([])
    await until('the relay to ask', () => writer.asked.length > asked)
    complete = await kept(relay.operator, writer.id, 200, 10_000).then(
      () => true,
      () => false,
    )
    await connection.close()
  }
  t.equal(connections, 1, 'the missing messages come with those around them')
  const [row] = await relay.operator.membersList()
  t.match(row, { messages: 200, latest: 200 })
  await readBack(t, relay, writer, 200)
  await isSound(t, relay)
})

test('who reads live while a burst comes in sees it ascending and whole', async (t) => {
  const relay = await bootRelay(t)
  const writer = await openApp(t)
  const reader = await openApp(t)
  for (const { id } of [writer, reader]) await relay.operator.membersAdd(id)
  await writer.write(200)

  const reading = await reader.connect(at(relay))
  t.teardown(() => reading.close())
  const replication = reading.replicate([writer.id])
  const writing = await writer.connect(at(relay))
  t.teardown(() => writing.close())
  writing.replicate([])
  await until('the burst to be read', () => replication.added.get(writer.id) === 200, 20_000)

  // and again while everybody is connected and caught up
  await writer.write(100)
  await until('the second burst to be read', () => replication.added.get(writer.id) === 300, 20_000)
  t.same(replication.arrived.get(writer.id), upTo(300))
  t.same(replication.failures, [])
})

test('who reads live is not shown what lies behind a hole that is just being filled', async (t) => {
  // time stands still, so the relay's patience with a hole lasts as long as the silence does
  const relay = await bootRelay(t, { clock: createTestClock() })
  const writer = await openApp(t)
  const reader = await openApp(t)
  for (const { id } of [writer, reader]) await relay.operator.membersAdd(id)
  await writer.write(200)
  const order = await orderOf(writer)
  const cut = holeIn(order)
  const whole = upTo(200).findIndex((n) => !order.slice(0, cut).includes(n))
  t.ok(cut > 0 && whole < cut, 'there is a hole to be silent at')
  writer.sent.length = 0
  writer.asked.length = 0
  writer.sendAtMost = cut

  const reading = await reader.connect(at(relay))
  t.teardown(() => reading.close())
  const replication = reading.replicate([writer.id])
  const writing = await writer.connect(at(relay))
  t.teardown(() => writing.close())
  writing.replicate([])
  await kept(relay.operator, writer.id, cut)
  await until('the reader to come up to the hole', () => replication.arrived.get(writer.id)?.length === whole)
  writer.sendOn()
  await until('the rest', () => replication.added.get(writer.id) === 200, 20_000)
  t.same(replication.arrived.get(writer.id), upTo(200))
})

test(`${MANY} messages in and out`, { timeout: 3 * PATIENCE }, async (t) => {
  const relay = await bootRelay(t)
  const writer = await openApp(t)
  await relay.operator.membersAdd(writer.id)
  await writer.write(MANY)

  const start = Date.now()
  const connection = await writer.connect(at(relay))
  t.teardown(() => connection.close())
  connection.replicate([])
  await kept(relay.operator, writer.id, MANY, PATIENCE)
  const taken = Date.now()
  await readBack(t, relay, writer, MANY)
  t.comment(`in: ${perSecond(start, taken)}/s, out into another ssb-db2: ${perSecond(taken, Date.now())}/s`)
  await isSound(t, relay)
})

function perSecond(from: number, to: number): number {
  return Math.round((MANY * 1000) / Math.max(1, to - from))
}

/** How much of an order can be sent so that it ends in a message with a hole before it; 0 if there is none. */
function holeIn(order: number[]): number {
  return order.findIndex((n, i) => i > 40 && n > i + 1) + 1
}

/** The order in which an app's own createHistoryStream gives its feed. */
function orderOf(app: App): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const read = app.ssb.createHistoryStream({ id: app.id, sequence: 1 })
    const sequences: number[] = []
    const next = (): void =>
      read(null, (end: unknown, message: { value: { sequence: number } }) => {
        if (end) return end === true ? resolve(sequences) : reject(end)
        sequences.push(message.value.sequence)
        next()
      })
    next()
  })
}
