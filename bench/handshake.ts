// SPDX-License-Identifier: AGPL-3.0-or-later
// Handshakes, attendants and presence: what callers cost who only come, stay and are told of each other, beside ssb-room.

import { setTimeout as delay } from 'node:timers/promises'
import { memoryOf, processorTime } from './lib/process.js'
import { ranking } from './lib/profile.js'
import {
  atLeast,
  atMost,
  benchOptions,
  conclude,
  median,
  progress,
  rounded,
  say,
  spread,
  table,
} from './lib/report.js'
import { startRoomClients } from './lib/room-clients.js'
import type { Manner } from './lib/room-process.js'
import { type Server, startRival, startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 1, rounds: 3 })
const HANDSHAKES = options.short ? 200 : 2000
const AT_ONCE = [1, 32]
const ATTENDANTS = 1000
const SETTLE_MS = options.short ? 2000 : 5000
const AFTERWARDS_MS = options.short ? 10_000 : 60_000
const JOINING = 200
/** Milliseconds from one arrival to the next, beyond what the arrival itself takes. */
const JOIN_PAUSE_MS = 20

// --- handshakes --------------------------------------------------------------------------------------------------

interface Rates {
  name: string
  start(): Promise<Server>
  /** by callers at once: handshakes a second, and the server's processor time for each in ms */
  rates: Map<number, Costs>
}

interface Costs {
  perSecond: number[]
  cost: number[]
}

const rates: Rates[] = [
  { name: 'tidepool', start: () => startTidepool() },
  { name: 'ssb-room', start: () => startRival('ssb-room') },
].map((each) => ({ ...each, rates: new Map(AT_ONCE.map((n) => [n, { perSecond: [], cost: [] }])) }))

/** All are up at once and take turns, so that what else the machine does strikes all of them. */
const TURNS = 4
for (let round = 0; round < options.rounds; round++) {
  const callers = startRoomClients()
  const servers: Server[] = []
  for (const { start } of rates) servers.push(await start())
  for (const server of servers) await callers.shake(server, HANDSHAKES / 4, 8)
  for (let turn = 0; turn < TURNS * AT_ONCE.length; turn++) {
    const atOnce = AT_ONCE[turn % AT_ONCE.length] as number
    for (const [i, { name, rates: measured }] of rates.entries()) {
      const server = servers[i] as Server
      const { perSecond, cost } = measured.get(atOnce) as Costs
      const before = processorTime(server.pid)
      const ms = await callers.shake(server, HANDSHAKES / TURNS, atOnce)
      perSecond.push((HANDSHAKES / TURNS / ms) * 1000)
      cost.push((processorTime(server.pid) - before) / (HANDSHAKES / TURNS))
      progress(`${name}: ${rounded(perSecond.at(-1) as number, 0)} handshakes/s, ${atOnce} at once`)
    }
  }
  await callers.stop()
  for (const server of servers) await server.stop()
}
if (options.profile) {
  const server = await startTidepool({ profile: options.profile })
  const clients = startRoomClients()
  await clients.shake(server, HANDSHAKES * 2, 32)
  await clients.stop()
  await server.stop()
  say(ranking(options.profile))
}

say(`handshakes, a connection each; median of ${options.rounds * TURNS} times ${HANDSHAKES / TURNS}\n`)
say(
  table(
    ['handshakes', 'at once', 'a second', 'lowest-highest', 'server ms each'],
    rates.flatMap(({ name, rates: measured }) =>
      [...measured].map(([atOnce, { perSecond, cost }]) => [
        name,
        atOnce,
        median(perSecond).toFixed(0),
        spread(perSecond),
        median(cost).toFixed(3),
      ]),
    ),
  ),
)

// --- attendants --------------------------------------------------------------------------------------------------

interface Crowd {
  name: string
  start(): Promise<Server>
  manner: Manner
  idle: number[]
  there: number[]
  gone: number[]
}

const crowds: Crowd[] = [
  { name: 'tidepool, Rooms 2', start: () => startTidepool(), manner: 'attendants' as const },
  { name: 'tidepool, Rooms 1', start: () => startTidepool(), manner: 'endpoints' as const },
  { name: 'ssb-room', start: () => startRival('ssb-room'), manner: 'endpoints' as const },
  {
    name: 'ssb-room, our flags',
    start: () => startRival('ssb-room', { board: true }),
    manner: 'endpoints' as const,
  },
].map((each) => ({ ...each, idle: [], there: [], gone: [] }))

for (let round = 0; round < options.rounds; round++) {
  for (const { name, start, manner, idle, there, gone } of crowds) {
    const server = await start()
    const clients = startRoomClients()
    await delay(SETTLE_MS)
    idle.push(memoryOf(server.pid).rss)
    // First all arrive and then all listen: else ssb-room would tell each of a thousand of every other.
    const online = await clients.gather(server, {
      count: ATTENDANTS,
      manner: 'announce',
      atOnce: 20,
      pause: 0,
    })
    await clients.subscribe(manner)
    if (online !== ATTENDANTS) throw new Error(`${name}: ${online} of ${ATTENDANTS} are there`)
    await delay(SETTLE_MS)
    there.push(memoryOf(server.pid).rss)
    await clients.disperse()
    await delay(AFTERWARDS_MS)
    gone.push(memoryOf(server.pid).rss)
    progress(`${name}: ${[idle, there, gone].map((sizes) => rounded(sizes.at(-1) as number)).join(', ')} MB`)
    await clients.stop()
    await server.stop()
  }
}
const each = ({ idle, there }: Crowd): number[] =>
  idle.map((before, i) => (((there[i] as number) - before) * 1000) / ATTENDANTS)
const left = ({ idle, gone }: Crowd): number[] => idle.map((before, i) => (gone[i] as number) - before)
say()
say(
  table(
    [
      `${ATTENDANTS} attendants, RSS in MB`,
      'idle',
      'there',
      'KB each',
      'lowest-highest',
      `gone ${AFTERWARDS_MS / 1000} s, over idle`,
    ],
    crowds.map((crowd) => [
      crowd.name,
      median(crowd.idle).toFixed(1),
      median(crowd.there).toFixed(1),
      median(each(crowd)).toFixed(1),
      spread(each(crowd), 1),
      median(left(crowd)).toFixed(1),
    ]),
  ),
)

// --- presence ----------------------------------------------------------------------------------------------------

interface Presence {
  name: string
  start(): Promise<Server>
  manner: Manner
  mean: number[]
  first: number[]
}

const presences: Presence[] = [
  { name: 'tidepool, Rooms 2 attendants', start: () => startTidepool(), manner: 'attendants' as const },
  { name: 'tidepool, Rooms 1 endpoints', start: () => startTidepool(), manner: 'endpoints' as const },
  { name: 'ssb-room, endpoints', start: () => startRival('ssb-room'), manner: 'endpoints' as const },
].map((each) => ({ ...each, mean: [], first: [] }))

for (let round = 0; round < options.rounds; round++) {
  for (const { name, start, manner, mean, first } of presences) {
    const server = await start()
    const clients = startRoomClients()
    await clients.gather(server, { count: JOINING, manner, atOnce: 1, pause: JOIN_PAUSE_MS })
    await delay(1000)
    const received = (await clients.received()).map((bytes) => bytes / 1000)
    mean.push(received.reduce((sum, bytes) => sum + bytes, 0) / JOINING)
    first.push(received[0] as number)
    progress(`${name}: ${rounded(mean.at(-1) as number)} KB a client`)
    await clients.stop()
    await server.stop()
  }
}
say()
say(
  table(
    [`${JOINING} join one by one, KB received`, 'a client', 'who came first'],
    presences.map(({ name, mean, first }) => [name, median(mean).toFixed(1), median(first).toFixed(1)]),
  ),
)

// --- targets -----------------------------------------------------------------------------------------------------

const [ourRates, theirRates] = rates as [Rates, Rates]
const perSecond = (of: Rates, atOnce: number): number => median(of.rates.get(atOnce)?.perSecond ?? [])
const [rooms2, rooms1, theirs] = crowds as [Crowd, Crowd, Crowd]
const [, ourLists, theirLists] = presences as [Presence, Presence, Presence]
conclude(
  'handshake',
  [
    ...AT_ONCE.map((atOnce) =>
      atLeast(
        `times ssb-room's handshakes, ${atOnce} at once`,
        perSecond(ourRates, atOnce) / perSecond(theirRates, atOnce),
        1,
      ),
    ),
    ...[rooms2, rooms1].map((crowd) =>
      atMost(`${crowd.name}: KB each`, median(each(crowd)), (median(each(theirs)) * 2) / 3),
    ),
    ...[rooms2, rooms1].map((crowd) => atMost(`${crowd.name}: MB over idle, gone`, median(left(crowd)), 10)),
    atMost('KB of whole lists a client', median(ourLists.mean), median(theirLists.mean) / 2),
  ],
  {
    rounds: options.rounds,
    handshakes: rates.map(({ name, rates: measured }) => ({
      server: name,
      rows: [...measured].map(([atOnce, { perSecond, cost }]) => ({
        at_once: atOnce,
        per_s: rounded(median(perSecond), 0),
        server_ms: rounded(median(cost), 3),
      })),
    })),
    attendants: crowds.map((crowd) => ({
      server: crowd.name,
      idle_mb: rounded(median(crowd.idle)),
      kb_each: rounded(median(each(crowd))),
      gone_over_idle_mb: rounded(median(left(crowd))),
    })),
    joining: presences.map(({ name, mean, first }) => ({
      server: name,
      kb_mean: rounded(median(mean)),
      kb_first: rounded(median(first)),
    })),
  },
)
