// The sign-in bridge: each challenge is for one browser, one app and one try; a refusal looks the same for every reason.

import { randomBytes } from 'node:crypto'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import {
  CHALLENGE_MS,
  CHALLENGES,
  HOUR,
  REFUSAL_MS,
  SOLUTION_MS,
  SOLUTIONS_PER_HOUR,
} from '../../src/limits.js'
import { createSignInBridge } from '../../src/room/sign-in.js'
import { solve } from '../../src/ssb/http-auth.js'
import { createTestClock } from '../helpers/clock.js'

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
  return { clock, members, bridge }
}

t.test('solved once, collected once, by whoever holds the challenge', async (t) => {
  const { bridge } = bridgeOf(t)
  const sc = bridge.begin()
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

t.test('what is wrong is false, and uses the challenge up', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const cc = challenge()
  const wrong: Array<[string, (sc: string) => [string, unknown, unknown]]> = [
    ['signed by another key', (sc) => [bob.id, cc, solve(alice, { server, sc, cc })]],
    ['signed for another server', (sc) => [alice.id, cc, solve(alice, { server: bob.id, sc, cc })]],
    ['signed over another challenge', (sc) => [alice.id, challenge(), solve(alice, { server, sc, cc })]],
    ['by no member', (sc) => [stranger.id, cc, solve(stranger, { server, sc, cc })]],
    ['no signature', () => [alice.id, cc, 'x']],
    ['an object', () => [alice.id, cc, { length: 3 }]],
    ['a short challenge', (sc) => [alice.id, 'cc', solve(alice, { server, sc, cc: 'cc' })]],
    ['nothing', () => [alice.id, undefined, undefined]],
  ]
  for (const [name, make] of wrong) {
    const sc = bridge.begin()
    const [feed, given, solution] = make(sc)
    t.equal(bridge.solve(feed, sc, given, solution), false, name)
    t.equal(bridge.state(sc), 'failed', name)
    t.equal(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })), false, 'one try')
    t.equal(bridge.collect(sc), null)
  }
  for (const sc of [challenge(), '', 'toString', 7, null, { toString: () => 'x' }])
    t.equal(bridge.solve(alice.id, sc, cc, 'x'), false, 'no such challenge')
  const sc = bridge.begin()
  clock.advance(CHALLENGE_MS)
  t.equal(bridge.state(sc), 'gone')
  t.equal(bridge.solve(alice.id, sc, cc, solve(alice, { server, sc, cc })), false, 'too late')
})

t.test('membership is asked for when it is collected, and the member may void what was solved', async (t) => {
  const { bridge, members } = bridgeOf(t)
  const solved = (): string => {
    const [sc, cc] = [bridge.begin(), challenge()]
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

t.test('a crowd of sign-ins lets the oldest go, and none whose browser has come back for it', async (t) => {
  const { bridge } = bridgeOf(t)
  const shown = bridge.begin()
  t.equal(bridge.state(shown), 'waiting', 'the page asks how it stands')
  const forgotten = bridge.begin()
  const rest = Array.from({ length: CHALLENGES }, () => bridge.begin())
  t.equal(bridge.state(forgotten), 'gone')
  t.equal(bridge.state(rest[0] as string), 'waiting')
  t.equal(bridge.state(shown), 'waiting')
})

t.test('an app that began it is asked once for each of its challenges', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const asked: string[] = []
  const refused = async (cc: string, why: string): Promise<void> => {
    const answer = t.rejects(bridge.ask(alice.id, cc), { code: 'sign_in_refused' }, why)
    clock.advance(REFUSAL_MS)
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
  while (asked.length < SOLUTIONS_PER_HOUR) await bridge.ask(alice.id, challenge())
  await refused(challenge(), 'a flood of them')
  t.equal(asked.length, SOLUTIONS_PER_HOUR)
  clock.advance(HOUR)
  await bridge.ask(alice.id, cc)
})

t.test('every refusal takes the same while', async (t) => {
  const { bridge, clock } = bridgeOf(t)
  const reasons: Array<[string, string, Parameters<typeof bridge.connect>[0]]> = [
    ['not connected', alice.id, () => null],
    ['no member', stranger.id, (_, sc, cc) => Promise.resolve(solve(stranger, { server, sc, cc }))],
    ['the app says no', alice.id, () => Promise.resolve(undefined)],
    ['the app fails', alice.id, () => Promise.reject(new Error('no'))],
    ['signed by another', alice.id, (_, sc, cc) => Promise.resolve(solve(bob, { server, sc, cc }))],
  ]
  for (const [name, feed, ask] of reasons) {
    bridge.connect(ask)
    const started = clock.now()
    const refused = t.rejects(
      bridge.ask(feed, challenge()).finally(() => {
        t.equal(clock.now() - started, REFUSAL_MS, name)
      }),
      { code: 'sign_in_refused' },
      name,
    )
    await new Promise(setImmediate)
    clock.advance(REFUSAL_MS)
    await refused
  }
  bridge.connect(() => new Promise(() => {}))
  const silent = t.rejects(bridge.ask(alice.id, challenge()), { code: 'sign_in_refused' }, 'says nothing')
  await new Promise(setImmediate)
  clock.advance(SOLUTION_MS)
  await silent
})
