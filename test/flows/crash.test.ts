// SPDX-License-Identifier: AGPL-3.0-or-later
// kill -9 in the middle of ingest: nothing that was acknowledged is lost, and the relay starts again as the same.
//
// Acknowledged is what left the relay: a message served to a reader, an `invite.use` answered. A killed process leaves
// its pages to the kernel, so this shows that no answer goes out before its transaction is committed; what a torn
// power line would add is left to LMDB's own order of writes and to `flushed`, which the writer awaits.

import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import type { KeyedMessage } from '../../src/ssb/message.js'
import { buildRelay, type ChildRelay, childDir, startChild } from '../helpers/child.js'
import { type Client, collect, connectClient } from '../helpers/client.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import type { Source } from '../helpers/pull.js'
import { within } from '../helpers/relay.js'

/** Kills; the long form is `npm run crash`. */
const ROUNDS = Number(process.env.TIDE_KILLS ?? 3)
/** Messages the writer has ready for each round: more than are taken in before the kill. */
const SUPPLY = 1500
/** What the kill falls on, in turn. */
const CAUSES = ['sent', 'served', 'let in']
/** Messages sent and not yet read back, at most. */
const WINDOW = 64

interface Acknowledged {
  /** message ids of the writer's feed, by sequence */
  messages: Map<number, string>
  /** contact messages answered to `invite.use`, by the feed let in */
  joined: Map<string, KeyedMessage>
}

const at = (relay: ChildRelay) => ({ port: relay.ssbPort, relay: relay.id })

test(`${ROUNDS} kills lose nothing acknowledged`, { timeout: 60_000 + ROUNDS * 30_000 }, async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const writer = createTestFeed()
  const reader = ssbKeys.generate()
  const acknowledged: Acknowledged = { messages: new Map(), joined: new Map() }
  let relay = await startChild(t, cli, dataDir)
  const { id } = relay
  for (const keys of [writer.keys, reader]) await relay.operator.membersAdd(keys.id)

  for (let round = 1; round <= ROUNDS; round++) {
    await t.test(`kill ${round}`, async (t) => {
      const before = { messages: acknowledged.messages.size, joined: acknowledged.joined.size }
      writer.post(SUPPLY)
      const traffic = await startTraffic(relay, writer, reader, acknowledged, CAUSES[round % 3])
      await within('the point of the kill', traffic.point, 30_000)
      await relay.kill()
      await traffic.over()
      const fresh = acknowledged.messages.size - before.messages
      const letIn = acknowledged.joined.size - before.joined
      t.comment(
        `killed at a message ${traffic.cause}: ${fresh} served, ${letIn} let in, ${traffic.inFlight()} on their way`,
      )
      t.ok(fresh > 0 && letIn > 0, 'something was acknowledged since the last kill')

      relay = await startChild(t, cli, dataDir)
      t.equal(relay.id, id, 'the same identity')
      await holdsAll(t, relay, writer, reader, acknowledged)
    })
    // the subtest's child goes with it; the next round has one of its own
    relay = await startChild(t, cli, dataDir)
  }
  t.equal(await relay.stop(), 0, 'and it still closes cleanly')
})

test('started again after a kill by nobody but its supervisor', async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const first = await startChild(t, cli, dataDir)
  await t.rejects(startChild(t, cli, dataDir), 'while one runs there is no second on the same data')
  t.equal((await first.operator.status()).pid, first.pid, 'and the first does not mind')
  await first.kill()
  const second = await startChild(t, cli, dataDir)
  t.equal(second.id, first.id)
  t.not(second.pid, first.pid)
})

/** A writer that sends all it has, a reader that notes what it is served, and guests that come in one after another. */
async function startTraffic(
  relay: ChildRelay,
  writer: TestFeed,
  reader: ReturnType<typeof ssbKeys.generate>,
  acknowledged: Acknowledged,
  cause: string | undefined,
) {
  const served = acknowledged.messages
  const letIn = acknowledged.joined.size
  const killAt = served.size + 50 + Math.floor(Math.random() * SUPPLY * 0.8)
  let sent = 0
  let wake = (): void => {}
  let reachPoint = (): void => {}
  const point = new Promise<void>((resolve) => {
    reachPoint = resolve
  })
  // The kill comes at once on a message's leaving us, or on an answer's arrival: the moment at which an answer that was
  // given too early would be found out.
  const reached = (what: string): void => {
    if (what !== cause || sent < killAt || acknowledged.joined.size === letIn) return
    process.kill(relay.pid, 'SIGKILL')
    reachPoint()
  }
  // No further ahead of the reader than a window, so that the relay is at work on it when it is killed.
  const createHistoryStream = ({ id, seq = 1 }: { id: string; seq?: number }): Source<unknown> => {
    let next = seq
    return function source(abort, cb) {
      if (abort) return cb(abort)
      if (id !== writer.id) return cb(true)
      const value = next <= served.size + WINDOW ? writer.messages[next - 1] : undefined
      if (!value) {
        wake = () => source(null, cb)
        return
      }
      wake = () => {}
      sent = next
      next += 1
      cb(null, { key: '', value, timestamp: 0 })
      reached('sent')
    }
  }
  const { code } = await relay.operator.inviteCreate({ uses: 10_000 })
  const reading = await connectClient({ ...at(relay), keys: reader })
  const read: Source<KeyedMessage> = reading.rpc.createHistoryStream({
    id: writer.id,
    seq: served.size + 1,
    live: true,
  })
  const next = (): void =>
    read(null, (end, message) => {
      if (end || !message) return
      served.set(message.value.sequence, message.key)
      reached('served')
      wake()
      next()
    })
  next()

  const guest = await connectClient({
    ...at(relay),
    keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
  })
  const join = async (): Promise<never> => {
    for (;;) {
      const { id } = ssbKeys.generate()
      const contact: KeyedMessage = await guest.rpc.invite.use({ feed: id })
      acknowledged.joined.set(id, contact)
      reached('let in')
    }
  }
  const joining = Array.from({ length: 8 }, () => join().catch(() => {}))

  const writing = await connectClient({ ...at(relay), keys: writer.keys, api: { createHistoryStream } })
  // asking for its own feed is what makes the relay ask for it without waiting (SPIP-02)
  collect(writing.rpc.createHistoryStream({ id: writer.id })).catch(() => {})
  const all: Client[] = [reading, guest, writing]
  return {
    point,
    cause,
    inFlight: () => sent - served.size,
    over: () =>
      within('the clients to see it go', Promise.all([...joining, ...all.map(({ closed }) => closed)])),
  }
}

/** Compares what a relay serves with everything it ever acknowledged. */
async function holdsAll(
  t: Test,
  relay: ChildRelay,
  writer: TestFeed,
  reader: ReturnType<typeof ssbKeys.generate>,
  { messages, joined }: Acknowledged,
): Promise<void> {
  const client = await connectClient({ ...at(relay), keys: reader })
  t.teardown(() => client.close())
  const read = (id: string): Promise<KeyedMessage[]> => collect(client.rpc.createHistoryStream({ id }))
  const held = await read(writer.id)
  const keys = new Map(held.map(({ key, value }) => [value.sequence, key]))
  t.same(
    [...messages].filter(([sequence, key]) => keys.get(sequence) !== key),
    [],
    'every message served',
  )
  t.same(
    held.map(({ value }) => value),
    writer.messages.slice(0, held.length),
    'and nothing but what was written, without a gap',
  )

  const members = new Map((await relay.operator.membersList()).map((member) => [member.id, member]))
  t.same(
    [...joined.keys()].filter((id) => !members.has(id)),
    [],
    'everybody let in',
  )
  const own = await read(relay.id)
  t.same(
    own.map(({ value }) => value.sequence),
    own.map((_, i) => i + 1),
    "the relay's own feed has no gap",
  )
  const published = new Map(own.map(({ key, value }) => [value.sequence, key]))
  t.same(
    [...joined.values()].filter(({ key, value }) => published.get(value.sequence) !== key),
    [],
    'every contact message answered stands where it stood: the own feed has not forked',
  )
  t.equal(members.size, own.length, 'nobody is in without a contact message')

  const report = await relay.operator.doctor({ rebuild: true })
  t.same(
    report.checks.filter(({ ok }) => !ok),
    [],
    'the doctor finds the store sound and the index true',
  )
}
