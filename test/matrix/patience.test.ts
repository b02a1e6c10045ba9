// SPDX-License-Identifier: AGPL-3.0-or-later
// How long we wait for other servers: a server that asks for a pause gets it, and joining a room ends after two minutes.

import t from 'tap'
import { HOUR, MINUTE, SECOND } from '../../src/lib/limits.js'
import { MATRIX_JOIN_MS } from '../../src/lib/matrix-limits.js'
import { RemoteRefusal } from '../../src/matrix/client.js'
import { createJoiner } from '../../src/matrix/joiner.js'
import { createOutbox } from '../../src/matrix/outbox.js'
import { openTestStore, silentLog } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const OTHER = 'other.example'

t.test('back-off, and the pause that a server asks for', async (t) => {
  const { store } = await openTestStore(t)
  const matrix = await store.matrix()
  await matrix.write(() => {
    const room = { n: 1, version: '12', kind: 'lobby', user: null, ends: [], state: 0, since: 0 } as const
    matrix.putRoomNow('!r', { ...room, ends: [] })
    const event = `$${'A'.repeat(43)}`
    matrix.putEventNow(1, event, { pdu: { type: 'x' }, before: 0, after: 0, order: 1, at: 0 })
    matrix.queueNow(OTHER, { room: '!r', event })
  })
  const waits: Array<{ ms: number; run(): void }> = []
  const clock = {
    now: Date.now,
    uptime: () => 0,
    after(ms: number, run: () => void) {
      waits.push({ ms, run })
      return () => {}
    },
    every: () => () => {},
  }
  let answer: () => Promise<Record<string, never>> = async () => ({})
  let asked = 0
  const client = {
    request() {
      asked += 1
      return answer()
    },
  }
  const outbox = createOutbox({ store: matrix, client, clock, log: silentLog }, 'relay.example')
  t.teardown(() => outbox.close())
  const limit = (retry: number | null) => async () => {
    throw new RemoteRefusal(OTHER, 429, 'M_LIMIT_EXCEEDED', '', retry)
  }
  /** Runs the next try, whose answer is this; answers the pause after it. */
  async function next(then: typeof answer): Promise<number> {
    const count = waits.length
    answer = then
    waits.at(-1)?.run()
    if (count === 0) outbox.wake(OTHER)
    await until('a pause', () => waits.length > count)
    return waits.at(-1)?.ms ?? 0
  }
  t.equal(
    await next(async () => {
      throw new Error('unreachable')
    }),
    2 * SECOND,
  )
  t.equal(await next(limit(90 * SECOND)), 90 * SECOND, 'retry_after_ms')
  const before = asked
  outbox.heard(OTHER)
  t.equal(asked, before, 'its calls do not end that pause')
  t.equal(await next(limit(5)), 2 * SECOND, 'not shorter than our own least')
  t.equal(await next(limit(48 * HOUR)), HOUR, 'and not longer than our own most')
  const again = await next(limit(null))
  t.ok(again >= 16 * SECOND && again < HOUR, 'without it we double as ever')
  answer = async () => ({})
  outbox.heard(OTHER)
  await until('all is sent', () => matrix.waitingCount(OTHER) === 0)
})

t.test('joining ends after two minutes, however many candidates are left', async (t) => {
  let uptime = 0
  const asked: Array<{ server: string; ms: number | undefined }> = []
  const client = {
    async request(server: string, _method: string, _uri: string, options?: { ms?: number }) {
      asked.push({ server, ms: options?.ms })
      uptime += 50 * SECOND
      throw new Error('no answer in time')
    },
  }
  const parts = { client, log: silentLog, clock: { now: Date.now, uptime: () => uptime } }
  const joiner = createJoiner(parts as never, 'relay.example')
  const candidates = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example']
  await t.rejects(joiner.join(`!${'A'.repeat(43)}`, '@relay:relay.example', candidates, 'x'))
  t.equal(MATRIX_JOIN_MS, 2 * MINUTE)
  t.same(
    asked.map(({ server }) => server),
    candidates.slice(0, 3),
  )
  t.ok(asked.every(({ ms = 0 }) => ms <= 20 * SECOND))
})
