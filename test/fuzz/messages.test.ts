// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages: our verdict beside those of ssb-validate, ssb-classic and the public ssb-validation-dataset.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import { signMessage, verifyMessage } from '../../src/ssb/message.js'
import { createTestFeed } from '../helpers/feed.js'
import { anyJson, fuzz } from './fuzz.js'

const require = createRequire(import.meta.url)
const dataset = require('ssb-validation-dataset')
const ssbValidate = require('ssb-validate')

interface Vector {
  state: { id: string; sequence: number } | null
  hmacKey: unknown
  message: Record<string, unknown> | null
  valid: boolean
  error: string | null
  id: string
}

/** Our verdict: null, or the message's id. @throws all but a coded error */
function verdict(value: unknown): string | null {
  try {
    return `%${verifyMessage(value).hash}.sha256`
  } catch (err) {
    if (err instanceof RelayError) return null
    throw err
  }
}

/** ssb-validate's verdict on a message that stands alone: its place in the feed is made to fit. */
function reference(value: { author?: unknown; sequence?: unknown; previous?: unknown }): boolean {
  const { author, sequence, previous } = value
  const before =
    typeof sequence === 'number' && sequence > 1 ? { id: previous, sequence: sequence - 1 } : null
  const state = ssbValidate.initial()
  if (before && typeof author === 'string') state.feeds[author] = { ...before, timestamp: 0, queue: [] }
  try {
    return !ssbValidate.append(state, null, value).error
  } catch {
    return false
  }
}

t.test('the public dataset, verdict by verdict', async (t) => {
  const vectors = (dataset as Vector[]).filter(({ hmacKey }) => hmacKey === null)
  t.ok(vectors.length > 50)
  for (const { message, valid, error, id } of vectors) {
    // A gap or another predecessor is no fault of the message (SPIP-02).
    if (error === 'Message previous must be the previous message ID') continue
    t.equal(verdict(message), valid ? id : null, error ?? 'valid')
  }
})

/** Differences that are wanted; each is stricter than ssb-validate. */
function isStricter(value: Record<string, unknown>): boolean {
  const { sequence, content, previous, author, signature } = value
  return (
    !Number.isSafeInteger(sequence) ||
    (sequence as number) < 1 ||
    (typeof content === 'string' && !/\.box2?$/.test(content)) ||
    // one spelling of each id and signature
    [previous, author, signature].some(
      (text) => typeof text === 'string' && !/[A-Za-z0-9+/]=?=\./.test(text),
    ) ||
    (sequence !== 1 && typeof previous !== 'string')
  )
}

/** ssb-validate wants canonical base64 before `.box`; ssb-classic, which apps run now, does not, and neither do we. */
const isClassic = ({ content }: Record<string, unknown>): boolean =>
  typeof content === 'string' && !isBoxed.test(content)
const isBoxed: RegExp = require('is-canonical-base64')('', '\\.box.*')

t.test('signed messages with any content and any change', async (t) => {
  const keys = ssbKeys.generate()
  const first = JSON.parse(signMessage(keys, null, { type: 'post' }, 1).json)
  const fields = Object.keys(first)
  const anyField = fc.oneof(
    anyJson(),
    fc.constantFrom<unknown>(
      1,
      2,
      '@a.ed25519',
      keys.id,
      'sha256',
      'x.box',
      'x.box2',
      '.sig.ed25519',
      -1,
      1.5,
    ),
  )
  const changes = fc.array(fc.tuple(fc.constantFrom(...fields, 'more'), anyField), { maxLength: 2 })
  let [valid, invalid] = [0, 0]
  await fuzz(
    fc.property(
      changes,
      fc.boolean(),
      fc.constantFrom('', 'reverse', 'drop', 'swap'),
      (some, signed, order) => {
        let entries = Object.entries({ ...first, ...Object.fromEntries(some) })
        if (order === 'reverse') entries.reverse()
        if (order === 'drop') entries = entries.slice(1)
        if (order === 'swap') entries.splice(1, 2, ...entries.slice(1, 3).reverse())
        let value: Record<string, unknown> = Object.fromEntries(entries)
        if (signed) {
          const { signature: _, ...rest } = value
          value = ssbKeys.signObj(keys, null, rest) as Record<string, unknown>
        }
        const [ours, theirs] = [verdict(value), reference(value)]
        if (ours) valid += 1
        else invalid += 1
        if (ours && !theirs && !isClassic(value)) throw new Error('we accept what ssb-validate rejects')
        if (!ours && theirs && !isStricter(value)) throw new Error('we reject what ssb-validate accepts')
        if (ours && ours !== ssbValidate.id(value)) throw new Error('another id')
      },
    ),
    { cost: 4 },
  )
  t.ok(valid > 0 && invalid > 0, `${valid} valid, ${invalid} invalid`)
})

t.test('feeds in a row', async (t) => {
  const feed = createTestFeed()
  await fuzz(
    fc.property(fc.string({ maxLength: 4500 }), (text) => {
      const [value] = feed.post(1, text)
      const [ours, theirs] = [verdict(value), reference(value as never)]
      if (!ours !== !theirs) throw new Error(`we say ${ours}, ssb-validate ${theirs}`)
    }),
    { cost: 10 },
  )
  t.pass('both agree')
})

t.test('values of any shape', async (t) => {
  await fuzz(
    fc.property(anyJson(6), (value) => {
      if (verdict(value) !== null) throw new Error('accepted')
    }),
  )
  t.pass('rejected with a code')
})
