// SPDX-License-Identifier: AGPL-3.0-or-later
// A year in small: people come, join, post, read, meet through tunnels, look at pages and vanish, again and again; when
// they are gone nothing of theirs is left in the relay's process. The long form is `npm run soak`.

import { readdirSync, readFileSync } from 'node:fs'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { buildRelay, type ChildRelay, childDir, startChild } from '../helpers/child.js'
import { type Client, collect, connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf, type TestFeed } from '../helpers/feed.js'
import { Visitor } from '../helpers/http.js'
import { echo, throughTunnel } from '../helpers/tunnel.js'
import { until } from '../helpers/wait.js'

const ROUNDS = Number(process.env.TIDE_SOAK_ROUNDS ?? 12)
/** Rounds after which everything that is loaded lazily, compiled or cached has been. */
const WARM = Math.ceil(ROUNDS / 3)
const PEOPLE = 8
const POSTS = 10
const TUNNEL_BYTES = 256 * 1024
/** As on a board, where the heap does not grow because nobody minds. */
const BOARD_FLAGS = ['--max-old-space-size=96', '--max-semi-space-size=1', '--v8-pool-size=1']
/** MB by which memory may differ from the warm relay's: heaps breathe. */
const BREATH_MB = 24

test(`${ROUNDS} rounds leave nothing behind`, { timeout: 120_000 + ROUNDS * 20_000 }, async (t) => {
  const cli = await buildRelay(t)
  const relay = await startChild(t, cli, await childDir(t), { flags: BOARD_FLAGS })
  await relay.operator.setup({ name: 'Rock pool', description: '' })
  const people = Array.from({ length: PEOPLE }, () => createTestFeed())
  for (const person of people) await join(relay, person)

  let warm = NOTHING
  for (let round = 1; round <= ROUNDS; round++) {
    await day(t, relay, people, round)
    if (round === WARM) warm = held(relay)
  }
  const { people: _, ...calm } = await allGone(relay)
  t.same(calm, { online: 0, tunnels: 0 })
  const end = held(relay)
  t.comment(`warm: ${warm.mb} MB, ${warm.files} open files; after: ${end.mb} MB, ${end.files}`)
  t.ok(end.files <= warm.files + 2, `${end.files} files are open, ${warm.files} were`)
  t.ok(end.mb <= warm.mb + BREATH_MB, `${end.mb} MB, ${warm.mb} were`)
  const { messages } = await relay.operator.status()
  t.ok(messages >= PEOPLE * POSTS * ROUNDS, `${messages} messages are kept`)
  t.match(await relay.operator.doctor({ rebuild: true }), { ok: true })
  t.equal(await relay.stop(), 0)
})

interface Held {
  mb: number
  files: number
}

const NOTHING: Held = { mb: 0, files: 0 }

function held({ pid }: ChildRelay): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  return { mb: Math.round(kib / 1000), files: readdirSync(`/proc/${pid}/fd`).length }
}

async function allGone({ operator }: ChildRelay) {
  await until('everybody to be gone', async () => (await operator.status()).online === 0)
  const { online, tunnels, members } = await operator.status()
  return { online, tunnels, people: members }
}

/** With a code, as a guest. */
async function join(relay: ChildRelay, person: TestFeed): Promise<void> {
  const { code } = await relay.operator.inviteCreate({})
  const guest = await connectClient({
    ...at(relay),
    keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
  })
  await guest.rpc.invite.use({ feed: person.id })
  await guest.close()
}

const at = (relay: ChildRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** What a day brings: everybody comes, posts, reads the others, meets the next one, reads a page, and goes. */
async function day(t: Test, relay: ChildRelay, people: TestFeed[], round: number): Promise<void> {
  for (const person of people) person.post(POSTS)
  const clients: Client[] = []
  for (const person of people) {
    const api = { createHistoryStream: historyOf(person), tunnel: { connect: echo, ping: () => Date.now() } }
    clients.push(await connectClient({ ...at(relay), keys: person.keys, api }))
  }
  await Promise.all(
    clients.map(async (client, i) => {
      const { rpc, id } = client
      await collect(rpc.createHistoryStream({ id, live: false }))
      const [present] = await collect<{ type: string }>(rpc.room.attendants(), 1)
      t.equal(present?.type, 'state')
      const other = people[(i + 1) % people.length] as TestFeed
      await until('what the other has posted today', async () => {
        const theirs = await collect(rpc.createHistoryStream({ id: other.id, live: false }))
        return theirs.length === POSTS * round
      })
      t.equal(await throughTunnel(client, relay.id, other.id, TUNNEL_BYTES), TUNNEL_BYTES)
    }),
  )
  const visitor = new Visitor(webOf(await relay.operator.status()))
  for (const path of ['/', '/invite/', '/invite/captcha.png'])
    t.equal((await visitor.get(path)).status, 200, path)
  await Promise.all(clients.map((client) => client.close()))
  await allGone(relay)
}

function webOf({ addresses }: { addresses: { web: string | null } }): string {
  return addresses.web as string
}
