// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages: ssb-classic accepts ours, and every invalid message is rejected.

import validation from 'ssb-classic/validation.js'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { MESSAGE_CHARS } from '../../src/lib/limits.js'
import {
  encodeStored,
  type MessageValue,
  parseStored,
  storedHash,
  storedReceived,
  storedValue,
  verifyMessage,
} from '../../src/ssb/message.js'
import { createTestFeed } from '../helpers/feed.js'

const feed = createTestFeed()
const [first, second] = feed.post(2) as [MessageValue, MessageValue]

/** Signs any value, so that the signature is valid and another field is not. */
function signed(change: Record<string, unknown>, base: MessageValue = second): unknown {
  const { signature: _, ...rest } = { ...base, ...change }
  return ssbKeys.signObj(feed.keys, null, rest)
}

t.test('ssb-classic accepts our messages and their chain', async (t) => {
  for (const value of [first, second]) {
    validation.validateOOO(value, null, (err) => t.error(err))
  }
  t.equal(first.previous, null)
  t.equal(second.previous, `%${ssbKeys.hash(JSON.stringify(first, null, 2))}`)
  t.match(verifyMessage(first), { author: feed.id, sequence: 1, json: JSON.stringify(first) })
})

t.test('the stored form has each field at its place', async (t) => {
  const message = verifyMessage(createTestFeed().post(1, 'ünï 🦀 codé')[0])
  for (const received of [1_700_000_000_123.7, 12_345]) {
    const stored = encodeStored(message, received)
    t.equal(storedHash(stored), message.hash)
    t.equal(storedValue(stored).toString(), message.json)
    t.equal(storedReceived(stored), Math.max(1_000_000_000_000, Math.trunc(received)))
    t.same(parseStored(stored), {
      key: `%${message.hash}.sha256`,
      value: JSON.parse(message.json),
      timestamp: storedReceived(stored),
    })
  }
})

t.test('an invalid message is rejected', async (t) => {
  const { signature: _, ...unsigned } = second
  const flaws: Array<[string, unknown]> = [
    ['null', null],
    ['a number', 7],
    ['an array', [second]],
    ['an empty object', {}],
    ['no signature', unsigned],
    ['a signature of another key', ssbKeys.signObj(ssbKeys.generate(), null, unsigned)],
    ['a changed text', { ...second, content: { type: 'post', text: 'forged' } }],
    ['a changed sequence', { ...second, sequence: 3 }],
    ['an unknown author form', signed({ author: feed.id.replace('.ed25519', '.sha256') })],
    ['a sequence of zero', signed({ sequence: 0 })],
    ['a negative sequence', signed({ sequence: -1 })],
    ['a broken sequence', signed({ sequence: 1.5 })],
    ['a sequence as text', signed({ sequence: '2' })],
    ['a huge sequence', signed({ sequence: 2 ** 53 })],
    ['a sequence beyond the key', signed({ sequence: 2 ** 48 })],
    ['no previous', signed({ previous: null })],
    ['a previous that is no message id', signed({ previous: '%abc' })],
    ['a first message with a previous', signed({ previous: second.previous }, first)],
    ['a timestamp as text', signed({ timestamp: 'now' })],
    ['a null timestamp', signed({ timestamp: null })],
    ['another hash', signed({ hash: 'sha512' })],
    ['content without a type', signed({ content: { text: 'x' } })],
    ['content that is an array', signed({ content: ['x'] })],
    ['text content that is not boxed', signed({ content: 'hello' })],
    ['one field more', signed({ extra: 1 })],
    ['a signature that is no base64', { ...second, signature: '!!!.sig.ed25519' }],
    ['a short signature', { ...second, signature: 'AAAA.sig.ed25519' }],
  ]
  for (const [name, value] of flaws) t.throws(() => verifyMessage(value), { code: 'message_invalid' }, name)

  const { previous, sequence, author, timestamp, hash, content } = second
  const shuffled = ssbKeys.signObj(feed.keys, null, { author, previous, sequence, timestamp, hash, content })
  t.throws(() => verifyMessage(shuffled), { code: 'message_invalid' }, 'fields in another order')
  t.doesNotThrow(
    () =>
      verifyMessage(
        ssbKeys.signObj(feed.keys, null, { previous, author, sequence, timestamp, hash, content }),
      ),
    'author before sequence is an old and lawful order',
  )
})

t.test('the size limit is exact', async (t) => {
  const at = (length: number): unknown => {
    const bare = JSON.stringify(signed({ content: { type: 'post', text: '' } }), null, 2).length
    return signed({ content: { type: 'post', text: 'a'.repeat(length - bare) } })
  }
  t.equal(JSON.stringify(at(MESSAGE_CHARS), null, 2).length, MESSAGE_CHARS)
  t.doesNotThrow(() => verifyMessage(at(MESSAGE_CHARS)))
  t.throws(() => verifyMessage(at(MESSAGE_CHARS + 1)), { code: 'message_too_large' })
})

t.test('a message cannot reach a prototype', async (t) => {
  const value = JSON.parse(JSON.stringify(second).replace('{', '{"__proto__":{"polluted":true},'))
  t.throws(() => verifyMessage(value), { code: 'message_invalid' })
  t.equal(({} as Record<string, unknown>).polluted, undefined)
})

t.test('deep nesting is rejected before it is indented', async (t) => {
  const depth = 100_000
  const nested = JSON.parse(`{"type":"post","a":${'['.repeat(2000)}${']'.repeat(2000)}}`)
  const small = signed({ content: nested })
  // indented, this has some 8 MB
  t.throws(() => verifyMessage(small), { code: 'message_too_large' })
  const wide = signed({ content: { type: 'post', text: 'x'.repeat(depth) } })
  t.throws(() => verifyMessage(wide), { code: 'message_too_large' })
})
