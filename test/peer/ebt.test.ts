// SPDX-License-Identifier: AGPL-3.0-or-later
// ebt.replicate, word by word: what a scripted client says and what the relay answers.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { CLIENT_FIRST_MS, EBT_FIRST_MS, EBT_NOTES, OUTGOING_BYTES } from '../../src/lib/limits.js'
import { decodeNote, encodeNote, REFUSED } from '../../src/peer/ebt/note.js'
import { type MessageValue, verifyMessage } from '../../src/ssb/message.js'
import type { Client } from '../helpers/client.js'
import { createTestFeed, type TestFeed } from '../helpers/feed.js'
import { startTestPeer, type TestPeer } from '../helpers/peer.js'
import type { Source } from '../helpers/pull.js'
import { until } from '../helpers/wait.js'

const ON = { ebt: true }
const wants = (sequence: number): number => encodeNote(sequence, true)
const has = (sequence: number): number => encodeNote(sequence, false)

interface Session {
  /** the newest note of each feed */
  notes: Map<string, number>
  pieces: number
  messages: MessageValue[]
  ended: Promise<unknown>
  send(value: unknown): void
  /** stops and starts reading */
  reading(on: boolean): void
  end(): void
}

function openSession({ rpc }: Client, options: unknown = { version: 3, format: 'classic' }): Session {
  const duplex = rpc.ebt.replicate(options, () => {})
  const source: Source<Record<string, unknown>> = duplex.source
  const waiting: unknown[] = []
  let asked: ((end: unknown, value?: unknown) => void) | null = null
  duplex.sink((abort: unknown, cb: (end: unknown, value?: unknown) => void) => {
    if (abort) return cb(abort)
    if (waiting.length > 0) cb(null, waiting.shift())
    else asked = cb
  })
  let over: (end: unknown) => void = () => {}
  let reads = true
  const session: Session = {
    notes: new Map(),
    pieces: 0,
    messages: [],
    ended: new Promise((resolve) => {
      over = resolve
    }),
    send(value) {
      const cb = asked
      asked = null
      if (cb) cb(null, value)
      else waiting.push(value)
    },
    reading(on) {
      reads = on
      if (on) next()
    },
    end() {
      asked?.(true)
      source(true, () => over(true))
    },
  }
  function next(): void {
    if (!reads) return
    source(null, (end, value) => {
      if (end || !value) return over(end)
      if (typeof value.sequence === 'number') session.messages.push(value as unknown as MessageValue)
      else {
        session.pieces += 1
        for (const [feed, note] of Object.entries(value)) session.notes.set(feed, note as number)
      }
      next()
    })
  }
  next()
  return session
}

async function member(
  peer: TestPeer,
  feed = createTestFeed(),
): Promise<{ feed: TestFeed; session: Session }> {
  await peer.follow(feed.id).catch(() => {})
  return { feed, session: openSession(await peer.connect(feed.keys)) }
}

/** Stores messages as if they had been replicated before. */
async function hold(peer: TestPeer, feed: TestFeed, messages = feed.messages): Promise<void> {
  await peer.follow(feed.id).catch(() => {})
  await peer.store.feeds.append(feed.id, messages.map(verifyMessage))
}

t.test('notes are read as they are written', async (t) => {
  for (const sequence of [0, 1, 2 ** 31, 2 ** 40 - 1])
    for (const receive of [true, false])
      t.same(decodeNote(encodeNote(sequence, receive)), { replicate: true, receive, sequence })
  for (const note of [-1, -2, 1.5, Number.NaN, 2 ** 60, '4', null, {}, undefined])
    t.equal(decodeNote(note).replicate, false, String(note))
})

t.test('our clock comes first, and asks for the caller’s own feed alone', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const other = createTestFeed()
  other.post(4)
  await hold(peer, other)
  const { feed, session } = await member(peer)
  await until('our clock', () => session.notes.size === 3)
  t.equal(session.notes.get(feed.id), wants(0))
  t.equal(session.notes.get(other.id), has(4))
  t.ok(session.notes.has(peer.peer.id), 'our own feed is in it')
})

t.test('feeds go in and out, contiguous, and no message comes back to its sender', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const other = createTestFeed()
  other.post(300)
  await hold(peer, other)
  const { feed, session } = await member(peer)
  session.send({ [feed.id]: has(3), [other.id]: wants(100) })
  for (const message of feed.post(3)) session.send(message)
  await until('its feed to be stored', () => peer.store.feeds.info(feed.id).latest === 3)
  await until('the other feed', () => session.messages.length === 200)
  t.same(
    session.messages.map(({ sequence }) => sequence),
    Array.from({ length: 200 }, (_, i) => 101 + i),
  )
  await hold(peer, other, other.post(2))
  await until('what is new', () => session.messages.length === 202)
  t.ok(session.messages.every(({ author }) => author === other.id))
})

t.test('who wants notes alone gets notes, and who wants nothing nothing', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const [noted, silent] = [createTestFeed(), createTestFeed()]
  for (const each of [noted, silent]) {
    each.post(2)
    await hold(peer, each)
  }
  const { feed, session } = await member(peer)
  session.send({ [noted.id]: has(2), [silent.id]: REFUSED, [feed.id]: has(1) })
  for (const message of feed.post(1)) session.send(message)
  await until('the notes to be heard', () => peer.store.feeds.info(feed.id).latest === 1)
  for (const each of [silent, noted]) await hold(peer, each, each.post(1))
  await until('the note', () => session.notes.get(noted.id) === has(3))
  t.equal(session.notes.get(silent.id), has(2))
  t.same(session.messages, [])
})

t.test('strangers’ feeds and absent ones are refused alike, and taken from nobody', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const { feed, session } = await member(peer)
  const other = await member(peer)
  const stranger = createTestFeed()
  session.send({ [stranger.id]: wants(0), 'not a feed': 4, [other.feed.id]: has(9) })
  await until('the refusal', () => session.notes.get(stranger.id) === REFUSED)
  t.notOk(session.notes.has('not a feed'))
  for (const each of [stranger, other.feed]) for (const message of each.post(2)) session.send(message)
  for (const message of feed.post(1)) session.send(message)
  await until('its own feed', () => peer.store.feeds.info(feed.id).latest === 1)
  t.equal(peer.store.feeds.info(stranger.id).latest, 0)
  t.equal(peer.store.feeds.info(other.feed.id).latest, 0, 'a member answers for its own feed alone')
})

t.test('a refused feed that becomes a member is sent to those that asked for it', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const { session } = await member(peer)
  const late = createTestFeed()
  session.send({ [late.id]: wants(0) })
  await until('the refusal', () => session.notes.get(late.id) === REFUSED)
  late.post(3)
  await hold(peer, late)
  await until('the feed', () => session.messages.length === 3)
})

t.test('a removed member is refused, and after it is added again only what is new is sent', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const gone = createTestFeed()
  gone.post(2)
  await hold(peer, gone)
  const { session } = await member(peer)
  session.send({ [gone.id]: wants(0) })
  await until('the feed', () => session.messages.length === 2)
  await peer.store.members.unfollow(gone.id)
  await until('the refusal', () => session.notes.get(gone.id) === REFUSED)
  // as apps do, this one does not answer the note: its position is the one it told
  await hold(peer, gone, gone.post(1))
  await until('what is new', () => session.messages.length === 3)
  t.equal(session.messages.at(-1)?.sequence, 3)
})

t.test(
  'a refused feed is sent from the position that was told, and not once it is no longer wanted',
  async (t) => {
    const peer = await startTestPeer(t, {}, '', ON)
    const { session } = await member(peer)
    const [wanted, noted, left] = [createTestFeed(), createTestFeed(), createTestFeed()]
    session.send({ [wanted.id]: wants(2), [noted.id]: has(1), [left.id]: wants(0) })
    session.send({ [left.id]: REFUSED })
    await until('the refusals', () =>
      [wanted, noted, left].every(({ id }) => session.notes.get(id) === REFUSED),
    )
    for (const each of [left, noted, wanted]) await hold(peer, each, each.post(4))
    await until('the wanted feed', () => session.messages.length === 2)
    t.same(
      session.messages.map(({ author, sequence }) => [author, sequence]),
      [3, 4].map((sequence) => [wanted.id, sequence]),
    )
    t.equal(session.notes.get(noted.id), has(4))
  },
)

t.test('a feed with a hole is offered and sent up to the hole, and on once it is filled', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const holed = createTestFeed()
  const all = holed.post(9)
  await hold(peer, holed, [...all.slice(0, 3), ...all.slice(5)])
  const { session } = await member(peer)
  await until('our clock', () => session.notes.has(holed.id))
  t.equal(session.notes.get(holed.id), has(3))
  session.send({ [holed.id]: wants(0) })
  await until('what is before the hole', () => session.messages.length === 3)
  await hold(peer, holed, all.slice(3, 5))
  await until('the rest', () => session.messages.length === 9)
})

t.test('a fork that comes by EBT is refused and flagged', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const keys = ssbKeys.generate()
  const [one, two] = [createTestFeed(keys), createTestFeed(keys)]
  one.post(3)
  two.post(3, 'another tide')
  await hold(peer, one)
  const { session } = await member(peer, two)
  for (const message of two.messages) session.send(message)
  await until('the fork', () => peer.store.feeds.info(keys.id).forked)
  t.equal(peer.store.feeds.tip(keys.id)?.hash, verifyMessage(one.messages[2]).hash)
})

t.test('a feed that is started over is asked for from the start', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const { feed, session } = await member(peer)
  feed.post(2)
  session.send({ [feed.id]: has(2) })
  for (const message of feed.messages) session.send(message)
  await until('its feed', () => peer.store.feeds.info(feed.id).latest === 2)
  await peer.store.feeds.reset(feed.id)
  await until('the question', () => session.notes.get(feed.id) === wants(0))
  for (const message of feed.messages) session.send(message)
  await until('its feed again', () => peer.store.feeds.info(feed.id).latest === 2)
})

t.test('the clock of many members comes in pieces, and theirs is heard in pieces', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const many = Array.from({ length: 3 * EBT_NOTES }, () => ssbKeys.generate().id)
  for (const id of many) await peer.follow(id)
  const { session } = await member(peer)
  await until('all of it', () => session.notes.size === many.length + 2)
  t.ok(session.pieces >= 3)
  const strangers = Array.from({ length: 1000 }, () => ssbKeys.generate().id)
  session.send(Object.fromEntries([...strangers, ...many].map((id) => [id, wants(0)])))
  await until('the refusals', () => strangers.every((id) => session.notes.get(id) === REFUSED))
})

t.test('a client that reads nothing holds no more than a connection may', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const long = createTestFeed()
  long.post(4000)
  await hold(peer, long)
  const { feed, session } = await member(peer)
  await until('our clock', () => session.notes.has(long.id))
  session.reading(false)
  session.send({ [long.id]: wants(0), [feed.id]: has(1) })
  for (const message of feed.post(1)) session.send(message)
  await until('its feed', () => peer.store.feeds.info(feed.id).latest === 1)
  const before = session.messages.length
  session.reading(true)
  await until('the rest', () => session.messages.length === 4000)
  t.ok(before < 4000, `${before} were read, ${OUTGOING_BYTES} bytes may wait`)
})

t.test('EBT is turned on and off while clients are connected', async (t) => {
  const peer = await startTestPeer(t)
  const feed = createTestFeed()
  await peer.follow(feed.id)
  const client = await peer.connect(feed.keys)
  t.match(await openSession(client).ended, { code: 'not_allowed' })
  t.equal(peer.peer.ebtRefused(), 1)
  await peer.store.settings.change({ ebt: true })
  await until('the method to be there', async () => (await client.rpc.manifest()).ebt)
  const session = openSession(client)
  await until('our clock', () => session.notes.size > 0)
  t.equal(peer.peer.ebtRefused(), 0)
  await peer.store.settings.change({ ebt: false })
  t.equal(await session.ended, true, 'the session ends well')
  t.match(await openSession(client).ended, { code: 'not_allowed' })
})

t.test('a client whose session has ended is asked by history, and before that only by EBT', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const feed = createTestFeed()
  await peer.follow(feed.id)
  const asked: unknown[] = []
  const client = await peer.connect(feed.keys, {
    createHistoryStream(query: unknown) {
      asked.push(query)
      return (_: unknown, cb: (end: unknown) => void) => cb(true)
    },
  })
  await client.rpc.whoami()
  peer.clock.advance(CLIENT_FIRST_MS)
  const session = openSession(client)
  await until('our clock', () => session.notes.size > 0)
  peer.clock.advance(2 * EBT_FIRST_MS)
  await client.rpc.whoami()
  t.same(asked, [])
  await peer.store.settings.change({ ebt: true })
  await peer.store.settings.change({ ebt: false })
  t.same(asked, [], 'the configuration keeps EBT on')
  session.end()
  await session.ended
  await client.rpc.whoami()
  peer.clock.advance(EBT_FIRST_MS)
  await until('the question', () => asked.length === 1)
  t.match(asked, [{ id: feed.id, live: true }])
})

t.test('what is no session of ours is refused', async (t) => {
  const peer = await startTestPeer(t, {}, '', ON)
  const feed = createTestFeed()
  await peer.follow(feed.id).catch(() => {})
  const client = await peer.connect(feed.keys)
  for (const options of [{}, { version: 2 }, { version: 3, format: 'bendybutt-v1' }, 'x'])
    t.match(await openSession(client, options).ended, { code: 'bad_argument' }, JSON.stringify(options))
  const first = openSession(client)
  await until('our clock', () => first.notes.size > 0)
  t.match(await openSession(client).ended, { code: 'busy' }, 'a second on one connection')
  const second = openSession(await peer.connect(feed.keys))
  await until('a second connection’s clock', () => second.notes.size > 0)
  for (const junk of [[1, 2], 'text', 7]) {
    const session = openSession(await peer.connect(feed.keys))
    session.send(junk)
    t.match(await session.ended, { code: 'bad_argument' }, JSON.stringify(junk))
  }
  t.match(await openSession(await peer.connect()).ended, { code: 'not_allowed' }, 'a stranger')
})
