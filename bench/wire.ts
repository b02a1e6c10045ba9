// SPDX-License-Identifier: AGPL-3.0-or-later
// The wire in one table: what the relay costs as a server of connections, beside the peers that npm has and bare Node.

import { setTimeout as delay } from 'node:timers/promises'
import { type BenchFeed, makeFeed } from './lib/feeds.js'
import { exactProcessorTime, memoryOf, temporary } from './lib/process.js'
import {
  atLeast,
  atMost,
  benchOptions,
  conclude,
  median,
  progress,
  rounded,
  say,
  table,
} from './lib/report.js'
import { openTunnel, type RoomClients, startRoomClients } from './lib/room-clients.js'
import {
  check,
  fill,
  type Server,
  startBare,
  startClients,
  startRival,
  startTidepool,
} from './lib/servers.js'
import { watchPage } from './lib/web-delay.js'

const options = benchOptions({ messages: 20_000, rounds: 3 })
const { short } = options
const SETTLE_MS = short ? 1000 : 5000
const HANDSHAKES = short ? 100 : 1000
const HELD = short ? 100 : 1000
/** The relay pings each client once a minute at most: a shorter time has all of these calls or none of them. */
const HELD_MS = short ? 2000 : 120_000
const VOLLEYS = short ? 200 : 2000
/** ssb-room needs a tenth of a second for each. */
const FEW_VOLLEYS = 20
const POUR_BYTES = (short ? 16 : 128) * 2 ** 20
const JOINING = short ? 50 : 200
const READS = short ? 2 : 10

const OURS = 'tidepool'
const SERVERS = [OURS, 'ssb-room', 'ssb-server', 'ssb-db2', 'bare Node']

/** Every figure of the table by its name and the server's, a number for each round. */
const figures = new Map<string, Map<string, number[]>>()

function record(figure: string, server: string, value: number): void {
  const row = figures.get(figure) ?? new Map<string, number[]>()
  figures.set(figure, row)
  row.set(server, [...(row.get(server) ?? []), value])
  progress(`${server}: ${figure} ${rounded(value, 2)}`)
}

const figure = (name: string, server = OURS): number => median(figures.get(name)?.get(server) ?? [])

/** Processor time in ms that a server takes for something. */
async function cost(server: Server, work: () => Promise<unknown>): Promise<number> {
  const before = exactProcessorTime(server.pid)
  await work()
  return exactProcessorTime(server.pid) - before
}

async function measureStart(name: string, start: () => Promise<Server>): Promise<Server> {
  const callers = startRoomClients()
  // once it answers, its own start is over
  await callers.received()
  const began = performance.now()
  const server = await start()
  // bare Node has no port
  if (server.port > 0) {
    // rivals may say that they have started before they listen
    while (!(await answers(callers, server))) await delay(10)
    record('boot to handshake, ms', name, performance.now() - began)
    record('boot to handshake, CPU ms', name, exactProcessorTime(server.pid))
  }
  await callers.stop()
  await delay(SETTLE_MS)
  record('idle RSS, MiB', name, mebibytes(server))
  return server
}

const answers = (callers: RoomClients, server: Server): Promise<boolean> =>
  callers.shake(server, 1, 1).then(
    () => true,
    () => false,
  )

const mebibytes = ({ pid }: Server): number => (memoryOf(pid).rss * 1e6) / 2 ** 20

/** Handshakes, held clients, tunnels and arrivals, each with a fresh server where memory counts. */
async function measureRoom(name: string, start: () => Promise<Server>): Promise<void> {
  const server = await measureStart(name, start)
  const callers = startRoomClients()
  await callers.shake(server, HANDSHAKES / 2, 8)
  let ms = 0
  const spent = await cost(server, async () => {
    ms = await callers.shake(server, HANDSHAKES, 1)
  })
  record('handshakes/s, one at a time', name, (HANDSHAKES / ms) * 1000)
  record('CPU per handshake, ms', name, spent / HANDSHAKES)
  await callers.stop()
  await measureTunnel(name, server)
  await server.stop()
  await measureHeld(name, await start())
  await measureJoin(name, await start())
}

async function measureTunnel(name: string, server: Server): Promise<void> {
  const tunnel = await openTunnel(server)
  const { p50 } = await tunnel.volley(name === OURS ? VOLLEYS : FEW_VOLLEYS, 1024)
  record('tunnel round trip p50, µs', name, p50 * 1000)
  for (const [label, each] of [
    ['4 KiB', 4096],
    ['64 KiB', 65_536],
  ] as const) {
    await tunnel.pour(POUR_BYTES / 8, each)
    let ms = 0
    const spent = await cost(server, async () => {
      ms = await tunnel.pour(POUR_BYTES, each)
    })
    record(`tunnel MiB/s, ${label}`, name, POUR_BYTES / 2 ** 20 / (ms / 1000))
    record(`CPU s per GiB, ${label}`, name, (spent / 1000) * (2 ** 30 / POUR_BYTES))
  }
  await tunnel.stop()
}

async function measureHeld(name: string, server: Server): Promise<void> {
  const clients = startRoomClients()
  await delay(SETTLE_MS)
  const before = memoryOf(server.pid).rss
  const crowd = { count: HELD, manner: 'announce', atOnce: 20, pause: 0 } as const
  const online = await clients.gather(server, crowd)
  if (online !== HELD) throw new Error(`${name}: ${online} of ${HELD} are connected`)
  await delay(SETTLE_MS)
  record('RSS per held client, KB', name, ((memoryOf(server.pid).rss - before) * 1000) / HELD)
  const spent = await cost(server, () => delay(HELD_MS))
  record(`idle CPU with ${HELD} held, ms/s`, name, spent / (HELD_MS / 1000))
  await clients.stop()
  await server.stop()
}

async function measureJoin(name: string, server: Server): Promise<void> {
  const clients = startRoomClients()
  const manner = name === OURS ? 'attendants' : 'endpoints'
  const spent = await cost(server, async () => {
    await clients.gather(server, { count: JOINING, manner, atOnce: 1, pause: 20 })
    await delay(1000)
  })
  const received = await clients.received()
  record(`${JOINING} join: CPU ms`, name, spent)
  record(
    `${JOINING} join: KB to each`,
    name,
    received.reduce((sum, bytes) => sum + bytes, 0) / 1000 / JOINING,
  )
  await clients.stop()
  await server.stop()
}

/** A feed in, then out to one reader. */
async function measureFeeds(name: string, server: Server, feed: BenchFeed): Promise<void> {
  const clients = startClients()
  const stopWatching = name === OURS && server.web ? watchPage(`${server.web}/healthz`) : null
  const { ms } = await fill(server, clients, feed)
  const delayed = await stopWatching?.()
  record('ingest, msgs/s', name, (feed.count / ms) * 1000)
  if (delayed !== undefined) record('page p99 under ingest, ms', name, delayed)
  if ('operator' in server) {
    const { db_bytes } = await (server as Awaited<ReturnType<typeof startTidepool>>).operator.status()
    record('disk bytes per message', name, db_bytes / feed.count)
  }
  await check(server, clients, feed)
  await clients.disconnect('author')
  for (let i = 0; i < READS; i++) {
    let ms = 0
    const spent = await cost(server, async () => {
      ;({ ms } = await clients.read('reader', feed.id))
    })
    record('history, msgs/s', name, (feed.count / ms) * 1000)
    record('CPU per message out, µs', name, (spent * 1000) / feed.count)
  }
  await clients.stop()
  await server.stop()
}

const feed = makeFeed(temporary('feeds'), 'wire', options.messages)
for (let round = 0; round < options.rounds; round++) {
  await (await measureStart('bare Node', startBare)).stop()
  await measureRoom(OURS, () => startTidepool())
  await measureRoom('ssb-room', () => startRival('ssb-room'))
  await measureFeeds(OURS, await startTidepool(), feed)
  await measureFeeds('ssb-server', await measureStart('ssb-server', () => startRival('ssb-server')), feed)
  await measureFeeds('ssb-db2', await measureStart('ssb-db2', () => startRival('ssb-db2')), feed)
}

say(`the wire; median of ${options.rounds}, a process for each server and for its clients`)
say('go-ssb-room is measured outside of this repository; ratios to it are not goals here\n')
say(
  table(
    ['figure', ...SERVERS],
    [...figures].map(([name, row]) => [
      name,
      ...SERVERS.map((server) =>
        row.has(server) ? figure(name, server).toFixed(digits(figure(name))) : '-',
      ),
    ]),
  ),
)

/** Decimal places that are worth showing. */
function digits(value: number): number {
  return value < 2 ? 3 : value < 100 ? 1 : 0
}

conclude(
  'wire',
  [
    atMost('CPU per handshake, ms', figure('CPU per handshake, ms'), 0.65),
    atMost('idle CPU with all held, ms/s', figure(`idle CPU with ${HELD} held, ms/s`), 2),
    atMost('RSS per held client, KB', figure('RSS per held client, KB'), 9),
    atMost('tunnel round trip p50, µs', figure('tunnel round trip p50, µs'), 180),
    atMost('CPU s per GiB, 4 KiB', figure('CPU s per GiB, 4 KiB'), 4),
    atMost('CPU s per GiB, 64 KiB', figure('CPU s per GiB, 64 KiB'), 4.5),
    // the goals are for 200 that join; what each of them costs grows with their number
    atMost('all join: CPU ms', figure(`${JOINING} join: CPU ms`), 250),
    atMost('all join: KB to each', figure(`${JOINING} join: KB to each`), 10),
    atMost('boot to handshake, ms', figure('boot to handshake, ms'), 220),
    atMost('idle RSS, MiB', figure('idle RSS, MiB'), 53),
    atLeast('history, msgs/s', figure('history, msgs/s'), 400_000),
    atMost('CPU per message out, µs', figure('CPU per message out, µs'), 2.5),
    atLeast('ingest, msgs/s', figure('ingest, msgs/s'), 14_000),
    atMost('page p99 under ingest, ms', figure('page p99 under ingest, ms'), 15),
    atMost('disk bytes per message', figure('disk bytes per message'), 900),
  ],
  {
    rounds: options.rounds,
    messages: feed.count,
    rows: [...figures].map(([name, row]) => ({
      figure: name,
      ...Object.fromEntries([...row.keys()].map((server) => [server, rounded(figure(name, server), 3)])),
    })),
  },
)
