// SPDX-License-Identifier: AGPL-3.0-or-later
// Invite codes: format and parse.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { feedIdOf } from '../../src/ssb/feed-id.js'
import { formatInviteCode, guestIdOf, parseInviteCode, seedOf, tokenOf } from '../../src/ssb/invite-code.js'

const relay = feedIdOf(Buffer.alloc(32, 9))
const seed = Buffer.alloc(32, 3)
const code = formatInviteCode({ host: 'relay.example.org', port: 8008, relay, seed })

t.test('a seed has one token', async (t) => {
  const seed = randomBytes(32)
  const token = tokenOf(seed)
  t.match(token, /^[\w-]{43}$/)
  t.same(seedOf(token), seed)
  const last = token.at(-1) as string
  const spellings = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const other = spellings[spellings.indexOf(last) + 1] as string
  for (const none of [
    `${token}=`,
    token.slice(1),
    `${token}A`,
    ` ${token}`,
    `${token}\n`,
    token.slice(0, -1) + other,
  ])
    t.equal(seedOf(none), null, none)
  for (const none of ['', undefined, null, 7, [token], { length: 43 }]) t.equal(seedOf(none), null)
})

t.test('the form of the protocol guide', async (t) => {
  t.equal(code, `relay.example.org:8008:${relay}~${seed.toString('base64')}`)
  t.equal(guestIdOf(seed), ssbKeys.generate('ed25519', seed).id, 'the guest key is made from the seed')
})

t.test('a formatted code parses to the same values', async (t) => {
  const hosts = fc.constantFrom('a.b', '10.0.0.7', '::1', `${'x'.repeat(56)}.onion`, 'localhost')
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(hosts, fc.integer({ min: 1, max: 65535 }), bytes, (host, port, raw) => {
      const given = { host, port, relay, seed: Buffer.from(raw) }
      t.same(parseInviteCode(formatInviteCode(given)), given)
    }),
    { numRuns: 50 },
  )
})

t.test('quotes and spaces around a code are ignored', async (t) => {
  t.same(parseInviteCode(`  "${code}"\n`), parseInviteCode(code))
})

t.test('an incomplete code is rejected', async (t) => {
  for (let length = 0; length < code.length; length += 7) {
    t.throws(
      () => parseInviteCode(code.slice(0, length)),
      { code: 'invite_malformed' },
      `${length} characters`,
    )
  }
  const wrong = [
    code.replace(':8008:', ':0:'),
    code.replace(':8008:', ':65536:'),
    code.replace('~', ''),
    code.replace('ed25519', 'sha256'),
    `${code}=`,
    code.repeat(5),
  ]
  for (const text of wrong)
    t.throws(() => parseInviteCode(text), { code: 'invite_malformed' }, text.slice(0, 80))
})
