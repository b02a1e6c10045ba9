// SPDX-License-Identifier: AGPL-3.0-or-later
// Feed ids: one spelling per key.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { feedIdOf, isFeedId, keyOf, readFeedId } from '../../src/ssb/feed-id.js'

const { fromFeedSigil } = createRequire(import.meta.url)('ssb-uri2')

t.test('a key converts to a feed id and back', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const id = feedIdOf(key)
      return isFeedId(id) && keyOf(id).equals(Buffer.from(key))
    }),
  )
  t.pass('for any 32 bytes')
})

t.test('other values are rejected', async (t) => {
  const good = feedIdOf(Buffer.alloc(32, 7))
  const wrong: unknown[] = [
    undefined,
    null,
    7,
    {},
    [good],
    '',
    '__proto__',
    good.slice(1),
    good.replace('@', '%'),
    good.replace('.ed25519', '.sha256'),
    good.replace('=.ed25519', '.ed25519'),
    `${good}\n`,
    ` ${good}`,
    `${good}?x=1`,
    '@AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=.ed25519',
    feedIdOf(Buffer.alloc(31)),
    feedIdOf(Buffer.alloc(33)),
  ]
  for (const value of wrong) {
    t.notOk(isFeedId(value), String(value))
    t.throws(() => keyOf(value as string), { code: 'bad_feed_id' }, 'and makes no key')
  }
})

t.test('SSB URIs and copied ids are read', async (t) => {
  const id = '@+/71cpT5VYwC7oEC1FVDkUWoZ1rTmzuZYOk0zHuC8wI=.ed25519'
  const key = '-_71cpT5VYwC7oEC1FVDkUWoZ1rTmzuZYOk0zHuC8wI='
  t.equal(readFeedId(fromFeedSigil(id)), id, 'as ssb-uri2 writes it')
  for (const text of [
    ...[id, ` ${id}\n`, `"${id}"`, `'${id}'`, `ssb:feed/ed25519/${key}`, `ssb://feed/ed25519/${key}`],
    ...[`ssb:feed/classic/${key}`, `ssb:feed:ed25519:${key}`, `SSB:feed/ed25519/${key}?msAddr=x`],
    ...[`ssb:feed/ed25519/${key.slice(0, -1)}`, `web+ssb:feed/ed25519/${key}`],
  ])
    t.equal(readFeedId(text), id, text)
  for (const text of [
    ...[
      '',
      '@',
      `ssb:message/sha256/${key}`,
      `ssb:feed/bendybutt-v1/${key}`,
      `ssb:feed/ed25519/${key}x`,
      `x${id}`,
    ],
    ...[
      `ssb:feed/ed25519/${key.slice(1)}`,
      `ssb:feed/ed25519/${key.slice(0, -2)}J=`,
      `${id}${' '.repeat(600)}`,
    ],
    ...[null, undefined, 5, [id], { id }],
  ])
    t.equal(readFeedId(text), null, String(text))
})
