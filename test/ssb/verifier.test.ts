// SPDX-License-Identifier: AGPL-3.0-or-later
// The verifier: the same verdicts on the event loop and in the thread, in order, a bounded piece of work in each turn.

import { randomBytes } from 'node:crypto'
import validation from 'ssb-classic/validation.js'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { VERIFY_THREAD_BACKLOG } from '../../src/lib/limits.js'
import { type MessageValue, type VerifiedMessage, verifyMessage } from '../../src/ssb/message.js'
import { createVerifier, type Verdict } from '../../src/ssb/verifier.js'
import { createTestFeed } from '../helpers/feed.js'
import { until } from '../helpers/wait.js'

const told = (verdict: Verdict): string =>
  verdict instanceof Error ? verdict.message : `${verdict.sequence} ${verdict.hash} ${verdict.previous}`
const here = (value: unknown): string => {
  try {
    return told(verifyMessage(value))
  } catch (err) {
    return (err as Error).message
  }
}

/** Points of small order and their other spellings: where one of them is a key or half a signature, libraries differ. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
].map((hex) => Buffer.from(hex, 'hex'))
/** The order of the curve's group, little-endian. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function forged(author: Buffer, signature: Buffer): unknown {
  return {
    previous: null,
    sequence: 1,
    author: `@${author.toString('base64')}.ed25519`,
    timestamp: 1,
    hash: 'sha256',
    content: { type: 'post', text: 'small' },
    signature: `${signature.toString('base64')}.sig.ed25519`,
  }
}

/** Messages that are sound, flawed in one byte, and made of what edge cases of ed25519 are made of. */
function samples(): unknown[] {
  const feed = createTestFeed()
  const values: unknown[] = feed.post(60, 'ünï 🦀 \u0001 codé')
  const bit = (signature: string, at: number): string => {
    const bytes = Buffer.from(signature, 'base64')
    bytes[at >> 3] = (bytes[at >> 3] as number) ^ (1 << (at & 7))
    return `${bytes.toString('base64')}.sig.ed25519`
  }
  const [first] = feed.messages as [MessageValue]
  for (const at of [0, 7, 255, 256, 500, 508, 509, 510, 511])
    values.push({ ...first, signature: bit(first.signature, at) })
  // the same signature with S + L, which is S in another spelling
  const bytes = Buffer.from(first.signature, 'base64')
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + ORDER
  Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes, 32)
  values.push({ ...first, signature: `${bytes.toString('base64')}.sig.ed25519` })
  const zero = Buffer.alloc(32)
  const good = Buffer.from(feed.id.slice(1, -8), 'base64')
  for (const a of SMALL_ORDER) {
    for (const r of SMALL_ORDER) values.push(forged(a, Buffer.concat([r, zero])))
    values.push(forged(good, Buffer.concat([a, zero])))
    values.push(forged(a, randomBytes(64)))
  }
  values.push(null, 7, 'x', [], {}, { ...first, content: { type: 'post', text: '\ud800' } })
  const { signature: _, ...rest } = first
  values.push(ssbKeys.signObj(feed.keys, null, { ...rest, content: { type: 'post', text: '\ud800 alone' } }))
  return values
}

t.test('the field’s own validation says the same of every sample', async (t) => {
  for (const value of samples()) {
    let problem: unknown = null
    try {
      validation.validateOOO(value, null, (err) => {
        problem = err ?? null
      })
    } catch (err) {
      problem = err
    }
    const accepts = !/invalid|large/.test(here(value))
    t.equal(accepts, problem === null, JSON.stringify(value))
  }
})

t.test('the thread says the same, in order, and ends with the verifier', async (t) => {
  const verifier = createVerifier({ processors: 2 })
  const round = samples()
  const values = Array.from({ length: 30 }, () => round).flat()
  const got: string[] = []
  const lane = verifier.lane((verdicts) => got.push(...verdicts.map(told)))
  const push = (): void => {
    for (const value of values) lane.push(() => value)
  }
  t.ok(values.length > VERIFY_THREAD_BACKLOG)
  push()
  t.equal(got.length, 0, 'nothing within push')
  await until('the thread', () => verifier.hasThread())
  await until('all', () => got.length === values.length)
  // by now it takes work
  push()
  await until('all again', () => got.length === 2 * values.length)
  const wanted = values.map(here)
  t.same(got, [...wanted, ...wanted])
  await verifier.close()
  t.notOk(verifier.hasThread())
})

t.test('what the thread has when it ends is checked all the same', async (t) => {
  const verifier = createVerifier({ processors: 2 })
  const feed = createTestFeed()
  const values = feed.post(400)
  const got: Verdict[] = []
  const lane = verifier.lane((verdicts) => got.push(...verdicts))
  for (const value of values) lane.push(() => value)
  await until('the thread', () => verifier.hasThread())
  for (let i = 0; i < 5; i++) for (const value of values) lane.push(() => value)
  await until('some', () => got.length > 1000)
  await verifier.close()
  await new Promise(setImmediate)
  t.same(
    got.map((verdict) => (verdict as VerifiedMessage).sequence),
    got.map((_, i) => (i % 400) + 1),
    'no hole and no other order',
  )
})

t.test('one processor has no thread; streams are served in turn, and other work between turns', async (t) => {
  let uptime = 0
  const verifier = createVerifier({ processors: 1, uptime: () => uptime++ })
  const [long, short] = [createTestFeed(), createTestFeed()]
  long.post(200)
  short.post(2)
  const order: string[] = []
  const lane = (name: string) =>
    verifier.lane((verdicts) => {
      order.push(...verdicts.map(() => name))
    })
  const first = lane('long')
  for (const value of long.messages) first.push(() => value)
  const second = lane('short')
  for (const value of short.messages) second.push(() => value)
  let turns = 0
  while (order.length < 202) {
    await new Promise(setImmediate)
    turns += 1
  }
  t.ok(turns > 5, `${turns} turns`)
  t.ok(order.lastIndexOf('short') < 30, 'the short stream does not wait for the long one')
  t.notOk(verifier.hasThread())
  first.push(() => long.messages[0])
  first.close()
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
  t.equal(order.length, 202, 'a stream that is closed hears nothing')
  await verifier.close()
})
