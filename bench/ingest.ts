// SPDX-License-Identifier: AGPL-3.0-or-later
// History in: how fast a server takes one member's feed in over the wire, verified and stored, ours against the rivals.

import type { Operator } from '../src/operator/protocol.js'
import { makeFeed } from './lib/feeds.js'
import { processorTime, temporary } from './lib/process.js'
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
import { check, fill, type Server, startClients, startRival, startTidepool } from './lib/servers.js'
import { watchPage } from './lib/web-delay.js'

const options = benchOptions({ messages: 20_000, rounds: 3 })
const directory = temporary('feeds')
const feed = makeFeed(directory, 'ingest', options.messages)
/** For the way of adding that stores some three messages a second. */
const fewMessages = makeFeed(directory, 'few', 12)

interface Contestant {
  name: string
  start(): Promise<Server>
  messages: typeof feed
  rounds: number
  rates: number[]
  /** share of one processor the server and the clients used; a server's threads count together */
  serverBusy: number[]
  clientBusy: number[]
  /** of ours: bytes of the database file per message, and the slowest answers of its web page meanwhile, ms */
  diskBytes: number[]
  pageDelays: number[]
}

const contestant = (
  name: string,
  start: () => Promise<Server>,
  extra: Partial<Contestant> = {},
): Contestant => ({
  name,
  start,
  messages: feed,
  rounds: options.rounds,
  rates: [],
  serverBusy: [],
  clientBusy: [],
  diskBytes: [],
  pageDelays: [],
  ...extra,
})

const contestants = [
  contestant('tidepool', () => startTidepool()),
  contestant('tidepool, plain Node', () => startTidepool({ board: false })),
  contestant('ssb-server', () => startRival('ssb-server')),
  contestant('ssb-server, lean', () => startRival('ssb-server', { lean: true })),
  contestant('ssb-db2, db.add as they come', () => startRival('ssb-db2')),
  contestant('ssb-db2, db.add one by one', () => startRival('ssb-db2', { oneByOne: true }), {
    messages: fewMessages,
    rounds: 1,
  }),
]

/** A fresh server, a fresh client process, one feed in. */
async function measure(one: Contestant): Promise<void> {
  const { name, start, messages, rates, serverBusy, clientBusy, diskBytes, pageDelays } = one
  const server: Server & { operator?: Operator } = await start()
  const clients = startClients()
  const before = processorTime(server.pid)
  const stopAsking = server.web ? watchPage(`${server.web}/healthz`) : null
  const { ms, busy } = await fill(server, clients, messages)
  if (stopAsking) pageDelays.push(await stopAsking())
  if (server.operator) diskBytes.push((await server.operator.status()).db_bytes / messages.count)
  serverBusy.push((processorTime(server.pid) - before) / ms)
  await check(server, clients, messages)
  clientBusy.push(busy / ms)
  rates.push((messages.count / ms) * 1000)
  progress(`${name}: ${rounded((messages.count / ms) * 1000)} messages/s`)
  await clients.stop()
  await server.stop()
}

for (let round = 0; round < options.rounds; round++) {
  for (const each of contestants) if (round < each.rounds) await measure(each)
}

if (options.profile) {
  const server = await startTidepool({ profile: options.profile })
  const clients = startClients()
  await fill(server, clients, feed)
  await clients.stop()
  await server.stop()
  say(ranking(options.profile))
}

say(
  `ingest: ${feed.count} messages of ${feed.messageBytes} bytes from one member over the wire; median of ${options.rounds}, each into an empty server`,
)
say(
  'from the first message to the moment another member is served the last one; then all is read back and checked.',
)
say(
  'tidepool serves a message once it is flushed to the disk; the rivals write to their log without waiting for it\n',
)
say(
  table(
    [
      ...['server', 'messages/s', 'lowest-highest', 'messages', 'server busy %', 'client busy %'],
      ...['bytes on disk', 'page p99 ms'],
    ],
    contestants.map(({ name, messages, rates, serverBusy, clientBusy, diskBytes, pageDelays }) => [
      name,
      rounded(median(rates), median(rates) < 100 ? 1 : 0),
      spread(rates),
      messages.count,
      Math.round(median(serverBusy) * 100),
      Math.round(median(clientBusy) * 100),
      diskBytes.length > 0 ? Math.round(median(diskBytes)) : '-',
      pageDelays.length > 0 ? Math.round(median(pageDelays)) : '-',
    ]),
  ),
)
const own = contestants.find(({ name }) => name === 'tidepool')
const rate = (wanted: string): number => median(contestants.find(({ name }) => name === wanted)?.rates ?? [])
conclude(
  'ingest',
  [
    atLeast(
      'times ssb-server at its faster',
      rate('tidepool') / Math.max(rate('ssb-server'), rate('ssb-server, lean')),
      1.5,
    ),
    atLeast('messages/s', rate('tidepool'), 14_000),
    atMost('bytes on disk per message', median(own?.diskBytes ?? []), 900),
    atMost('ms for 99 of 100 pages meanwhile', median(own?.pageDelays ?? []), 50),
  ],
  {
    messages: feed.count,
    message_bytes: feed.messageBytes,
    rounds: options.rounds,
    rows: contestants.map(({ name, messages, rates }) => ({
      server: name,
      messages: messages.count,
      messages_per_s: rounded(median(rates), 1),
      all: rates.map((one) => rounded(one, 1)),
    })),
  },
)
