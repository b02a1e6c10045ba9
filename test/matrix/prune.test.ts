// SPDX-License-Identifier: AGPL-3.0-or-later
// What is kept of a room has bounds: old messages go, what the room needs stays, and the lobby works on.

import { performance } from 'node:perf_hooks'
import t from 'tap'
import { DAY, HOUR } from '../../src/lib/limits.js'
import type { EventDraft } from '../../src/matrix/event.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { createAuthority } from '../helpers/certificates.js'
import { startFake } from '../helpers/fake-homeserver.js'
import { bootLobby } from '../helpers/lobby.js'
import { until } from '../helpers/wait.js'

t.test('keep_messages and keep_days', async (t) => {
  let skew = 0
  const hourly: Array<() => void> = []
  const clock = {
    now: () => Date.now() + skew,
    uptime: () => performance.now(),
    after: (ms: number, run: () => void) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    every: (ms: number, run: () => void) => {
      if (ms === HOUR) hourly.push(run)
      return () => {}
    },
  }
  const authority = await createAuthority()
  const fake = await startFake(t, authority)
  const relay = await bootLobby(t, authority, { clock, sets: ['matrix.keep_messages=50'] })
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  const path = `/_matrix/federation/v1/make_leave/${encodeURIComponent(relay.room)}/${encodeURIComponent(eve)}`
  const base = async (): Promise<EventDraft> => {
    const { event } = await fake.client.request(relay.server, 'GET', path)
    const { origin: _, state_key: __, ...rest } = event as unknown as EventDraft & { origin?: string }
    return {
      ...rest,
      type: 'm.room.message',
      content: { msgtype: 'm.text', body: 'x' },
      origin_server_ts: Date.now(),
    } as EventDraft
  }
  let draft = await base()
  const sent: string[] = []
  for (let at = 0; at < 200; at += 50) {
    const pdus: JsonObject[] = []
    for (let i = 0; i < 50; i++) {
      const event = fake.event({ ...draft, content: { msgtype: 'm.text', body: `m${at + i}` } })
      draft = { ...draft, prev_events: [event.id], depth: draft.depth + 1 }
      pdus.push(event.pdu)
      sent.push(event.id)
    }
    await fake.send(relay.server, pdus)
  }
  const event = (id: string) =>
    fake.client.request(relay.server, 'GET', `/_matrix/federation/v1/event/${encodeURIComponent(id)}`)
  t.equal((await relay.operator.matrixMessages()).length, 100)
  t.ok(await event(sent[0] ?? ''))
  skew = HOUR
  for (const run of hourly) run()
  await until('only 50 are kept', async () => (await relay.operator.matrixMessages()).length <= 50)
  await t.rejects(event(sent[0] ?? ''), { message: /404/ })
  t.ok(await event(sent.at(-1) ?? ''))
  // the room works on, for those in it and for those who come
  await relay.operator.matrixSay('after')
  t.equal((await relay.operator.matrixMessages()).at(-1)?.text, 'after')
  const answer = await fake.join(relay.server, relay.room, fake.user('late'))
  t.ok((answer.state as unknown[]).length >= 7)
  await relay.restart()
  t.equal((await relay.status()).matrix.joined, 3)

  skew = 31 * DAY
  for (const run of hourly) run()
  await until('a month later', async () => (await relay.operator.matrixMessages()).length <= 1)
  await relay.operator.matrixSay('and on')
  t.equal((await relay.operator.matrixMessages()).at(-1)?.text, 'and on')
})
