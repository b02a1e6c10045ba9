// SPDX-License-Identifier: AGPL-3.0-or-later
// Tunnels: how much passes through one between two clients, and how long a byte is on its way, beside ssb-room.

import { memoryOf, processorTime, resetPeak } from './lib/process.js'
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
import { openTunnel, type Tunnel } from './lib/room-clients.js'
import { type Server, startRival, startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 1, rounds: 5 })
const MEGABYTE = 1e6
const POUR_MB = options.short ? 32 : 192
const BALL_BYTES = 1024
/** A client's frames: the two boxes and heads of its inner box stream, or what it gathers before it writes. */
const FRAMES = [4096, 65_536]
/** ssb-room needs a tenth of a second for each. */
const VOLLEYS = options.short ? 20 : 100
const MANY_VOLLEYS = options.short ? 500 : 5000

interface Contestant {
  name: string
  start(): Promise<Server>
  volleys: number
  p50: number[]
  p99: number[]
  /** by the size of frames: MB/s, the server's processor time in ms for each MB, and its peak RSS over idle in MB */
  pours: Map<number, Pours>
}

interface Pours {
  rates: number[]
  costs: number[]
  peaks: number[]
}

const contestant = (name: string, volleys: number, start: () => Promise<Server>): Contestant => ({
  name,
  start,
  volleys,
  p50: [],
  p99: [],
  pours: new Map(FRAMES.map((each) => [each, { rates: [], costs: [], peaks: [] }])),
})

const contestants = [
  contestant('tidepool', MANY_VOLLEYS, () => startTidepool()),
  contestant('ssb-room', VOLLEYS, () => startRival('ssb-room')),
]

async function measurePour({ name, pours }: Contestant, { pid }: Server, tunnel: Tunnel, each: number) {
  const { rates, costs, peaks } = pours.get(each) as Pours
  // a little to warm up
  await tunnel.pour((POUR_MB / 8) * MEGABYTE, each)
  const idle = memoryOf(pid).rss
  resetPeak(pid)
  const before = processorTime(pid)
  const ms = await tunnel.pour(POUR_MB * MEGABYTE, each)
  rates.push((POUR_MB / ms) * 1000)
  costs.push((processorTime(pid) - before) / POUR_MB)
  peaks.push(memoryOf(pid).peak - idle)
  progress(`${name}: ${each} bytes a frame, ${rounded((POUR_MB / ms) * 1000)} MB/s`)
}

for (let round = 0; round < options.rounds; round++) {
  // All are up at once and take turns, so that what else the machine does strikes all of them.
  const ready: Array<{ contestant: Contestant; server: Server; tunnel: Tunnel }> = []
  for (const contestant of contestants) {
    const server = await contestant.start()
    ready.push({ contestant, server, tunnel: await openTunnel(server) })
  }
  for (const { contestant, tunnel } of ready) {
    const { p50, p99 } = await tunnel.volley(contestant.volleys, BALL_BYTES)
    contestant.p50.push(p50)
    contestant.p99.push(p99)
  }
  for (const each of FRAMES)
    for (const { contestant, server, tunnel } of ready) await measurePour(contestant, server, tunnel, each)
  for (const { server, tunnel } of ready) {
    await tunnel.stop()
    await server.stop()
  }
}

if (options.profile) {
  const server = await startTidepool({ profile: options.profile })
  const tunnel = await openTunnel(server)
  for (const each of FRAMES) await tunnel.pour(POUR_MB * MEGABYTE, each)
  await tunnel.stop()
  await server.stop()
  say(ranking(options.profile))
}

say(`tunnel between two clients, each a process of its own; median of ${options.rounds}, MB of 10^6 bytes`)
say(`there and back: ${BALL_BYTES} bytes, one at a time; one way: ${POUR_MB} MB in frames of one size\n`)
say(
  table(
    ['there and back, ms', 'p50', 'p99', 'volleys'],
    contestants.map(({ name, p50, p99, volleys }) => [
      name,
      median(p50).toFixed(3),
      median(p99).toFixed(3),
      volleys,
    ]),
  ),
)
say()
say(
  table(
    ['one way', 'bytes a frame', 'MB/s', 'lowest-highest', 'server ms per MB', 'peak RSS over idle, MB'],
    contestants.flatMap(({ name, pours }) =>
      [...pours].map(([each, { rates, costs, peaks }]) => [
        name,
        each,
        median(rates).toFixed(1),
        spread(rates, 1),
        median(costs).toFixed(2),
        median(peaks).toFixed(1),
      ]),
    ),
  ),
)
const [ours, theirs] = contestants as [Contestant, Contestant]
const rate = ({ pours }: Contestant, each: number): number => median(pours.get(each)?.rates ?? [])
conclude(
  'tunnel',
  [
    atMost('there and back p50, ms', median(ours.p50), 1),
    ...FRAMES.map((each) =>
      atLeast(`times ssb-room's MB/s, ${each} bytes a frame`, rate(ours, each) / rate(theirs, each), 1.5),
    ),
  ],
  {
    rounds: options.rounds,
    poured_mb: POUR_MB,
    rows: contestants.map(({ name, p50, p99, pours }) => ({
      server: name,
      p50_ms: rounded(median(p50), 3),
      p99_ms: rounded(median(p99), 3),
      pours: [...pours].map(([each, { rates, costs, peaks }]) => ({
        frame_bytes: each,
        mb_per_s: rounded(median(rates)),
        all: rates.map((one) => rounded(one)),
        server_ms_per_mb: rounded(median(costs), 2),
        peak_over_idle_mb: rounded(median(peaks)),
      })),
    })),
  },
)
