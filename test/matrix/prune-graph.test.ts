// SPDX-License-Identifier: AGPL-3.0-or-later
// Pruning while a room grows: floods stay bounded before the hourly sweep, and events that come meanwhile keep their state.

import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/lib/clock.js'
import { MATRIX_STATE_PRUNE, MATRIX_TRIM } from '../../src/lib/matrix-limits.js'
import { buildEvent, stateName } from '../../src/matrix/event.js'
import { createPruner, pruneRoom } from '../../src/matrix/prune.js'
import { createRoomData } from '../../src/matrix/room-data.js'
import { createRoomGraph } from '../../src/matrix/room-graph.js'
import { signingKeyOf } from '../../src/matrix/signing.js'
import { openTestStore } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const SERVER = 'relay.example'
const RELAY = `@relay:${SERVER}`
const KEEP = { keepMessages: 20, keepDays: 30 }

async function openRoom(t: Test) {
  const { store } = await openTestStore(t)
  const matrix = await store.matrix()
  const key = signingKeyOf('one', randomBytes(32))
  const data = createRoomData(matrix)
  const graph = createRoomGraph({ store: matrix, data, key, clock: systemClock }, SERVER)
  const room = await graph.write((afterFlush) =>
    graph.beginNow({ version: '12', creator: RELAY, kind: 'lobby', name: 'lobby' }, afterFlush),
  )
  const say = (count: number, body: string, state?: string) =>
    graph.write((afterFlush) => {
      for (let i = 0; i < count; i++)
        graph.sayNow(
          room,
          {
            sender: RELAY,
            ...(state === undefined ? { type: 'm.room.message' } : { type: state, stateKey: '' }),
            content: { body: `${body} ${i}` },
          },
          afterFlush,
        )
    })
  const { n } = matrix.room(room) ?? { n: 0 }
  const count = () => [...matrix.newest(n)].length
  return { matrix, data, graph, key, room, say, n, count }
}

const log = { error: () => {}, info: () => {}, debug: () => {}, warn: () => {} } as never

t.test('a flood of messages is trimmed as it comes', async (t) => {
  const { matrix, data, graph, room, say, n, count } = await openRoom(t)
  const pruner = createPruner({ matrix, data, graph, log, now: Date.now }, KEEP)
  t.teardown(() => pruner.close())
  for (let i = 0; i < 4; i++) await say(MATRIX_TRIM / 2, `part ${i}`)
  await until('it is trimmed', () => count() <= KEEP.keepMessages + MATRIX_TRIM / 2 + 5)
  const view = data.view(room)
  t.ok(view?.state('m.room.create', ''), 'the state stays')
  t.equal(data.members(view as never).get(RELAY)?.membership, 'join')
  await say(1, 'after')
  t.match(data.event(room, n, [...matrix.newest(n)][0]?.id ?? ''), {
    event: { content: { body: 'after 0' } },
  })
})

t.test('a flood of state events is pruned with the states they made', async (t) => {
  const { matrix, data, graph, room, say, n } = await openRoom(t)
  const pruner = createPruner({ matrix, data, graph, log, now: Date.now }, KEEP)
  t.teardown(() => pruner.close())
  for (let i = 0; i < 5; i++) await say(MATRIX_STATE_PRUNE / 4, `topic ${i}`, 'm.room.topic')
  await until('it is pruned', () => matrix.stateNumbers(n).length < MATRIX_STATE_PRUNE)
  t.equal(data.view(room)?.state('m.room.topic', '')?.content.body, `topic 4 ${MATRIX_STATE_PRUNE / 4 - 1}`)
})

t.test('an event that comes while a room is pruned keeps the state it stands on', async (t) => {
  const { matrix, data, graph, key, room, say, n } = await openRoom(t)
  await say(1, 'old', 'm.room.topic')
  const old = data.view(room)?.record.ends[0] ?? ''
  await say(300, 'new', 'm.room.topic')
  const view = data.view(room)
  if (!view) throw new Error('no room')
  const draft = graph.draft(view, { sender: RELAY, type: 'm.room.message', content: { body: 'late' } })
  const late = buildEvent({ ...draft, prev_events: [old], depth: 5 }, view.version, SERVER, key)

  const pruned = pruneRoom({ matrix, data, graph }, room, KEEP, Date.now() + 1000)
  // in the same turn, so before the first removal is written
  const placed = graph.write((afterFlush) => graph.placeNow(room, late, null, afterFlush))
  t.same(await placed, { is: 'accepted' })
  t.ok((await pruned) > 200)
  const kept = matrix.event(n, late.id)
  const state = data.state(n, kept?.after ?? 0)
  t.equal(state.get(stateName('m.room.topic', '')), old)
  t.ok(state.get(stateName('m.room.create', '')), 'the state is whole')
  t.ok(matrix.event(n, old), 'and the event in it is there')
})

t.test('a read while a change is being written does not keep the old event at hand', async (t) => {
  const { matrix, data, graph, room, say, n } = await openRoom(t)
  await say(2, 'said')
  const [last = '', first = ''] = [...matrix.newest(n)].map(({ id }) => id)
  const body = (id: string) => data.event(room, n, id)?.event.content.body
  t.equal(body(first), 'said 0')

  /** Reads both events in every turn until the change is on the disk. */
  async function reading(change: Promise<unknown>): Promise<void> {
    let isWritten = false
    const done = change.then(() => {
      isWritten = true
    })
    while (!isWritten) {
      for (const id of [first, last]) data.event(room, n, id)
      await new Promise(setImmediate)
    }
    await done
  }

  const redaction = { sender: RELAY, type: 'm.room.redaction', content: { redacts: first } }
  await reading(graph.write((afterFlush) => void graph.sayNow(room, redaction, afterFlush)))
  t.ok(data.event(room, n, first), 'it is there')
  t.equal(body(first), undefined, 'without its content')
  const { order = 0 } = matrix.event(n, last) ?? {}
  await reading(graph.write(() => data.removeEventNow(n, last, order)))
  t.equal(data.event(room, n, last), undefined, 'it is gone')
})

t.test('a name that was redacted is not kept with the members', async (t) => {
  const { data, graph, room } = await openRoom(t)
  const name = () => {
    const view = data.view(room)
    return view && data.members(view).get(RELAY)?.name
  }
  const saying = (type: string, content: Record<string, string>, stateKey?: string) => ({
    ...{ sender: RELAY, type, content },
    ...(stateKey === undefined ? {} : { stateKey }),
  })
  const named = await graph.write((afterFlush) =>
    graph.sayNow(
      room,
      saying('m.room.member', { membership: 'join', displayname: 'Rude' }, RELAY),
      afterFlush,
    ),
  )
  t.equal(name(), 'Rude')
  await graph.write(
    (afterFlush) => void graph.sayNow(room, saying('m.room.redaction', { redacts: named.id }), afterFlush),
  )
  t.equal(name(), '')
})
