// SPDX-License-Identifier: AGPL-3.0-or-later
// A crowd over a long time: many clients stay connected while some leave and return, post, read, tunnel, use invites and
// open pages, and tor is killed now and then. Memory, descriptors and bytes per message must not rise. `npm run soak` has
// the long form: 300 clients and two hours.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { buildRelay, type ChildRelay, childDir, startChild } from '../helpers/child.js'
import { type Client, collect, connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf, type TestFeed } from '../helpers/feed.js'
import { Visitor } from '../helpers/http.js'
import { followLink } from '../helpers/member.js'
import { lacks } from '../helpers/programs.js'
import { shortDir } from '../helpers/relay.js'
import { echo, throughTunnel } from '../helpers/tunnel.js'
import { until } from '../helpers/wait.js'
import { startNetwork, torPid } from '../onion/private-network.js'

const MINUTES = Number(process.env.TIDE_SOAK_MINUTES ?? 0)
const LONG = MINUTES > 0
const CLIENTS = LONG ? 300 : 30
/** Rounds of the short form. The long one runs a round every PAUSE_MS until its time is over. */
const ROUNDS = 12
const PAUSE_MS = LONG ? 15_000 : 0
/** Clients that leave and return in each round. */
const RETURNING = CLIENTS / 10
const POSTS = 2
const TUNNEL_BYTES = 256 * 1024
/** Rounds between two kills of tor: ten minutes. */
const TOR_ROUNDS = 40
/** Rounds after which everything that is loaded lazily, compiled or cached has been: a quarter. */
const WARM_SHARE = 0.25
const BOARD_FLAGS = ['--max-old-space-size=96', '--max-semi-space-size=1', '--v8-pool-size=1']
/** Rise of the fitted line from the warm relay to the end that is still noise. */
const RISE = { anonMb: 12, descriptors: 8, bytesPerMessage: 200 }

interface Sample {
  hours: number
  /** memory of the process itself, in MB of 10^6 bytes; pages of the database are not counted */
  anonMb: number
  fileMb: number
  descriptors: number
  messages: number
  bytesPerMessage: number
  /** 99th percentile since the sample before */
  delayMs: number
  online: number
}

interface Place {
  feed: TestFeed
  client: Client
}

test(`a crowd of ${CLIENTS}`, { timeout: 600_000 + MINUTES * 90_000 }, async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const hasTor = LONG && !lacks('tor', 'tor')
  const sets = hasTor ? await onionSets(t) : []
  const relay = await startChild(t, cli, dataDir, { flags: BOARD_FLAGS, sets })
  await relay.operator.setup({ name: 'Rock pool', description: '' })
  const admin = createTestFeed()
  await relay.operator.membersAdd(admin.id)
  await relay.operator.membersRole(admin.id, 'admin')
  const dashboard = await followLink(relay, (await relay.operator.membersLink(admin.id)).url)

  const crowd: Place[] = []
  for (let i = 0; i < CLIENTS; i++) {
    const feed = createTestFeed()
    await relay.operator.membersAdd(feed.id)
    crowd.push({ feed, client: await connect(relay, feed) })
  }
  t.teardown(() => Promise.all(crowd.map(({ client }) => client.close())))

  const began = Date.now()
  const samples: Sample[] = []
  let torKills = 0
  const isOver = (): boolean => (LONG ? Date.now() - began > MINUTES * 60_000 : samples.length === ROUNDS)
  for (let round = 0; !isOver(); round++) {
    await oneRound(t, relay, crowd, round)
    for (const path of ['/dashboard', '/dashboard/members', '/dashboard/health'])
      t.equal((await dashboard.get(path)).status, 200, path)
    if (hasTor && round % TOR_ROUNDS === TOR_ROUNDS - 1) {
      const pid = torPid(dataDir)
      if (pid) process.kill(pid, 'SIGKILL')
      torKills += 1
    }
    await delay(PAUSE_MS)
    samples.push(await sample(relay, began))
    if (LONG && round % 20 === 0) t.comment(JSON.stringify(samples.at(-1)))
  }

  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE))
  const [first, last] = [warm[0] as Sample, warm.at(-1) as Sample]
  t.comment(`${samples.length} rounds, ${torKills} kills of tor; warm: ${JSON.stringify(first)}`)
  t.comment(`end: ${JSON.stringify(last)}`)
  const hours = last.hours - first.hours
  for (const figure of ['anonMb', 'descriptors', 'bytesPerMessage'] as const) {
    const slope = slopeOf(warm.map((one) => [one.hours, one[figure]]))
    t.comment(`${figure}: slope ${slope.toFixed(2)} an hour, over ${hours.toFixed(2)} hours`)
    t.ok(slope * hours <= RISE[figure], `${figure} rises by ${(slope * hours).toFixed(1)}`)
  }
  const delays = warm.map(({ delayMs }) => delayMs).sort((a, b) => a - b)
  t.comment(`event loop p99: median ${delays[delays.length >> 1]} ms, worst ${delays.at(-1)} ms`)
  if (process.env.TIDE_SOAK_FILE) writeFileSync(process.env.TIDE_SOAK_FILE, JSON.stringify(samples))
  if (hasTor)
    await until(
      'the onion to be published again',
      async () => /^(published|reachable)$/.test((await relay.operator.status()).onion.state),
      120_000,
    )
  t.match(await relay.operator.doctor({ rebuild: true }), { ok: true })
  t.equal(await relay.stop(), 0)
})

/** An onion service in a private network: killing tor must not need the internet. */
async function onionSets(t: Test): Promise<string[]> {
  const network = await startNetwork(t)
  const extra = join(await shortDir(t), 'extra')
  writeFileSync(extra, `${network.torrc}SocksPort auto\n`)
  return ['onion.enabled=true', `onion.extra_torrc=${extra}`]
}

const connect = (relay: ChildRelay, feed: TestFeed): Promise<Client> =>
  connectClient({
    ...{ port: relay.ssbPort, relay: relay.id, keys: feed.keys },
    api: { createHistoryStream: historyOf(feed), tunnel: { connect: echo, ping: () => Date.now() } },
  })

/** A tenth of the crowd leaves, posts, returns, reads and tunnels; a guest joins by an invite and is removed; pages. */
async function oneRound(t: Test, relay: ChildRelay, crowd: Place[], round: number): Promise<void> {
  const start = (round * RETURNING) % CLIENTS
  const { operator } = relay
  for (let i = start; i < start + RETURNING; i++) {
    const place = crowd[i] as Place
    await place.client.close()
    place.feed.post(POSTS)
    place.client = await connect(relay, place.feed)
    const { rpc } = place.client
    const [present] = await collect<{ type: string }>(rpc.room.attendants(), 1)
    t.equal(present?.type, 'state')
    await until('the posts to be stored', async () => {
      const own = await collect(rpc.createHistoryStream({ id: place.feed.id, live: false }))
      return own.length === place.feed.messages.length
    })
    const other = crowd[(i + CLIENTS / 2) % CLIENTS] as Place
    await collect(rpc.createHistoryStream({ id: other.feed.id, live: false }))
    t.equal(await throughTunnel(place.client, relay.id, other.feed.id, TUNNEL_BYTES), TUNNEL_BYTES)
  }
  const { code } = await operator.inviteCreate({})
  const guest = createTestFeed()
  const at = { port: relay.ssbPort, relay: relay.id }
  const byCode = await connectClient({
    ...at,
    keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
  })
  await byCode.rpc.invite.use({ feed: guest.id })
  await byCode.close()
  guest.post(POSTS)
  const joined = await connect(relay, guest)
  await joined.close()
  await operator.membersRemove(guest.id)
  const visitor = new Visitor(relay.webUrl)
  for (const path of ['/', '/invite/', '/invite/captcha.png'])
    t.equal((await visitor.get(path)).status, 200, path)
}

async function sample({ operator, pid }: ChildRelay, began: number): Promise<Sample> {
  const { messages, db_bytes: bytes, online } = await operator.status()
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 100) / 10
  const metrics = await operator.metrics()
  const loop = /event_loop_delay_seconds\{quantile="0.99"\} (\S+)/.exec(metrics)?.[1]
  return {
    hours: (Date.now() - began) / 3_600_000,
    ...{ anonMb: mb('RssAnon'), fileMb: mb('RssFile'), messages, online },
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    bytesPerMessage: Math.round(bytes / Math.max(1, messages)),
    delayMs: Math.round(Number(loop) * 10_000) / 10,
  }
}

/** Slope of the line that fits the points best. */
function slopeOf(points: ReadonlyArray<readonly [number, number]>): number {
  const mean = (values: number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
  const [x, y] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const [up, across] = points.reduce(
    ([up, across], [px, py]) => [up + (px - x) * (py - y), across + (px - x) ** 2],
    [0, 0],
  )
  return across === 0 ? 0 : up / across
}
