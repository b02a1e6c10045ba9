// SPDX-License-Identifier: AGPL-3.0-or-later
// kill -9 amid what members and the operator do: every acknowledged action is there, none is half done.
//
// `crash.test.ts` has messages and invites. Here it is members added, removed and blocked with their feeds, aliases,
// knocks and their answers; the kill comes at a random moment. The long form is `npm run crash`.

import { setTimeout as delay } from 'node:timers/promises'
import ssbKeys from 'ssb-keys'
import { type Test, test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import type { KeyedMessage } from '../../src/ssb/message.js'
import { ANSWER_PATH } from '../../src/web/delog-link.js'
import { buildRelay, type ChildRelay, childDir, startChild } from '../helpers/child.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { Visitor } from '../helpers/http.js'

const ROUNDS = Number(process.env.TIDE_KILLS ?? 2)
/** Acknowledged actions before a kill; it then comes at a random moment of the next one. */
const ACTIONS = { least: 5, most: 60 }
const SETS = ['invite.captcha=false', 'invite.per_hour=100000']
const FEED_MESSAGES = 400

type State = 'member' | 'gone' | 'blocked' | 'knocking'

/** What was acknowledged. An action that was under way at a kill may have been done or not. */
interface Ledger {
  states: Map<string, State>
  aliases: Map<string, string>
  /** contact messages of the relay, by sequence */
  own: Map<number, string>
  unknown: Set<string>
  actions: number
}

test(`${ROUNDS} kills amid members' and the operator's actions`, {
  timeout: 60_000 + ROUNDS * 30_000,
}, async (t) => {
  const cli = await buildRelay(t)
  const dataDir = await childDir(t)
  const ledger: Ledger = {
    states: new Map(),
    aliases: new Map(),
    own: new Map(),
    unknown: new Set(),
    actions: 0,
  }
  const reader = ssbKeys.generate()
  let relay = await startChild(t, cli, dataDir, { sets: SETS })
  await relay.operator.setup({ name: 'Tidepool', description: '' })
  await relay.operator.mode('community')
  await relay.operator.membersAdd(reader.id)
  ledger.states.set(reader.id, 'member')
  let slowest = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const before = ledger.actions
    const load = startLoad(relay, ledger)
    const enough = before + ACTIONS.least + Math.random() * (ACTIONS.most - ACTIONS.least)
    while (ledger.actions < enough) await delay(5)
    await delay(Math.random() * 20)
    await relay.kill()
    // a client that was in its handshake is never told
    await Promise.race([load, delay(1000)])
    const started = performance.now()
    relay = await startChild(t, cli, dataDir, { sets: SETS })
    slowest = Math.max(slowest, performance.now() - started)
    t.comment(`kill ${round}: ${ledger.actions - before} actions acknowledged`)
    await holdsAll(t, relay, reader, ledger)
  }
  t.comment(
    `${ROUNDS} kills, ${ledger.actions} actions acknowledged, the slowest start took ${Math.round(slowest)} ms`,
  )
  t.ok(ledger.actions > ROUNDS)
  t.equal(await relay.stop(), 0)
})

/** Does everything at once until the relay is gone. */
function startLoad(relay: ChildRelay, ledger: Ledger): Promise<unknown> {
  const { operator } = relay
  const at = { port: relay.ssbPort, relay: relay.id }
  const { states } = ledger

  /** One action: unknown while it is under way, then as acknowledged. */
  async function act(id: string, state: State, action: () => Promise<unknown>): Promise<void> {
    ledger.unknown.add(id)
    const answer = (await action()) as Partial<KeyedMessage> | null
    ledger.unknown.delete(id)
    states.set(id, state)
    if (answer?.key && answer.value?.author === relay.id) ledger.own.set(answer.value.sequence, answer.key)
    ledger.actions += 1
  }

  async function members(): Promise<never> {
    for (;;) {
      const { id } = ssbKeys.generate()
      await act(id, 'member', () => operator.membersAdd(id, 'note'))
      const next = Math.random()
      if (next < 0.3) await act(id, 'blocked', () => operator.block(id, 'reason'))
      else if (next < 0.6) await act(id, 'gone', () => operator.membersRemove(id))
    }
  }

  async function knocks(): Promise<never> {
    for (;;) {
      const { id } = ssbKeys.generate()
      const visitor = new Visitor(relay.webUrl)
      await visitor.get('/invite/')
      await visitor.post(ANSWER_PATH, { captcha: '' })
      await act(id, 'knocking', async () => {
        const { status, text } = await visitor.post('/invite/knock', { feed: id, note: 'hello' })
        if (status !== 200) throw new Error(`a knock is answered with ${status}: ${text.slice(0, 2000)}`)
        return null
      })
      if (Math.random() < 0.4) await act(id, 'member', () => operator.knockAccept(id))
      else if (Math.random() < 0.5) await act(id, 'gone', () => operator.knockDecline(id))
    }
  }

  async function aliases(): Promise<never> {
    const keys = ssbKeys.generate()
    await act(keys.id, 'member', () => operator.membersAdd(keys.id))
    const client = await connectClient({ ...at, keys })
    for (let i = 0; ; i = (i + 1) % 8) {
      const alias = `n${i}-${keys.id
        .slice(1, 9)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '0')}`
      ledger.unknown.add(alias)
      if (ledger.aliases.delete(alias)) await client.rpc.room.revokeAlias(alias)
      else {
        await client.rpc.room.registerAlias(alias, signRegistration(keys, relay.id, alias))
        ledger.aliases.set(alias, keys.id)
      }
      ledger.unknown.delete(alias)
      ledger.actions += 1
    }
  }

  /** Members whose feeds are deleted in several steps. */
  async function feeds(): Promise<never> {
    for (;;) {
      const feed = createTestFeed()
      feed.post(FEED_MESSAGES)
      await act(feed.id, 'member', () => operator.membersAdd(feed.id))
      const client = await connectClient({
        ...at,
        keys: feed.keys,
        api: { createHistoryStream: historyOf(feed) },
      })
      await collect(client.rpc.createHistoryStream({ id: feed.id, live: false }))
      await delay(100)
      await act(feed.id, 'blocked', () => operator.block(feed.id))
    }
  }

  const gone = (err: unknown): void => {
    if (err instanceof Error && /answered with/.test(err.message)) throw err
  }
  return Promise.all([members(), members(), knocks(), aliases(), feeds()].map((work) => work.catch(gone)))
}

async function holdsAll(
  t: Test,
  relay: ChildRelay,
  reader: ReturnType<typeof ssbKeys.generate>,
  ledger: Ledger,
): Promise<void> {
  const { operator } = relay
  const ids = (rows: Array<{ id: string }>): Set<string> => new Set(rows.map(({ id }) => id))
  const [members, blocked] = [ids(await operator.membersList()), ids(await operator.blockedList())]
  const knocking = ids(await operator.knocksList())
  const stateOf = (id: string): State =>
    blocked.has(id) ? 'blocked' : members.has(id) ? 'member' : knocking.has(id) ? 'knocking' : 'gone'
  const known = [...ledger.states].filter(([id]) => !ledger.unknown.has(id))
  t.same(
    known.filter(([id, state]) => stateOf(id) !== state),
    [],
    `${known.length} feeds are as acknowledged`,
  )
  // from now on as it is
  for (const id of ledger.unknown) if (id.startsWith('@')) ledger.states.set(id, stateOf(id))
  const owners = new Map((await operator.aliasList()).map(({ alias, owner }) => [alias, owner]))
  t.same(
    [...ledger.aliases].filter(([alias, owner]) => !ledger.unknown.has(alias) && owners.get(alias) !== owner),
    [],
    `${owners.size} aliases are as acknowledged`,
  )
  for (const alias of ledger.unknown) if (!owners.has(alias)) ledger.aliases.delete(alias)
  ledger.unknown.clear()

  const client = await connectClient({ port: relay.ssbPort, relay: relay.id, keys: reader })
  const own = await collect<KeyedMessage>(client.rpc.createHistoryStream({ id: relay.id }))
  await client.close()
  t.same(
    own.map(({ value }) => value.sequence),
    own.map((_, i) => i + 1),
    'the own feed has no gap',
  )
  const published = new Map(own.map(({ key, value }) => [value.sequence, key]))
  t.same(
    [...ledger.own].filter(([sequence, key]) => published.get(sequence) !== key),
    [],
    'the own feed has not forked',
  )
  const { checks } = await operator.doctor({ rebuild: true })
  t.same(
    checks.filter(({ ok }) => !ok),
    [],
    'the store is sound, and the index is what the feed says',
  )
}
