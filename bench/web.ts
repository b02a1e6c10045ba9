// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages: how many of its front page a relay serves in a second and what that leaves in memory, beside ssb-room's.

import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
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
import { type Server, startRival, startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 1, rounds: 5 })
const SECONDS = options.short ? 2 : 8
/** Readers at once: a village, not an attack. */
const READERS = 8
/** Requests after which memory is read: what a board serves on a busy day. */
const BUSY_DAY = options.short ? 400 : 2000
const SETTLE_MS = options.short ? 1000 : 4000

interface Page {
  name: string
  path: string
  start(): Promise<Server>
  perSecond: number[]
  /** the server's processor time for each page, in ms */
  cost: number[]
  /** RSS after a busy day over idle, in MB */
  kept: number[]
}

async function readyTidepool(): Promise<Server> {
  const server = await startTidepool({ profile: null })
  // as the rival is: its questions answered, its front page there
  await server.operator.setup({ name: 'bench', description: 'a room' })
  return server
}

const pages: Page[] = [
  { name: 'tidepool, front page', path: '/', start: readyTidepool },
  { name: 'ssb-room, front page', path: '/', start: () => startRival('ssb-room', { board: true }) },
  { name: 'tidepool, a new captcha', path: '/invite/', start: readyTidepool },
].map((page) => ({ ...page, perSecond: [], cost: [], kept: [] }))

async function read(server: Server, path: string, how: { duration: number } | { amount: number }) {
  if (!server.web) throw new Error(`${server.name} has no pages`)
  // a socket each, as readers come: autocannon would also go on on one that the server has said it closes
  const headers = { connection: 'close' }
  const result = await autocannon({ url: server.web + path, connections: READERS, headers, ...how })
  const good = result['2xx']
  if (good === 0 || result.non2xx > 0 || result.errors > 0)
    throw new Error(
      `${server.name} ${path}: ${good} good answers, ${result.non2xx} others, ${result.errors} errors`,
    )
  return good
}

for (let round = 0; round < options.rounds; round++) {
  for (const { name, path, start, perSecond, cost, kept } of pages) {
    const server = await start()
    await delay(SETTLE_MS)
    const idle = memoryOf(server.pid).rss
    await read(server, path, { amount: BUSY_DAY })
    await delay(SETTLE_MS)
    kept.push(memoryOf(server.pid).rss - idle)
    const before = processorTime(server.pid)
    const served = await read(server, path, { duration: SECONDS })
    perSecond.push(served / SECONDS)
    cost.push((processorTime(server.pid) - before) / served)
    progress(`${name}: ${rounded(served / SECONDS, 0)} pages/s, ${rounded(kept.at(-1) as number)} MB kept`)
    await server.stop()
  }
}
if (options.profile) {
  const server = await startTidepool({ profile: options.profile })
  await server.operator.setup({ name: 'bench', description: 'a room' })
  await read(server, '/', { duration: SECONDS })
  await server.stop()
  say(ranking(options.profile))
}

say(
  table(
    ['pages', 'a second', 'lowest-highest', 'server ms each', `MB over idle after ${BUSY_DAY}`],
    pages.map(({ name, perSecond, cost, kept }) => [
      name,
      median(perSecond).toFixed(0),
      spread(perSecond),
      median(cost).toFixed(3),
      median(kept).toFixed(1),
    ]),
  ),
)

const [ours, theirs] = pages as [Page, Page, Page]
conclude(
  'web',
  [
    atLeast("times ssb-room's front pages a second", median(ours.perSecond) / median(theirs.perSecond), 1),
    atMost('MB over idle after a busy day of front pages', median(ours.kept), 15),
  ],
  {
    rounds: options.rounds,
    rows: pages.map(({ name, perSecond, cost, kept }) => ({
      page: name,
      per_s: rounded(median(perSecond), 0),
      all: perSecond.map((rate) => rounded(rate, 0)),
      server_ms: rounded(median(cost), 3),
      kept_mb: rounded(median(kept)),
    })),
  },
)
