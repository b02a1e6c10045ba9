// SPDX-License-Identifier: AGPL-3.0-or-later
// The published vectors: canonical JSON, signatures, content hashes and redactions; and what has no canonical form.

import fc from 'fast-check'
import t from 'tap'
import { contentHash, countersign } from '../../src/matrix/event.js'
import { isDenied, isRoomId, isUserId, matchesGlob, parseServerName } from '../../src/matrix/ids.js'
import { canonicalJson, type JsonObject, parseJson } from '../../src/matrix/json.js'
import { redact, roomVersion } from '../../src/matrix/room-version.js'
import { signingKeyOf, signJson, verifyJson } from '../../src/matrix/signing.js'

const seed = Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64')
const key = signingKeyOf('1', seed)
const version = (id: string) => {
  const found = roomVersion(id)
  if (!found) throw new Error(id)
  return found
}

t.test('canonical JSON, as the appendices have it', async (t) => {
  const vectors: Array<[string, string]> = [
    ['{}', '{}'],
    ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
    ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
    [
      '{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe", "three_pids": [{"medium": "email", "address": "john.doe@example.org"}, {"medium": "msisdn", "address": "123456789"}]}}}',
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
    ],
    ['{"a": "日本語"}', '{"a":"日本語"}'],
    ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
    ['{"a": "\\u65E5"}', '{"a":"日"}'],
    ['{"a": null}', '{"a":null}'],
    ['{"a": -0}', '{"a":0}'],
  ]
  for (const [given, expected] of vectors) t.equal(canonicalJson(parseJson(given)), expected, given)
  t.equal(
    canonicalJson({ '\u{1f600}': 1, '\uffff': 2 }),
    '{"\uffff":2,"\u{1f600}":1}',
    'by code point, not by UTF-16',
  )
})

t.test('what has no canonical form is refused, and its neighbours are not', async (t) => {
  for (const text of [
    '1.5',
    '1.0',
    '1e3',
    '9007199254740993',
    '-9007199254740992',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '"\\ud800"',
    '"\\udc00x"',
  ])
    t.throws(() => canonicalJson(parseJson(text)), { name: 'MatrixError' }, text)
  const [bad, good] = parseJson('[{"a":1,"a":2},{"a":1}]') as JsonObject[]
  t.throws(() => canonicalJson(bad))
  t.equal(canonicalJson(good), '{"a":1}')
  for (const text of ['', '{', '[1,]', '{"a"}', '01', '"\n"', '{}x', 'nul', "{'a':1}", '"\\x"', '[1 2]'])
    t.throws(() => parseJson(text), { name: 'MatrixError' }, JSON.stringify(text))
  t.throws(() => parseJson('['.repeat(10_000)), { message: /deep/ })
  const proto = parseJson('{"__proto__":{"polluted":1}}') as JsonObject
  t.equal(canonicalJson(proto), '{"__proto__":{"polluted":1}}')
  t.equal(({} as { polluted?: number }).polluted, undefined)
})

t.test('parsing and writing are each other’s reverse', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      const isWhole =
        !/\d[.eE]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '""')) && !/\\u[dD][89a-fA-F]/.test(text)
      if (!isWhole || /\d{16}/.test(text)) return
      t.same(JSON.parse(canonicalJson(parseJson(text))), JSON.parse(text))
    }),
  )
})

t.test('signatures of JSON and of events', async (t) => {
  const empty = signJson({}, 'domain', key)
  t.same(empty.signatures, {
    domain: {
      'ed25519:1': 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ',
    },
  })
  const values = signJson({ one: 1, two: 'Two' }, 'domain', key)
  const signature = 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw'
  t.same(values.signatures, { domain: { 'ed25519:1': signature } })
  t.ok(verifyJson(values, signature, key.public))
  t.notOk(verifyJson({ ...values, one: 2 }, signature, key.public))
  t.notOk(verifyJson(values, signature, 'short'))

  const minimal = {
    ...{ room_id: '!x:domain', sender: '@a:domain', origin: 'domain', origin_server_ts: 1_000_000 },
    ...{ signatures: {}, hashes: {}, type: 'X', content: {}, prev_events: [], auth_events: [], depth: 3 },
    unsigned: { age_ts: 1_000_000 },
  }
  t.equal(contentHash(minimal), '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos')
  const signed = countersign(
    { ...minimal, hashes: { sha256: contentHash(minimal) } },
    version('10'),
    'domain',
    key,
  )
  t.same(signed.signatures, {
    domain: {
      'ed25519:1': 'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
    },
  })
  const message = {
    ...{ content: { body: 'Here is the message content' }, event_id: '$0:domain', origin: 'domain' },
    ...{ origin_server_ts: 1_000_000, type: 'm.room.message', room_id: '!r:domain', sender: '@u:domain' },
    ...{ signatures: {}, unsigned: { age_ts: 1_000_000 } },
  }
  const { event_id: _, ...hashed } = message
  t.equal(contentHash(message), 'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g')
  t.not(contentHash(hashed), contentHash(message))
})

t.test('redactions, per room version', async (t) => {
  const event = (type: string, content: JsonObject): JsonObject => ({
    type,
    content,
    origin: 'o',
    membership: 'x',
    more: 1,
  })
  const left = (id: string, type: string, content: JsonObject) => redact(event(type, content), version(id))
  t.same(left('10', 'm.room.message', { body: 'x' }), {
    type: 'm.room.message',
    content: {},
    origin: 'o',
    membership: 'x',
  })
  t.same(left('11', 'm.room.message', { body: 'x' }), { type: 'm.room.message', content: {} })
  t.same(left('10', 'm.room.create', { creator: 'a', room_version: '10' }).content, { creator: 'a' })
  t.same(left('11', 'm.room.create', { creator: 'a', room_version: '11' }).content, {
    creator: 'a',
    room_version: '11',
  })
  t.same(left('10', 'm.room.power_levels', { ban: 1, invite: 2, notifications: {} }).content, { ban: 1 })
  t.same(left('12', 'm.room.power_levels', { ban: 1, invite: 2, notifications: {} }).content, {
    ban: 1,
    invite: 2,
  })
  t.same(left('12', 'm.room.redaction', { redacts: '$x', reason: 'r' }).content, { redacts: '$x' })
  t.same(left('12', 'm.room.join_rules', { join_rule: 'public', allow: [], x: 1 }).content, {
    join_rule: 'public',
    allow: [],
  })
  const invite = {
    membership: 'invite',
    displayname: 'd',
    third_party_invite: { signed: {}, display_name: 'n' },
  }
  t.same(left('11', 'm.room.member', invite).content, {
    membership: 'invite',
    third_party_invite: { signed: {} },
  })
  t.same(left('10', 'm.room.member', invite).content, { membership: 'invite' })
})

t.test('identifiers', async (t) => {
  for (const name of [
    'example.org',
    'example.org:8448',
    '1.2.3.4',
    '1.2.3.4:1',
    '[::1]',
    '[2001:db8::1]:443',
  ])
    t.ok(parseServerName(name), name)
  for (const name of [
    '',
    'a b',
    'example.org:',
    'example.org:0',
    'example.org:65536',
    '[::1',
    '::1',
    'a/b',
    'ä.org',
    'a@b',
    'x'.repeat(300),
    5,
    null,
  ])
    t.notOk(parseServerName(name), String(name))
  t.ok(isUserId('@a:example.org'))
  for (const id of [
    'a:example.org',
    '@a',
    '@a b:example.org',
    '@a:b c',
    `@${'x'.repeat(255)}:e`,
    '@\u0000:e',
  ])
    t.notOk(isUserId(id), JSON.stringify(id))
  t.ok(isRoomId(`!${'A'.repeat(43)}`))
  t.notOk(isRoomId(`!${'A'.repeat(42)}`))
  t.ok(isRoomId('!x:example.org'))
})

t.test('server_acl: globs, and that a room without an allow list takes nobody', async (t) => {
  t.ok(matchesGlob('*.example.org', 'a.b.example.org'))
  t.notOk(matchesGlob('*.example.org', 'example.org'))
  t.ok(matchesGlob('ex?mple.org', 'EXAMPLE.org'))
  t.notOk(matchesGlob(`${'*a'.repeat(40)}b`, 'a'.repeat(5000)), 'and takes no exponential time')
  t.ok(isDenied({ allow: ['*'], deny: ['evil.org'] }, 'evil.org:8448'), 'a port is no way round')
  t.notOk(isDenied({ allow: ['*'], deny: ['evil.org'] }, 'good.org'))
  t.ok(isDenied({ deny: [] }, 'good.org'))
  t.ok(isDenied({ allow: ['*'], allow_ip_literals: false }, '1.2.3.4'))
  t.notOk(isDenied(undefined, 'good.org'))
})
