// Feed ids: one spelling per key, and back again.

import fc from 'fast-check'
import t from 'tap'
import { feedIdOf, isFeedId, keyOf } from '../../src/ssb/feed-id.js'

t.test('every key has a feed id that reads back to it', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const id = feedIdOf(key)
      return isFeedId(id) && keyOf(id).equals(Buffer.from(key))
    }),
  )
  t.pass('for any 32 bytes')
})

t.test('anything else is no feed id', async (t) => {
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
