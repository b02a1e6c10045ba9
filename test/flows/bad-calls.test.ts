// SPDX-License-Identifier: AGPL-3.0-or-later
// Calls that no app makes: wrong arguments of every kind, extreme numbers, frames that are not muxrpc.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { FRAME_BYTES } from '../../src/lib/limits.js'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { collect } from '../helpers/client.js'
import { createTestClock } from '../helpers/clock.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { bootRelay, connectMember, until, within } from '../helpers/relay.js'
import { at, faults, isUp, tellsNothing } from './checks.js'
import { connectRaw, END, JSON_BODY, type RawClient, STREAM, TEXT } from './raw.js'
import { isRefusal, METHODS, type Method, refusalIn } from './table.js'

const VALID = ssbKeys.generate().id

/** Argument lists as JSON text, because JSON.stringify does not write all of them. */
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
  const ids = async () => (await relay.operator.membersList()).map(({ id }) => id)
  const before = await ids()
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
        // more arguments than any method takes are refused before they are read
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

  t.same(await ids(), before, 'nobody came in by any of it')
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

/** Frames that muxrpc does not write. Each is sent on its own connection, which may be closed or not. */
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
    // it was handled when a later call is answered, or when the connection is closed
    const fate = raw.answer(raw.call('whoami', 'sync', '[]')).then(
      () => 'up',
      () => 'cut',
    )
    t.same(await within(`the bystander after ${name}`, bystander.rpc.whoami()), { id: relay.id }, name)
    // a frame that contains the next request leaves nothing to wait for
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
