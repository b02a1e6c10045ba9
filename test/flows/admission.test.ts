// Who may do what over SSB (DESIGN, section 2): every row against every method, and what the wrong callers and calls get.

import ssbKeys, { type Keys } from 'ssb-keys'
import { type Test, test } from 'tap'
import { DAY, FRAME_BYTES } from '../../src/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { collect, connectClient } from '../helpers/client.js'
import { createTestClock, type TestClock } from '../helpers/clock.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { type BootedRelay, bootRelay, connectMember, until, within } from '../helpers/relay.js'
import { connectRaw, END, JSON_BODY, type RawClient, STREAM, TEXT } from './raw.js'
import {
  type Cells,
  isRefusal,
  METHODS,
  type Method,
  MODES,
  type Mode,
  outcome,
  refusalIn,
  TABLE,
} from './table.js'

const at = (relay: BootedRelay) => ({ port: relay.ssbPort, relay: relay.id })

/** Kinds of callers that the table calls by one name, and whoever once had another standing, in each mode. */
function kindsIn(mode: Mode): Record<string, Cells | 'refused'> {
  const { guest, stranger, member, blocked } = TABLE[mode] as Record<string, Cells>
  const kinds = {
    blocked,
    'blocked before it was ever followed': blocked,
    stranger,
    'member no more': stranger,
    'guest of a live invite': guest,
    'guest of an invite used up': { ...guest, 'invite.use': 'invite_used_up' },
    'guest of an expired invite': { ...guest, 'invite.use': 'invite_expired' },
    'guest of a revoked invite': { ...guest, 'invite.use': 'invite_unknown' },
    member,
  }
  return kinds as Record<string, Cells | 'refused'>
}

/** A caller of each row, made through the operator and the relay's own doors. */
async function makeCallers(relay: BootedRelay, clock: TestClock): Promise<Record<string, Keys>> {
  const { operator } = relay
  const guest = async (expires_days = 1): Promise<Keys> => {
    const { code } = await operator.inviteCreate({ expires_days })
    return ssbKeys.generate('ed25519', parseInviteCode(code).seed)
  }
  const member = async (): Promise<Keys> => {
    const keys = ssbKeys.generate()
    await operator.membersAdd(keys.id)
    return keys
  }
  const blocked = await member()
  await operator.block(blocked.id)
  const neverFollowed = ssbKeys.generate()
  await operator.block(neverFollowed.id)
  const formerly = await member()
  await operator.membersRemove(formerly.id)
  const expired = await guest()
  const usedUp = await guest(30)
  const client = await connectClient({ ...at(relay), keys: usedUp })
  await client.rpc.invite.use({ feed: ssbKeys.generate().id })
  await client.close()
  const revoked = await guest(30)
  await operator.inviteRevoke(revoked.id)
  clock.advance(2 * DAY)
  return {
    blocked,
    'blocked before it was ever followed': neverFollowed,
    stranger: ssbKeys.generate(),
    'member no more': formerly,
    'guest of a live invite': await guest(),
    'guest of an invite used up': usedUp,
    'guest of an expired invite': expired,
    'guest of a revoked invite': revoked,
    member: await member(),
  }
}

async function isUp(t: Test, raw: RawClient, relay: BootedRelay, comment: string): Promise<void> {
  const frame = await raw.answer(raw.call('whoami', 'sync', '[]')).catch((err: Error) => err)
  t.same(frame instanceof Error ? frame.message : JSON.parse(frame.body), { id: relay.id }, comment)
}

/** Nothing of the inside may stand in any byte that went out. */
function tellsNothing(t: Test, raw: RawClient): void {
  const said = raw.frames
    .map(({ body }) => body)
    .filter((body) => /stack|node_modules|\.[jt]s:\d|\/src\//.test(body))
  t.same(said, [], 'no stack trace reaches the client')
}

/** Entries of the log at `error` or worse. */
function faults(relay: BootedRelay): unknown[] {
  return relay.lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50)
}

for (const mode of MODES) {
  test(`every kind of caller against every method: ${mode}`, async (t) => {
    const clock = createTestClock()
    const relay = await bootRelay(t, { clock })
    const callers = await makeCallers(relay, clock)
    const target = ssbKeys.generate().id
    await relay.operator.mode(mode)
    for (const [kind, cells] of Object.entries(kindsIn(mode))) {
      await t.test(kind, async (t) => {
        const keys = callers[kind] as Keys
        if (cells === 'refused') {
          await t.rejects(connectClient({ ...at(relay), keys }), 'the handshake is not completed')
          return
        }
        const raw = await connectRaw({ ...at(relay), keys })
        t.teardown(raw.close)
        const got: Record<string, string> = {}
        for (const method of Object.keys(METHODS) as Method[]) {
          got[method] = await outcome(t, raw, method, { keys, relay: relay.id, alias: 'nobody', target })
          // each costs the stock client 40 ms of Nagle's delay: in one mode after every call, in the others at the end
          if (mode === 'open') await isUp(t, raw, relay, `up after ${method}`)
        }
        await isUp(t, raw, relay, 'up after them all')
        t.same(got, withNobodyThere(cells))
        tellsNothing(t, raw)
      })
    }
    t.same(faults(relay), [])
  })
}

/** What the table says where the name looked up is nobody's and the target dialled is not there. */
function withNobodyThere(cells: Cells): Cells {
  const answered = (method: Method): boolean => cells[method] !== 'not_allowed'
  return {
    ...cells,
    ...(answered('tunnel.whois') ? { 'tunnel.whois': 'not_found' } : {}),
    ...(answered('tunnel.connect') ? { 'tunnel.connect': 'not_attending' } : {}),
  }
}

test('methods we do not have are refused on that call, and the connection stays', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const { code } = await relay.operator.inviteCreate({})
  const guest = ssbKeys.generate('ed25519', parseInviteCode(code).seed)
  const foreign: Array<[string, string]> = [
    ['ebt.replicate', 'duplex'],
    ['blobs.createWants', 'source'],
    ['blobs.get', 'source'],
    ['tunnel.dance', 'async'],
    ['room.furniture', 'async'],
    ['publish', 'async'],
    ['createLogStream', 'source'],
    ['auth', 'async'],
    ['close', 'async'],
    ['connect', 'async'],
    ['multiserver.address', 'sync'],
    ['constructor', 'async'],
    ['toString', 'sync'],
    ['__proto__.toString', 'sync'],
    ['hasOwnProperty', 'sync'],
    ['', 'async'],
  ]
  for (const [who, key] of Object.entries({ member: keys, guest })) {
    const raw = await connectRaw({ ...at(relay), keys: key })
    t.teardown(raw.close)
    for (const [method, type] of foreign) {
      const frame = await raw.answer(raw.call(method, type, '[{}]'))
      t.ok(isRefusal(frame), `${who}: ${method || '(nothing)'}`)
      t.match(refusalIn(t, frame), /^(not_allowed|no_such_method)$/)
      // a duplex's other half must be let go of, or every call would leave one behind
      t.equal(Boolean(frame.flags & STREAM), type === 'source' || type === 'duplex')
    }
    await isUp(t, raw, relay, `${who} is still connected`)
    tellsNothing(t, raw)
  }
  t.same(faults(relay), [])
})

const VALID = ssbKeys.generate().id

/** Argument lists as JSON text, so that they hold what JavaScript's own printer would not write. */
const WRONG_ARGUMENTS: Array<[name: string, args: string]> = [
  ['nothing', '[]'],
  ['null (which is also what NaN becomes)', '[null]'],
  ['an array', '[[]]'],
  ['an array with a feed in it', `[["${VALID}"]]`],
  ['a huge number', '[1e308]'],
  ['a number beyond all', '[1e999]'],
  ['a negative number', '[-0.5]'],
  ['true', '[true]'],
  ['an empty string', '[""]'],
  ['a string', '["@feed"]'],
  ['a feed id of another length', `["${VALID}A"]`],
  ['a feed id of another spelling', `["${VALID.replace('=.', '.')}"]`],
  ['an empty object', '[{}]'],
  ['a feed under __proto__', `[{"__proto__":{"feed":"${VALID}","id":"${VALID}"}}]`],
  ['a feed under constructor', `[{"constructor":{"prototype":{"feed":"${VALID}","id":"${VALID}"}}}]`],
  ['null fields', '[{"feed":null,"id":null}]'],
  ['array fields', `[{"feed":["${VALID}"],"id":["${VALID}"]}]`],
  ['object fields', `[{"feed":{"toString":"${VALID}"},"id":{"__proto__":null}}]`],
  ['a long string', `[{"feed":"@${'A'.repeat(7000)}","id":"@${'A'.repeat(7000)}"}]`],
  ['deep arrays', `[${'['.repeat(7000)}${']'.repeat(7000)}]`],
  ['deep objects', `[${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}]`],
  [
    'deep fields',
    `[{"feed":${'['.repeat(3000)}${']'.repeat(3000)},"id":${'['.repeat(3000)}${']'.repeat(3000)}}]`,
  ],
  ['five arguments', '[1,2,3,4,5]'],
  ['two arguments', '[null,null]'],
]

/** Wrong only where the method has such a field. */
const WRONG_FIELDS = {
  follow: [
    '"following":null,"feed":1',
    '"following":"no"',
    '"following":0',
    '"following":[]',
    '"following":{}',
  ],
  createHistoryStream: [
    ...['sequence', 'seq', 'limit'].flatMap((field) =>
      ['"1"', '1.5', '[]', '{}', 'true', '1e999'].map((value) => `"${field}":${value}`),
    ),
    ...['live', 'old', 'keys', 'values'].flatMap((field) =>
      ['"yes"', '1', '[]', '{}'].map((value) => `"${field}":${value}`),
    ),
    '"keys":false,"values":false',
  ],
} as const

test('wrong-typed arguments are refused by name, whatever the method', async (t) => {
  const relay = await bootRelay(t)
  const keys = ssbKeys.generate()
  await relay.operator.membersAdd(keys.id)
  const { code } = await relay.operator.inviteCreate({})
  const guestKeys = ssbKeys.generate('ed25519', parseInviteCode(code).seed)
  const member = await connectRaw({ ...at(relay), keys })
  const guest = await connectRaw({ ...at(relay), keys: guestKeys })
  t.teardown(member.close)
  t.teardown(guest.close)
  const before = await relay.operator.membersList()
  const checked: Array<[RawClient, Method]> = [
    [guest, 'invite.use'],
    [member, 'follow'],
    [member, 'createHistoryStream'],
  ]

  for (const [raw, method] of checked) {
    await t.test(method, async (t) => {
      for (const [name, args] of WRONG_ARGUMENTS) {
        const frame = await raw.answer(raw.call(method, METHODS[method], args))
        t.ok(isRefusal(frame), name)
        t.match(refusalIn(t, frame), /^bad_(argument|feed_id)$/)
      }
      const fields = method === 'invite.use' ? [] : WRONG_FIELDS[method as keyof typeof WRONG_FIELDS]
      for (const field of fields) {
        const args = `[{"feed":"${VALID}","id":"${VALID}",${field}}]`
        const frame = await raw.answer(raw.call(method, METHODS[method], args))
        t.ok(isRefusal(frame), field)
        t.match(refusalIn(t, frame), /^bad_(argument|feed_id)$/)
      }
      await isUp(t, raw, relay, 'still connected')
      tellsNothing(t, raw)
    })
  }

  await t.test('methods that take nothing do not mind', async (t) => {
    for (const [name, args] of WRONG_ARGUMENTS) {
      for (const method of ['whoami', 'manifest'] as const) {
        const frame = await member.answer(member.call(method, METHODS[method], args))
        // more arguments than any method takes are refused before they are looked at
        t.equal(
          isRefusal(frame) ? refusalIn(t, frame) : 'ok',
          name === 'five arguments' ? 'bad_argument' : 'ok',
          name,
        )
      }
      const ping = member.call('gossip.ping', 'duplex', args)
      member.send('1', { flags: JSON_BODY | STREAM, request: ping })
      const frame = await member.answer(ping)
      t.match(isRefusal(frame) ? refusalIn(t, frame) : 'ok', /^(ok|bad_argument)$/, `gossip.ping: ${name}`)
      member.send('true', { flags: JSON_BODY | STREAM | END, request: ping })
    }
    await isUp(t, member, relay, 'still connected')
    tellsNothing(t, member)
  })

  t.same(await relay.operator.membersList(), before, 'nobody came in by any of it')
  t.match(await relay.operator.inviteList(), [{ used: 0, state: 'live' }])
  t.same(faults(relay), [])
})

test('numbers at the edge of sense read as an empty or a whole history', async (t) => {
  const relay = await bootRelay(t)
  const feed = createTestFeed()
  feed.post(3)
  const client = await connectMember(t, relay, {
    keys: feed.keys,
    api: { createHistoryStream: historyOf(feed) },
  })
  await collect(client.rpc.createHistoryStream({ id: feed.id }))
  await until('the feed', async () => (await relay.operator.membersList())[0]?.messages === 3)
  const count = async (query: object): Promise<number> =>
    (await collect(client.rpc.createHistoryStream({ id: feed.id, ...query }))).length
  const whole = [
    { sequence: 0 },
    { sequence: -1e308 },
    { seq: null },
    { limit: null },
    { limit: -1 },
    { limit: 1e308 },
  ]
  for (const query of whole) t.equal(await count(query), 3, JSON.stringify(query))
  const nothing = [
    { sequence: 4 },
    { sequence: 2 ** 48 },
    { seq: Number.MAX_SAFE_INTEGER },
    { sequence: 1e308 },
  ]
  for (const query of nothing) t.equal(await count(query), 0, JSON.stringify(query))
  t.same(await client.rpc.whoami(), { id: relay.id })
})

/** What no muxrpc would write. Each is sent on a connection of its own, which may or may not survive it. */
const MALFORMED: Array<[name: string, send: (raw: RawClient) => void]> = [
  ...['null', '5', '1e308', '"text"', 'true', 'false', '[]', '[null]', '{}', 'not json', '{"name":'].map(
    (body): [string, (raw: RawClient) => void] => [`the body ${body}`, (raw) => raw.send(body)],
  ),
  ...[
    '{"name":null,"args":[],"type":"async"}',
    '{"name":[],"args":[],"type":"async"}',
    '{"name":"whoami","args":[],"type":"sync"}',
    '{"name":{"0":"whoami"},"args":[],"type":"sync"}',
    '{"name":[["whoami"]],"args":[],"type":"sync"}',
    '{"name":[1,null],"args":[],"type":"async"}',
    '{"name":["__proto__"],"args":[],"type":"async"}',
    '{"args":[],"type":"async"}',
    '{"name":["whoami"],"type":"sync"}',
    '{"name":["whoami"],"args":"[]","type":"sync"}',
    '{"name":["whoami"],"args":null,"type":"sync"}',
    '{"name":["whoami"],"args":{"length":1},"type":"sync"}',
    '{"name":["follow"],"args":{"0":1},"type":"async"}',
    '{"name":["whoami"],"args":[]}',
    '{"name":["whoami"],"args":[],"type":"nonsense"}',
    '{"name":["whoami"],"args":[],"type":null}',
    '{"name":["whoami"],"args":[],"type":["async"]}',
    '{"name":["createHistoryStream"],"args":[{}],"type":"async"}',
    '{"name":["createHistoryStream"],"args":[{}],"type":"duplex"}',
    '{"name":["gossip","ping"],"args":[],"type":"sink"}',
    `{"name":["${'a'.repeat(60_000)}"],"args":[],"type":"async"}`,
    `{"name":[${'"a",'.repeat(10_000)}"b"],"args":[],"type":"async"}`,
  ].flatMap(
    (body): Array<[string, (raw: RawClient) => void]> => [
      [`the request ${body.slice(0, 60)}`, (raw) => raw.send(body)],
      [`the stream ${body.slice(0, 60)}`, (raw) => raw.send(body, { flags: JSON_BODY | STREAM })],
    ],
  ),
  ['a type there is none of', (raw) => raw.send('{}', { flags: 3 })],
  ['a stream of a type there is none of', (raw) => raw.send('{}', { flags: 3 | STREAM })],
  ['a body of bytes', (raw) => raw.send(Buffer.from([0, 255, 254]), { flags: 0 })],
  ['a body of text', (raw) => raw.send('whoami', { flags: TEXT })],
  ['a stream of bytes', (raw) => raw.send(Buffer.from([0, 255, 254]), { flags: STREAM })],
  ['text that is no UTF-8', (raw) => raw.send(Buffer.from([0xc3, 0x28]), { flags: TEXT | STREAM })],
  ['every flag there is', (raw) => raw.send('{}', { flags: 255 })],
  ['an answer to nothing', (raw) => raw.send('{}', { request: -7 })],
  ['an error to nothing', (raw) => raw.send('{"message":"x"}', { request: -7, flags: JSON_BODY | END })],
  [
    'the end of a stream there is none of',
    (raw) => raw.send('true', { request: -9, flags: JSON_BODY | STREAM | END }),
  ],
  [
    'an error on a stream of the relay',
    (raw) => raw.send('null', { request: -1, flags: JSON_BODY | STREAM | END }),
  ],
  ['null on a stream of the relay', (raw) => raw.send('null', { request: -1, flags: JSON_BODY | STREAM })],
  ['request 0', (raw) => raw.send('{}', { request: 0 })],
  ['the lowest request number', (raw) => raw.send('{}', { request: -(2 ** 31) })],
  ['a length of four gigabytes', (raw) => raw.send('x', { length: 2 ** 32 - 1 })],
  ['a length one byte too long', (raw) => raw.send('x', { length: FRAME_BYTES.followed + 1 })],
  [
    'a body longer than announced',
    (raw) => raw.send('{"name":["whoami"],"args":[],"type":"sync"}', { length: 5 }),
  ],
  ['half a frame, then silence', (raw) => raw.send('x', { length: 100 })],
  [
    'one request number for two calls',
    (raw) => {
      const request = raw.call('createHistoryStream', 'source', `[{"id":"${VALID}","live":true}]`)
      raw.send(`{"name":["createHistoryStream"],"args":[{"id":"${VALID}","live":true}],"type":"source"}`, {
        request,
        flags: JSON_BODY | STREAM,
      })
    },
  ],
  [
    'a history that ends before it began',
    (raw) => {
      const request = raw.call('createHistoryStream', 'source', `[{"id":"${VALID}","live":true}]`)
      raw.send('true', { request, flags: JSON_BODY | STREAM | END })
      raw.send('true', { request, flags: JSON_BODY | STREAM | END })
    },
  ],
  [
    'an invite used twice in one breath',
    (raw) => {
      for (let i = 0; i < 2; i++) raw.call('invite.use', 'async', '[{}]')
    },
  ],
]

test('malformed frames end at most the connection they came by', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const keys = ssbKeys.generate()
  const bystander = await connectMember(t, relay, { keys: ssbKeys.generate() })
  await relay.operator.membersAdd(keys.id)
  let cut = 0
  for (const [name, send] of MALFORMED) {
    const raw = await connectRaw({ ...at(relay), keys })
    // long enough connected for the relay to have a stream of its own open
    clock.advance(2000)
    await until('the relay to ask', () => raw.frames.some(({ request }) => request > 0))
    send(raw)
    // its fate is sealed once something sent later has come back, or once it is cut
    const fate = raw.answer(raw.call('whoami', 'sync', '[]')).then(
      () => 'up',
      () => 'cut',
    )
    t.same(await within(`the bystander after ${name}`, bystander.rpc.whoami()), { id: relay.id }, name)
    // what swallows the next request leaves nothing to wait for
    if (!/longer than announced|half a frame|length of/.test(name)) {
      if ((await fate) === 'cut') cut += 1
    } else void fate.catch(() => {})
    tellsNothing(t, raw)
    raw.close()
  }
  t.comment(`${cut} of ${MALFORMED.length} cost the sender its connection`)
  t.equal((await relay.status()).members, 2)
  t.same(faults(relay), [])
  await until('the connections to be gone', async () => (await relay.status()).online === 1)
})

/** Connects and reads a history; it is refused at the door or at the method, as the relay's mode has it. */
async function readAs(t: Test, relay: BootedRelay, keys: Keys): Promise<unknown[]> {
  const client = await connectClient({ ...at(relay), keys })
  t.teardown(() => client.close())
  return collect(client.rpc.createHistoryStream({ id: relay.id }))
}

test('losing the membership cuts connections at once', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  const witness = await connectMember(t, relay, { keys: ssbKeys.generate() })

  const cases: Array<[string, (id: string) => Promise<unknown>]> = [
    ['unfollowed', (id) => operator.membersRemove(id)],
    ['blocked', (id) => operator.block(id, 'a test')],
  ]
  for (const [name, act] of cases) {
    await t.test(name, async (t) => {
      const keys = ssbKeys.generate()
      const first = await connectMember(t, relay, { keys })
      const second = await connectMember(t, relay, { keys })
      // with a stream open, so that there is something to be ended
      const stream = collect(first.rpc.createHistoryStream({ id: relay.id, live: true, old: false })).catch(
        (err) => err,
      )
      await first.rpc.whoami()
      await act(keys.id)
      await within('both connections to be cut', Promise.all([first.closed, second.closed]), 2000)
      await within('the stream to end', stream, 2000)
      await t.rejects(readAs(t, relay, keys), 'and there is no way back in')
      t.same(await witness.rpc.whoami(), { id: relay.id }, 'nobody else is cut')
    })
  }

  await t.test('by whoever vouched', async (t) => {
    const keys = ssbKeys.generate()
    const contact = await witness.rpc.follow({ feed: keys.id })
    t.match(contact.value.content, { contact: keys.id, following: true })
    const friend = await connectClient({ ...at(relay), keys })
    t.teardown(() => friend.close())
    await witness.rpc.follow({ feed: keys.id, following: false })
    await within('the friend to be cut', friend.closed, 2000)
    await t.rejects(readAs(t, relay, keys))
  })

  await t.test('a blocked feed gets in by no invite and learns no reason', async (t) => {
    const keys = ssbKeys.generate()
    await operator.block(keys.id, 'secret')
    const { code } = await operator.inviteCreate({})
    const guest = await connectClient({
      ...at(relay),
      keys: ssbKeys.generate('ed25519', parseInviteCode(code).seed),
    })
    t.teardown(() => guest.close())
    await t.rejects(guest.rpc.invite.use({ feed: keys.id }), { message: 'invite unknown' })
    t.match((await operator.inviteList()).at(-1), { used: 0 }, 'and uses nothing up')
    await operator.unblock(keys.id)
    t.match(await guest.rpc.invite.use({ feed: keys.id }), { value: { content: { contact: keys.id } } })
  })

  await t.test('its feed reads like one that never was', async (t) => {
    const feed = createTestFeed()
    feed.post(3)
    const author = await connectMember(t, relay, {
      keys: feed.keys,
      api: { createHistoryStream: historyOf(feed) },
    })
    await collect(author.rpc.createHistoryStream({ id: feed.id }))
    const read = (id: string): Promise<unknown[]> => collect(witness.rpc.createHistoryStream({ id }))
    await until('the feed', async () => (await read(feed.id)).length === 3)
    await operator.membersRemove(feed.id)
    t.same(await read(feed.id), await read(ssbKeys.generate().id))
  })
})

test('fifty connections use one code at once: exactly as many win as it has uses', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  for (const uses of [1, 3]) {
    await t.test(`${uses} of 50`, async (t) => {
      const { code } = await operator.inviteCreate({ uses })
      const { seed } = parseInviteCode(code)
      const before = (await operator.status()).members
      const guests = await Promise.all(
        Array.from({ length: 50 }, () =>
          connectClient({ ...at(relay), keys: ssbKeys.generate('ed25519', seed) }),
        ),
      )
      for (const guest of guests) t.teardown(() => guest.close())
      const feeds = guests.map(() => ssbKeys.generate().id)
      const answers = await Promise.allSettled(
        guests.map((guest, i) => guest.rpc.invite.use({ feed: feeds[i] })),
      )
      const won = feeds.filter((_, i) => answers[i]?.status === 'fulfilled')
      const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
      t.equal(won.length, uses)
      t.same(
        new Set(lost.map(({ message, code }) => `${message} (${code})`)),
        new Set(['invite used up (invite_used_up)']),
      )
      const members = new Set((await operator.membersList()).map(({ id }) => id))
      t.equal(members.size, before + uses)
      t.ok(
        won.every((id) => members.has(id)),
        'those who were told so are in',
      )
    })
  }

  await t.test('and for one and the same feed it is used once', async (t) => {
    const { code } = await operator.inviteCreate({ uses: 5 })
    const { seed } = parseInviteCode(code)
    const feed = ssbKeys.generate().id
    const guests = await Promise.all(
      Array.from({ length: 50 }, () =>
        connectClient({ ...at(relay), keys: ssbKeys.generate('ed25519', seed) }),
      ),
    )
    for (const guest of guests) t.teardown(() => guest.close())
    const answers = await Promise.allSettled(guests.map((guest) => guest.rpc.invite.use({ feed })))
    const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.message] : []))
    t.same(lost, Array(49).fill('already following'))
    t.match((await operator.inviteList()).at(-1), { used: 1, state: 'live' })
  })

  const contacts = (await operator.membersList()).length
  const own = await connectMember(t, relay, { keys: ssbKeys.generate() })
  const feed = await collect(own.rpc.createHistoryStream({ id: relay.id }))
  t.equal(feed.length, contacts + 1, "the relay's own feed holds one contact message for each, and no more")
})
