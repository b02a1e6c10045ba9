// SPDX-License-Identifier: AGPL-3.0-or-later
// The lobby on Matrix: memory off, idle and after many messages; joins and messages beside Synapse with SQLite.

import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { EventDraft } from '../src/matrix/event.js'
import type { JsonObject } from '../src/matrix/json.js'
import { roomVersion } from '../src/matrix/room-version.js'
import { type Authority, createAuthority, writePair } from '../test/helpers/certificates.js'
import { type FakeHomeserver, startFake } from '../test/helpers/fake-homeserver.js'
import { startSynapse, withoutSynapse } from '../test/helpers/synapse.js'
import { freePort, type Memory, memoryOf, temporary } from './lib/process.js'
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
import { startTidepool } from './lib/servers.js'

const options = benchOptions({ messages: 10_000, rounds: 3 })
const SETTLE_MS = options.short ? 2000 : 5000
/** The relay collects garbage in a quiet minute, seven times in 35 s: after that its memory is what it keeps. */
const QUIET_MS = options.short ? 10_000 : 170_000
const BATCH = 50
const V12 = roomVersion('12')
/** Messages of one throughput round: within the burst that the relay allows one server. */
const BURST = options.short ? 200 : 800
const SAID = options.short ? 100 : 400
const JOINS = options.short ? 3 : 10

// The test helpers register what they have to end; here it ends with the process.
const endings: Array<() => unknown> = []
const t = { teardown: (end: () => unknown) => void endings.push(end) } as unknown as Test
// also where the bench fails: a homeserver must not outlive it
process.once('exit', () => {
  for (const end of endings.splice(0).reverse()) end()
})
const authority = await createAuthority()

// --- the relay with its lobby ------------------------------------------------------------------------------------

async function startLobby(authority: Authority) {
  const port = await freePort()
  const dir = join(temporary('tls'), 'tls')
  mkdirSync(dir, { recursive: true })
  const pair = writePair(dir, await authority.issue('127.0.0.1'))
  writeFileSync(join(dir, 'ca.pem'), authority.root)
  const server = await startTidepool({
    sets: [
      ...['matrix.enabled=true', 'matrix.host=127.0.0.1', "matrix.allow=['127.0.0.0/8']"],
      ...[`matrix.server_name=127.0.0.1:${port}`, `matrix.port=${port}`, `matrix.ca=${join(dir, 'ca.pem')}`],
      ...[`matrix.tls_key=${pair.key}`, `matrix.tls_cert=${pair.cert}`],
    ],
  })
  await server.operator.setup({ name: 'Bench', description: '' })
  const { room_id: room, alias } = await server.operator.matrixStatus()
  return { ...server, name: `127.0.0.1:${port}`, room: room ?? '', alias: alias ?? '' }
}

// --- messages of a homeserver that this process plays ------------------------------------------------------------

const template = async (fake: FakeHomeserver, resident: string, room: string, user: string) => {
  const path = `/_matrix/federation/v1/make_leave/${encodeURIComponent(room)}/${encodeURIComponent(user)}`
  const { event } = await fake.client.request(resident, 'GET', path)
  const { origin: _, state_key: __, ...rest } = event as unknown as EventDraft & { origin?: string }
  return { ...rest, type: 'm.room.message', origin_server_ts: Date.now() } as EventDraft
}

/** A chain of signed messages on the room's present ends. */
async function makeMessages(
  fake: FakeHomeserver,
  at: { resident: string; room: string; user: string },
  count: number,
  label: string,
): Promise<JsonObject[]> {
  let draft = await template(fake, at.resident, at.room, at.user)
  return Array.from({ length: count }, (_, i) => {
    const body = `${label} ${i} ${'of some length, as people write it. '.repeat(3)}`.trim()
    const event = fake.event({ ...draft, content: { msgtype: 'm.text', body } }, V12 ?? undefined)
    draft = { ...draft, prev_events: [event.id], depth: draft.depth + 1 }
    return event.pdu
  })
}

/** @param after runs after each transaction, with the last of its events */
async function sendAll(
  fake: FakeHomeserver,
  resident: string,
  pdus: JsonObject[],
  after?: (last: JsonObject) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < pdus.length; i += BATCH) {
    for (;;) {
      const failed = await fake.send(resident, pdus.slice(i, i + BATCH)).then(
        () => null,
        (err: { status?: number }) => err,
      )
      if (failed === null) break
      if (failed.status !== 429) throw failed
      await delay(500)
    }
    await after?.(pdus[Math.min(i + BATCH, pdus.length) - 1] ?? {})
  }
}

// --- memory ------------------------------------------------------------------------------------------------------

const sizes: Record<'off' | 'idle' | 'after', Memory[]> = { off: [], idle: [], after: [] }
for (let round = 0; round < options.rounds; round++) {
  const off = await startTidepool()
  await off.operator.setup({ name: 'Bench', description: '' })
  const on = await startLobby(authority)
  await delay(SETTLE_MS)
  sizes.off.push(memoryOf(off.pid))
  sizes.idle.push(memoryOf(on.pid))
  await off.stop()
  const fakes = [await startFake(t, authority), await startFake(t, authority)]
  await Promise.all(
    fakes.map(async (fake, i) => {
      const user = fake.user('ana')
      await fake.join(on.name, on.room, user)
      const at = { resident: on.name, room: on.room, user }
      await sendAll(fake, on.name, await makeMessages(fake, at, options.messages / 2, `from ${i}`))
    }),
  )
  progress(`memory, round ${round + 1}: ${options.messages} messages are in`)
  let held = memoryOf(on.pid)
  for (let waited = 0; waited < QUIET_MS; waited += SETTLE_MS) {
    await delay(SETTLE_MS)
    held = memoryOf(on.pid)
    progress(`  ${waited / 1000} s: ${held.rss.toFixed(1)} MB, own ${held.anonymous.toFixed(1)}`)
  }
  sizes.after.push(held)
  await on.stop()
}
const mb = (name: keyof typeof sizes, field: keyof Memory): number =>
  median(sizes[name].map((each) => each[field]))
const over = (name: 'idle' | 'after', base: 'off' | 'idle'): number =>
  median(sizes[name].map(({ rss }, i) => rss - (sizes[base][i]?.rss ?? Number.NaN)))

say(
  `memory, MB (10^6 bytes), median of ${options.rounds}; the relay runs with the flags of scripts/start.sh\n`,
)
say(
  table(
    ['lobby', 'RSS', 'lowest-highest', 'own', 'files'],
    (
      [
        ['off', 'off'],
        ['idle', 'on, idle'],
        ['after', `after ${options.messages} messages from two servers`],
      ] as const
    ).map(([name, label]) => [
      label,
      mb(name, 'rss').toFixed(1),
      spread(
        sizes[name].map(({ rss }) => rss),
        1,
      ),
      mb(name, 'anonymous').toFixed(1),
      mb(name, 'file').toFixed(1),
    ]),
  ),
)

// --- beside Synapse ----------------------------------------------------------------------------------------------

interface Side {
  name: string
  /** its server name and a room of its own that anybody may join */
  resident: string
  room: string
  /** Says so many messages as a local user. */
  say(count: number): Promise<unknown>
  /** Whether a local user reads this message. */
  reads(body: string): Promise<boolean>
  joins: number[]
  in: number[]
  out: number[]
}

const client = new Agent({ keepAlive: true, ca: authority.root, maxSockets: 8 })

/** A request of a Matrix client. */
// biome-ignore lint/suspicious/noExplicitAny: what a homeserver answers
function ask(port: number, token: string, method: string, path: string, body?: object): Promise<any> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    }
    const to = { agent: client, host: '127.0.0.1', port, servername: '', method, headers }
    const req = request({ ...to, path: `/_matrix/client/v3${path}` }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      res.on('end', () => {
        if (res.statusCode === 200) resolve(JSON.parse(text))
        else reject(new Error(`${method} ${path}: ${res.statusCode} ${text}`))
      })
    })
    req.on('error', reject)
    req.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function untilTrue(probe: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error('a message did not arrive within 120 s')
    await delay(20)
  }
}

async function measure(side: Side, round: number): Promise<void> {
  const fake = await startFake(t, authority)
  for (let i = 0; i < JOINS; i++) {
    const started = performance.now()
    await fake.join(side.resident, side.room, fake.user(`u${round}-${i}`))
    side.joins.push(performance.now() - started)
  }
  const at = { resident: side.resident, room: side.room, user: fake.user(`u${round}-0`) }
  const label = `r${round} in`
  const pdus = await makeMessages(fake, at, BURST, label)
  let started = performance.now()
  // Synapse drops what waits beyond 100 events and asks for it again: each transaction waits for the one before it.
  await sendAll(fake, side.resident, pdus, ({ content }) =>
    untilTrue(() => side.reads(String((content as JsonObject).body))),
  )
  side.in.push((BURST / (performance.now() - started)) * 1000)
  const before = fake.events.length
  started = performance.now()
  await side.say(SAID)
  await untilTrue(
    () => fake.events.slice(before).filter(({ type }) => type === 'm.room.message').length >= SAID,
  )
  side.out.push((SAID / (performance.now() - started)) * 1000)
  progress(
    `${side.name}, round ${round + 1}: ${Math.round(side.in.at(-1) ?? 0)}/s in, ${Math.round(side.out.at(-1) ?? 0)}/s out`,
  )
}

/** Runs so many at a time. */
async function inParallel(count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await run(next)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

const skipped = withoutSynapse()
const sides: Side[] = []
const clientJoins: number[] = []
if (skipped) say(`\n${skipped}`)
else {
  const relay = await startLobby(authority)
  const synapse = await startSynapse(t, authority, join(temporary('synapse'), 'one'))
  const register = async (username: string): Promise<string> => {
    const body = { username, password: 'correct horse', auth: { type: 'm.login.dummy' } }
    return (await ask(synapse.port, '', 'POST', '/register', body)).access_token
  }
  const token = await register('ana')
  const created = await ask(synapse.port, token, 'POST', '/createRoom', {
    ...{ room_version: '12', preset: 'public_chat', name: 'Bench' },
  })
  const room = encodeURIComponent(created.room_id)
  let sent = 0
  sides.push(
    {
      ...{ name: 'tidepool', resident: relay.name, room: relay.room, joins: [], in: [], out: [] },
      say: (count) => inParallel(count, (i) => relay.operator.matrixSay(`said ${i}`)),
      reads: async (body) => (await relay.operator.matrixMessages()).some(({ text }) => text === body),
    },
    {
      ...{
        name: 'synapse, SQLite',
        resident: synapse.name,
        room: created.room_id,
        joins: [],
        in: [],
        out: [],
      },
      say: (count) =>
        inParallel(count, (i) =>
          ask(synapse.port, token, 'PUT', `/rooms/${room}/send/m.room.message/t${++sent}`, {
            ...{ msgtype: 'm.text', body: `said ${i}` },
          }),
        ),
      async reads(body) {
        const { chunk } = await ask(synapse.port, token, 'GET', `/rooms/${room}/messages?dir=b&limit=20`)
        return chunk.some((event: JsonObject) => (event.content as JsonObject).body === body)
      },
    },
  )
  // the first round warms both up and is not counted
  for (let round = 0; round <= options.rounds; round++) {
    for (const side of sides) {
      await measure(side, round)
      if (round === 0) for (const list of [side.joins, side.in, side.out]) list.length = 0
    }
  }
  const guest = await register('guest')
  for (let i = 0; i <= JOINS; i++) {
    const started = performance.now()
    const via = encodeURIComponent(relay.name)
    await ask(synapse.port, guest, 'POST', `/join/${encodeURIComponent(relay.alias)}?via=${via}`, {})
    if (i > 0) clientJoins.push(performance.now() - started)
    await ask(synapse.port, guest, 'POST', `/rooms/${encodeURIComponent(relay.room)}/leave`, {})
  }
  await relay.stop()
  await synapse.stop()
  say(`\n${BURST} messages in from one server and ${SAID} out to it; median of ${options.rounds}`)
  say('the relay is told what to say over its control socket, Synapse over HTTPS by 8 kept connections\n')
  say(
    table(
      ['server', 'in, messages/s', 'lowest-highest', 'out, messages/s', 'lowest-highest', 'join, ms'],
      sides.map((side) => [
        side.name,
        Math.round(median(side.in)),
        spread(side.in),
        Math.round(median(side.out)),
        spread(side.out),
        median(side.joins).toFixed(0),
      ]),
    ),
  )
  say(
    `\na user of Synapse joins the lobby: ${median(clientJoins).toFixed(0)} ms (${spread(clientJoins)}) until the client has its answer`,
  )
}

conclude(
  'matrix',
  [
    atMost('RSS with the lobby idle over off, MB', over('idle', 'off'), 6),
    atMost(`RSS after ${options.messages} messages over idle, MB`, over('after', 'idle'), 10),
  ],
  {
    messages: options.messages,
    rounds: options.rounds,
    memory: (['off', 'idle', 'after'] as const).map((name) => ({
      lobby: name,
      rss_mb: rounded(mb(name, 'rss')),
      own_mb: rounded(mb(name, 'anonymous')),
      files_mb: rounded(mb(name, 'file')),
    })),
    join_at_client_ms: clientJoins.length > 0 ? rounded(median(clientJoins), 0) : null,
    rows: sides.map((side) => ({
      server: side.name,
      in_per_s: Math.round(median(side.in)),
      out_per_s: Math.round(median(side.out)),
      join_ms: rounded(median(side.joins), 0),
    })),
  },
)
client.destroy()
process.exit()
