// SPDX-License-Identifier: AGPL-3.0-or-later
// History out: how fast one reader gets one long feed, ours against the rivals, interleaved in one run.

import ssbKeys from 'ssb-keys'
import { makeFeed } from './lib/feeds.js'
import { processorTime, temporary } from './lib/process.js'
import { ranking } from './lib/profile.js'
import {
  atLeast,
  benchOptions,
  conclude,
  median,
  progress,
  rounded,
  say,
  spread,
  table,
} from './lib/report.js'
import {
  type Clients,
  check,
  fill,
  type Server,
  startClients,
  startRival,
  startTidepool,
} from './lib/servers.js'

const options = benchOptions({ messages: 20_000, rounds: 5 })
const feed = makeFeed(temporary('feeds'), 'history', options.messages)

interface Contestant {
  server: Server
  clients: Clients
  rates: number[]
  /** share of one processor the server and the reader used while reading */
  serverBusy: number[]
  readerBusy: number[]
}

const contestants: Contestant[] = []
for (const start of [
  () => startTidepool(),
  () => startTidepool({ board: false }),
  () => startRival('ssb-db2'),
  () => startRival('ssb-server'),
  () => startRival('ssb-server', { lean: true }),
]) {
  const server = await start()
  const clients = startClients()
  const reader = ssbKeys.generate()
  progress(`${server.name} takes in ${feed.count} messages`)
  await fill(server, clients, feed, reader)
  await check(server, clients, feed)
  await clients.disconnect('author')
  contestants.push({ server, clients, rates: [], serverBusy: [], readerBusy: [] })
}

for (let round = 0; round <= options.rounds; round++) {
  for (const { server, clients, rates, serverBusy, readerBusy } of contestants) {
    const before = processorTime(server.pid)
    const { messages, ms, busy } = await clients.read('reader', feed.id)
    if (messages !== feed.count) throw new Error(`${server.name} sent ${messages} of ${feed.count}`)
    progress(
      `${server.name}: ${Math.round((messages / ms) * 1000)} messages/s${round ? '' : ' (not counted)'}`,
    )
    if (round === 0) continue
    rates.push((messages / ms) * 1000)
    serverBusy.push((processorTime(server.pid) - before) / ms)
    readerBusy.push(busy / ms)
  }
}
for (const { server, clients } of contestants) {
  await clients.stop()
  await server.stop()
}

if (options.profile) {
  // A short feed read many times, so that taking it in does not stand in the profile.
  const short = makeFeed(temporary('feeds'), 'short', Math.min(2000, options.messages))
  const server = await startTidepool({ profile: options.profile })
  const clients = startClients()
  await fill(server, clients, short)
  for (let i = 0; i < 500; i++) await clients.read('reader', short.id)
  await clients.stop()
  await server.stop()
  say(ranking(options.profile))
}

say(
  `history: ${feed.count} messages of ${feed.messageBytes} bytes to one reader, keys: true; median of ${options.rounds}`,
)
say('the reader is our own: handshake, unboxing, frames counted and not parsed; one process per server\n')
say(
  table(
    ['server', 'messages/s', 'lowest-highest', 'MB/s', 'server busy %', 'reader busy %'],
    contestants.map(({ server, rates, serverBusy, readerBusy }) => [
      server.name,
      Math.round(median(rates)),
      spread(rates),
      rounded((median(rates) * feed.messageBytes) / 1e6),
      Math.round(median(serverBusy) * 100),
      Math.round(median(readerBusy) * 100),
    ]),
  ),
)
const rate = (name: string): number =>
  median(contestants.find(({ server }) => server.name === name)?.rates ?? [])
conclude(
  'history',
  [
    atLeast('times the ssb-db2 pub', rate('tidepool') / rate('ssb-db2'), 5),
    atLeast(
      'times ssb-server at its faster',
      rate('tidepool') / Math.max(rate('ssb-server'), rate('ssb-server, lean')),
      1,
    ),
  ],
  {
    messages: feed.count,
    message_bytes: feed.messageBytes,
    rounds: options.rounds,
    rows: contestants.map(({ server, rates }) => ({
      server: server.name,
      messages_per_s: Math.round(median(rates)),
      all: rates.map(Math.round),
    })),
  },
)
