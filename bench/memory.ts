// SPDX-License-Identifier: AGPL-3.0-or-later
// Memory: resident size idle, with members connected, and at its highest while feeds go in and out.

import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { makeFeed } from './lib/feeds.js'
import { memberKeys } from './lib/members.js'
import { type Memory, memoryOf, resetPeak, temporary } from './lib/process.js'
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
import { fill, type Server, startBare, startClients, startRival, startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 20_000, rounds: 3 })
const SETTLE_MS = options.short ? 1000 : 5000
const CROWDS = options.short ? [20, 50] : [100, 500]

// --- idle --------------------------------------------------------------------------------------------------------

const starts: Array<() => Promise<Server>> = [
  startBare,
  () => startRival('secret-stack'),
  () => startTidepool(),
  () => startTidepool({ board: false }),
  () => startRival('ssb-db2'),
  () => startRival('ssb-server'),
]
const idle = new Map<string, Memory[]>()
for (let round = 0; round < options.rounds; round++) {
  // One after the other up, then all left alone together: idle processes do not disturb each other.
  const servers: Server[] = []
  for (const start of starts) servers.push(await start())
  await delay(SETTLE_MS)
  for (const { name, pid } of servers) idle.set(name, [...(idle.get(name) ?? []), memoryOf(pid)])
  for (const server of servers) await server.stop()
  progress(`idle, round ${round + 1} of ${options.rounds}`)
}
const of = (memories: Memory[], field: keyof Memory): number[] => memories.map((memory) => memory[field])
const bare = median(of(idle.get('bare Node') ?? [], 'rss'))

say(`memory, MB (10^6 bytes): resident ${SETTLE_MS / 1000} s after the start; median of ${options.rounds}`)
say('tidepool is the whole relay, started as scripts/start.sh does\n')
say(
  table(
    ['idle', 'RSS', 'lowest-highest', 'own', 'files', 'x bare'],
    [...idle].map(([name, memories]) => [
      name,
      median(of(memories, 'rss')).toFixed(1),
      spread(of(memories, 'rss'), 1),
      median(of(memories, 'anonymous')).toFixed(1),
      median(of(memories, 'file')).toFixed(1),
      (median(of(memories, 'rss')) / bare).toFixed(2),
    ]),
  ),
)

// --- members -----------------------------------------------------------------------------------------------------

/** Resident size with nobody there, then at each size of the crowd. */
const crowds: number[][] = []
for (let round = 0; round < options.rounds; round++) {
  const server = await startTidepool()
  const clients = startClients()
  const most = CROWDS.at(-1) as number
  await server.follow(Array.from({ length: most }, (_, i) => memberKeys(i).id))
  await delay(SETTLE_MS)
  const sizes = [memoryOf(server.pid).rss]
  let there = 0
  for (const crowd of CROWDS) {
    const online = await clients.gather(server, there, crowd)
    there = crowd
    await delay(SETTLE_MS)
    const status = await server.operator.status()
    if (online !== crowd || status.online !== crowd)
      throw new Error(`${status.online} of ${crowd} are connected`)
    sizes.push(memoryOf(server.pid).rss)
  }
  crowds.push(sizes)
  await clients.stop()
  await server.stop()
  progress(`members, round ${round + 1} of ${options.rounds}`)
}
const crowdRows = [0, ...CROWDS].map((members, i) => {
  const rss = median(crowds.map((sizes) => sizes[i] as number))
  const perMember = members
    ? median(crowds.map((sizes) => (((sizes[i] as number) - (sizes[0] as number)) * 1000) / members))
    : 0
  return { members, rss, perMember }
})
say()
say(
  table(
    ['tidepool, members connected', 'RSS', 'KB each'],
    crowdRows.map(({ members, rss, perMember }) => [
      members,
      rss.toFixed(1),
      members ? perMember.toFixed(1) : '',
    ]),
  ),
)

// --- at work -----------------------------------------------------------------------------------------------------

interface Peak {
  work: string
  /** the kernel's own high-water mark, over idle: pages of the database that were looked at count as well */
  over: number
  /** of memory that is the process's own, the highest seen, over idle: what cannot simply be dropped again */
  own: number
  /** pages of files resident afterwards, over idle */
  files: number
}

/** Milliseconds between looks at what the kernel keeps no high-water mark of. */
const SAMPLE_MS = 10

const directory = temporary('feeds')
const first = makeFeed(directory, 'first', options.messages)
const second = makeFeed(directory, 'second', options.messages)

async function measurePeaks(): Promise<Peak[]> {
  const server = await startTidepool()
  const clients = startClients()
  const others = startClients()
  const reader = ssbKeys.generate()
  await delay(SETTLE_MS)
  const before = memoryOf(server.pid)
  const peaks: Peak[] = []
  async function during(work: string, run: () => Promise<unknown>): Promise<void> {
    let own = 0
    const sampler = setInterval(() => {
      own = Math.max(own, memoryOf(server.pid).anonymous)
    }, SAMPLE_MS)
    resetPeak(server.pid)
    await run()
    clearInterval(sampler)
    const { peak, file, anonymous } = memoryOf(server.pid)
    peaks.push({
      work,
      over: peak - before.rss,
      own: Math.max(own, anonymous) - before.anonymous,
      files: file - before.file,
    })
  }
  await server.follow([reader.id])
  await during('taking in', () => fill(server, clients, first))
  await clients.disconnect('author')
  await others.connect('reader', server, reader)
  await during('serving', () => others.read('reader', first.id))
  await during('both at once', async () => {
    let filled = false
    const filling = fill(server, clients, second).finally(() => {
      filled = true
    })
    while (!filled) await others.read('reader', first.id)
    await filling
  })
  await others.stop()
  await clients.stop()
  await server.stop()
  return peaks
}

const runs: Peak[][] = []
for (let round = 0; round < options.rounds; round++) {
  runs.push(await measurePeaks())
  progress(`at work, round ${round + 1} of ${options.rounds}`)
}
const peakRows = (runs[0] as Peak[]).map(({ work }, i) => {
  const each = runs.map((run) => run[i] as Peak)
  const over = each.map(({ over }) => over)
  return {
    work,
    over: median(over),
    spread: spread(over, 1),
    own: median(each.map(({ own }) => own)),
    files: median(each.map(({ files }) => files)),
  }
})
say()
say(
  table(
    [`tidepool, ${options.messages} messages, MB over idle`, 'peak RSS', 'lowest-highest', 'own', 'files'],
    peakRows.map(({ work, over, spread, own, files }) => [
      work,
      over.toFixed(1),
      spread,
      own.toFixed(1),
      files.toFixed(1),
    ]),
  ),
)
conclude(
  'memory',
  [
    atMost(
      'idle RSS, MB, at most 1.5 times bare Node',
      median(of(idle.get('tidepool') ?? [], 'rss')),
      1.5 * bare,
    ),
    atMost('highest RSS over idle, MB', Math.max(...peakRows.map(({ over }) => over)), 40),
  ],
  {
    messages: options.messages,
    rounds: options.rounds,
    idle: [...idle].map(([server, memories]) => ({
      server,
      rss_mb: rounded(median(of(memories, 'rss'))),
      own_mb: rounded(median(of(memories, 'anonymous'))),
    })),
    members: crowdRows.map(({ members, rss, perMember }) => ({
      members,
      rss_mb: rounded(rss),
      kb_each: rounded(perMember),
    })),
    work: peakRows.map(({ work, over, own, files }) => ({
      work,
      peak_over_idle_mb: rounded(over),
      own_peak_over_idle_mb: rounded(own),
      files_mb: rounded(files),
    })),
  },
)
