// SPDX-License-Identifier: AGPL-3.0-or-later
// EBT: how fast a new member gets many feeds, ours against ssb-db2 with ssb-ebt; and the memory of sessions that wait.

import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { makeFeed } from './lib/feeds.js'
import { memberKeys } from './lib/members.js'
import { memoryOf, processorTime, resetPeak, temporary } from './lib/process.js'
import {
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
import { fill, type Server, startClients, startRival, startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 400, rounds: 5 })
const FEEDS = options.short ? 5 : 50
const SESSIONS = options.short ? 50 : 300
/** The relay returns memory after a quiet minute, in steps that take half a minute. */
const SETTLE_MS = options.short ? 1000 : 160_000
/** KB above the connection that a waiting session may take. */
const SESSION_KB = 6

const directory = temporary('feeds')
const feeds = Array.from({ length: FEEDS }, (_, i) => makeFeed(directory, `feed${i}`, options.messages))
const ids = feeds.map(({ id }) => id)
const total = FEEDS * options.messages
const startEbt = () => startTidepool({ sets: ['feeds.ebt=true'] })

// --- a new member ------------------------------------------------------------------------------------------------

interface Contestant {
  server: Server
  ms: number[]
  /** processor time of the server, ms */
  busy: number[]
  /** peak of its memory above what it had before, MB */
  peak: number[]
}

const contestants: Contestant[] = []
for (const start of [startEbt, () => startRival('ssb-db2', { ebt: feeds })]) {
  const server = await start()
  progress(`${server.name} takes in ${total} messages`)
  if (!('operator' in server)) await server.follow(ids)
  else {
    const clients = startClients()
    for (const feed of feeds) await fill(server, clients, feed)
    await clients.stop()
  }
  contestants.push({ server, ms: [], busy: [], peak: [] })
}
for (let round = 0; round <= options.rounds; round++) {
  for (const { server, ms, busy, peak } of contestants) {
    const clients = startClients()
    const reader = ssbKeys.generate()
    await server.follow([reader.id])
    await clients.connect('reader', server, reader)
    const before = memoryOf(server.pid).rss
    const began = processorTime(server.pid)
    resetPeak(server.pid)
    const read = await clients.readByEbt('reader', ids, total)
    // the first round warms up
    if (round > 0) {
      ms.push(read.ms)
      busy.push(processorTime(server.pid) - began)
      peak.push(memoryOf(server.pid).peak - before)
    }
    await clients.stop()
  }
  progress(`a new member, round ${round} of ${options.rounds}`)
}
for (const { server } of contestants) await server.stop()
const rows = contestants.map(({ server: { name }, ms, busy, peak }) => ({
  name,
  ms: median(ms),
  spread: spread(ms),
  busy: median(busy),
  peak: median(peak),
}))
say(`${FEEDS} feeds of ${options.messages} messages to a new member; median of ${options.rounds}\n`)
say(
  table(
    ['server', 'ms', 'lowest-highest', 'CPU ms', 'peak MB above'],
    rows.map(({ name, ms, spread, busy, peak }) => [
      name,
      ms.toFixed(0),
      spread,
      busy.toFixed(0),
      peak.toFixed(1),
    ]),
  ),
)

// --- sessions that wait ------------------------------------------------------------------------------------------

const perSession: number[] = []
for (let round = 0; round < options.rounds; round++) {
  const server = await startEbt()
  await server.follow([...ids, ...Array.from({ length: 3 * SESSIONS }, (_, i) => memberKeys(i).id)])
  const crowds = [startClients(), startClients(), startClients()]
  const sizes: number[] = []
  // The first ones pay for what all share, such as code. Of the others those without sessions are the measure of a
  // connection: now they come before the sessions, now after, as the heap grows in steps.
  const plain = 1 + (round % 2)
  for (const [i, crowd] of crowds.entries()) {
    await crowd.gather(server, i * SESSIONS, (i + 1) * SESSIONS, true)
    if (i !== plain && (await crowd.replicateAll(ids)) !== SESSIONS) throw new Error('not all sessions began')
    await delay(SETTLE_MS)
    sizes.push(memoryOf(server.pid).rss)
  }
  const grown = (i: number): number => (sizes[i] ?? 0) - (sizes[i - 1] ?? 0)
  perSession.push(((grown(3 - plain) - grown(plain)) * 1000) / SESSIONS)
  for (const crowd of crowds) await crowd.stop()
  await server.stop()
  progress(`sessions that wait, round ${round + 1} of ${options.rounds}`)
}
say(
  `\n${SESSIONS} more sessions that wait, each asked for ${FEEDS} feeds: ${median(perSession).toFixed(1)} KB each above the ` +
    `connection (${spread(perSession, 1)})`,
)

const [ours, theirs] = rows
conclude(
  'ebt',
  [
    atMost(
      'ms until a new member has them, at most the rival’s',
      ours?.ms ?? Number.NaN,
      theirs?.ms ?? Number.NaN,
    ),
    atMost('KB for each session that waits', median(perSession), SESSION_KB),
  ],
  {
    feeds: FEEDS,
    messages: options.messages,
    servers: rows.map(({ name, ms, busy, peak }) => ({
      server: name,
      ms: rounded(ms),
      cpu_ms: rounded(busy),
      peak_over_mb: rounded(peak),
    })),
    session_kb: rounded(median(perSession)),
  },
)
