// SPDX-License-Identifier: AGPL-3.0-or-later
// The sign-in bridge: a challenge is for one browser, one app and one try; all rejections look the same.

import { randomBytes } from 'node:crypto'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  CHALLENGE_MS,
  HOUR,
  SOLUTION_MS,
  SOLUTIONS_AT_ONCE,
  SOLUTIONS_PER_HOUR,
  SOLVED_PER_MEMBER,
} from '../../src/lib/limits.js'
import { createSignInBridge } from '../../src/room/sign-in.js'
import { solve } from '../../src/ssb/http-auth.js'
import { createTestClock } from '../helpers/clock.js'
import { exposedGc } from '../helpers/gc.js'

const challenge = (): string => randomBytes(32).toString('base64')
const server = ssbKeys.generate().id
const alice = ssbKeys.generate()
const bob = ssbKeys.generate()
const stranger = ssbKeys.generate()

function bridgeOf(t: { teardown(fn: () => unknown): void }) {
  const clock = createTestClock()
  const members = new Set([alice.id, bob.id])
  const bridge = createSignInBridge(clock, server, (feed) => members.has(feed))
  t.teardown(() => {
    bridge.close()
    if (clock.pending() > 0) throw new Error('a timer was left')
  })
  /** Starts a sign-in as a browser does; returns its challenge. */
  const begin = (): string => bridge.challengeOf(bridge.begin()) as string
  return { clock, members, bridge, begin }
}

t.test('a challenge is solved once and collected once', async (t) => {
  const { bridge, begin } = bridgeOf(t)
  const sc = begin()
  const cc = challenge()
  let told = 0
  bridge.watch(sc, () => {
    told += 1
  })
  t.equal(bridge.state(sc), 'waiting')
  t.equal(bridge.collect(sc), null, 'nobody has solved it')
  t.ok(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })))
  t.equal(told, 1)
  t.equal(bridge.state(sc), 'solved')
  t.notOk(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })), 'not twice')
  t.notOk(bridge.solve(bob.id, sc, cc, solve(bob, { server, sc, cc })), 'nor by another afterwards')
  t.equal(bridge.collect(sc), alice.id)
  t.equal(bridge.collect(sc), null)
  t.equal(bridge.state(sc), 'gone')
})

t.test('a wrong solution is rejected and uses the challenge up', async (t) => {
  const { bridge, clock, begin } = bridgeOf(t)
  const cc = challenge()
  const wrong: Array<[string, (sc: string) => [string, unknown, unknown]]> = [
    ['signed by another key', (sc) => [bob.id, cc, solve(alice, { server, sc, cc })]],
    ['signed for another server', (sc) => [alice.id, cc, solve(alice, { server: bob.id, sc, cc })]],
    ['signed over another challenge', (sc) => [alice.id, challenge(), solve(alice, { server, sc, cc })]],
    ['no signature', () => [alice.id, cc, 'x']],
    ['an object', () => [alice.id, cc, { length: 3 }]],
    ['a short challenge', (sc) => [alice.id, 'cc', solve(alice, { server, sc, cc: 'cc' })]],
    ['nothing', () => [alice.id, undefined, undefined]],
  ]
  for (const [name, make] of wrong) {
    const sc = begin()
    const [feed, given, solution] = make(sc)
    t.equal(bridge.solve(feed, sc, given, solution), false, name)
    t.equal(bridge.state(sc), 'failed', name)
    t.equal(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })), false, 'one try')
    t.equal(bridge.collect(sc), null)
    // the failure does not count against the next challenge
    clock.advance(CHALLENGE_MS)
  }
  for (const sc of [challenge(), '', 'toString', 7, null, { toString: () => 'x' }])
    t.equal(bridge.solve(alice.id, sc, cc, 'x'), false, 'no such challenge')
  const strangers = begin()
  t.equal(bridge.solve(stranger.id, strangers, cc, solve(stranger, { server, sc: strangers, cc })), false)
  t.equal(bridge.state(strangers), 'waiting', 'whoever is no member leaves no trace')
  const sc = begin()
  clock.advance(CHALLENGE_MS)
  t.equal(bridge.state(sc), 'gone')
  t.equal(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })), false, 'too late')
})

t.test('membership is checked at collection, and the member can cancel', async (t) => {
  const { bridge, members, begin } = bridgeOf(t)
  const solved = (): string => {
    const [sc, cc] = [begin(), challenge()]
    t.ok(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })))
    return sc
  }
  const voided = solved()
  bridge.invalidate(bob.id)
  t.equal(bridge.state(voided), 'solved')
  bridge.invalidate(alice.id)
  t.equal(bridge.collect(voided), null)
  const late = solved()
  members.delete(alice.id)
  t.equal(bridge.collect(late), null)
})

t.test('a ticket gives one challenge, in this process, for ten minutes', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const { bridge: another } = bridgeOf(t)
  const ticket = bridge.begin()
  const sc = bridge.challengeOf(ticket) as string
  t.match(sc, /^[A-Za-z0-9+/]{43}=$/)
  t.equal(bridge.challengeOf(ticket), sc, 'the same again')
  t.not(another.challengeOf(ticket), sc)
  t.equal(another.state(sc), 'gone')
  t.not(bridge.challengeOf(bridge.begin()), sc)
  const changed = (at: number): string => {
    const bytes = Buffer.from(ticket, 'base64url')
    bytes.writeUInt8((bytes.readUInt8(at) + 1) % 256, at)
    return bytes.toString('base64url')
  }
  t.not(bridge.challengeOf(changed(0)), sc)
  t.equal(bridge.challengeOf(changed(24)), null, 'an end later than ours')
  for (const junk of ['', sc, '__proto__', `${ticket}A`, 'A'.repeat(38)])
    t.equal(bridge.challengeOf(junk), null)
  const bytes = Buffer.from(sc, 'base64')
  bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10)
  const forged = bytes.toString('base64')
  t.equal(bridge.state(forged), 'gone')
  t.equal(bridge.solve(alice.id, forged, sc, solve(alice, { server, sc: forged, cc: sc })), false)
  clock.advance(CHALLENGE_MS)
  t.equal(bridge.challengeOf(ticket), null)
})

t.test('each member has a limit of answers of its own', async (t) => {
  const { bridge, clock, begin } = bridgeOf(t)
  const cc = challenge()
  const first = begin()
  const solved = (sc: string): boolean => bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc }))
  t.ok(solved(first))
  for (let i = 1; i < SOLVED_PER_MEMBER; i++) t.ok(solved(begin()))
  t.notOk(solved(begin()))
  const bobs = begin()
  t.ok(bridge.solve(bob.id, bobs, cc, solve(bob, { server, sc: bobs, cc })))
  t.equal(bridge.collect(first), alice.id)
  clock.advance(CHALLENGE_MS)
  t.ok(solved(begin()))
})

t.test('an app is asked once for each of its challenges', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const asked: string[] = []
  const refused = async (cc: string, why: string): Promise<void> => {
    const answer = t.rejects(bridge.ask(alice.id, cc), { code: 'sign_in_refused' }, why)
    clock.advance(SOLUTION_MS)
    await answer
  }
  bridge.connect((feed, sc, cc) => {
    asked.push(feed)
    return Promise.resolve(solve(alice, { server, sc, cc }))
  })
  const cc = challenge()
  await bridge.ask(alice.id, cc)
  t.same(asked, [alice.id])
  await refused(cc, 'the address seen by somebody else')
  t.equal(asked.length, 1, 'the app is left alone')
  for (let i = 1; i < SOLUTIONS_PER_HOUR; i++) await bridge.ask(alice.id, challenge())
  await refused(challenge(), 'one more than a person needs')
  t.equal(asked.length, SOLUTIONS_PER_HOUR)
  clock.advance(HOUR)
  bridge.connect(() => null)
  for (let i = 0; i <= SOLUTIONS_PER_HOUR; i++) await refused(challenge(), 'while the app is away')
  asked.length = 0
  bridge.connect((feed) => {
    asked.push(feed)
    return Promise.resolve(null)
  })
  for (let i = 0; i <= SOLUTIONS_PER_HOUR; i++) await refused(challenge(), 'a flood of them')
  t.equal(asked.length, SOLUTIONS_PER_HOUR, 'the app is left alone')
  clock.advance(HOUR)
  bridge.connect((_, sc, cc) => Promise.resolve(solve(alice, { server, sc, cc })))
  await bridge.ask(alice.id, cc)
})

t.test('failures that others cause do not use up successes', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const signing: Parameters<typeof bridge.connect>[0] = (_, sc, cc) =>
    Promise.resolve(solve(alice, { server, sc, cc }))
  bridge.connect(() => Promise.resolve(null))
  for (let i = 1; i < SOLUTIONS_PER_HOUR; i++) {
    const refused = t.rejects(bridge.ask(alice.id, challenge()))
    await new Promise(setImmediate)
    clock.advance(SOLUTION_MS)
    await refused
  }
  bridge.connect(signing)
  for (let i = 0; i < SOLUTIONS_PER_HOUR; i++) await bridge.ask(alice.id, challenge())
})

t.test('an app has few requests at once, and no cancelled one succeeds', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const answers: Array<() => void> = []
  bridge.connect((_, sc, cc) => {
    const solution = solve(alice, { server, sc, cc })
    return new Promise((resolve) => answers.push(() => resolve(solution)))
  })
  const asks = Array.from({ length: SOLUTIONS_AT_ONCE + 1 }, () => bridge.ask(alice.id, challenge()))
  t.equal(answers.length, SOLUTIONS_AT_ONCE)
  answers.shift()?.()
  await asks.shift()
  const next = bridge.ask(alice.id, challenge())
  t.equal(answers.length, SOLUTIONS_AT_ONCE, 'a place is free again')
  bridge.invalidate(alice.id)
  for (const answer of answers) answer()
  const outcomes = Promise.allSettled([...asks, next])
  await new Promise(setImmediate)
  clock.advance(SOLUTION_MS)
  t.same([...new Set((await outcomes).map(({ status }) => status))], ['rejected'])
})

t.test('requests do not keep their source text in memory, and expire', async (t) => {
  const gc = exposedGc()
  const clock = createTestClock()
  const bridge = createSignInBridge(clock, server, () => true)
  bridge.connect((_, __, ___) => Promise.resolve(null))
  const people = Array.from({ length: 20 }, () => ssbKeys.generate().id)
  gc()
  const before = process.memoryUsage().heapUsed
  for (const id of people)
    for (let i = 0; i < SOLUTIONS_PER_HOUR; i++) {
      const address = Buffer.alloc(8000, 'x').toString().concat(id, challenge())
      const refused = bridge.ask(address.slice(8000, 8053), address.slice(8053)).catch(() => {})
      await new Promise(setImmediate)
      clock.advance(SOLUTION_MS)
      await refused
    }
  gc()
  const grown = process.memoryUsage().heapUsed - before
  t.ok(grown < 3e6, `${grown} bytes for ${people.length * SOLUTIONS_PER_HOUR} tries`)
  bridge.close()
  t.equal(clock.pending(), 0)
})

t.test('every rejection takes the same time', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const reasons: Array<[string, string, Parameters<typeof bridge.connect>[0]]> = [
    ['not connected', alice.id, () => null],
    ['no member', stranger.id, (_, sc, cc) => Promise.resolve(solve(stranger, { server, sc, cc }))],
    ['the app says no', alice.id, () => Promise.resolve(undefined)],
    ['the app says nothing', alice.id, () => new Promise(() => {})],
    ['the app fails', alice.id, () => Promise.reject(new Error('no'))],
    ['signed by another', alice.id, (_, sc, cc) => Promise.resolve(solve(bob, { server, sc, cc }))],
  ]
  for (const [name, feed, ask] of reasons) {
    bridge.connect(ask)
    const started = clock.now()
    const refused = t.rejects(
      bridge.ask(feed, challenge()).finally(() => {
        t.equal(clock.now() - started, SOLUTION_MS, name)
      }),
      { code: 'sign_in_refused' },
      name,
    )
    await new Promise(setImmediate)
    clock.advance(SOLUTION_MS)
    await refused
  }
})
