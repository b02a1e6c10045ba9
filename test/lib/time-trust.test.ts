// SPDX-License-Identifier: AGPL-3.0-or-later
// When the clock is trusted: after the network confirms it, or after an hour without a step.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLOCK_AGREES_MS, CLOCK_LOOK_MS, DAY, HOUR } from '../../src/lib/limits.js'
import { askSystem, createTimeTrust, type TrustedBy } from '../../src/lib/time-trust.js'
import { createTestClock } from '../helpers/clock.js'

const turns = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}

t.test('a confirmation by the network is enough, and is asked for until it comes', async (t) => {
  const clock = createTestClock()
  let answer: boolean | null = false
  let asked = 0
  const network = async () => {
    asked += 1
    return answer
  }
  const trust = createTimeTrust({ clock, network })
  const told: Array<TrustedBy | null> = []
  trust.onTrusted(() => told.push(trust.by()))
  await turns()
  t.equal(trust.by(), null)
  answer = true
  clock.advance(CLOCK_LOOK_MS)
  await turns()
  t.equal(trust.by(), 'network')
  clock.jump(DAY)
  clock.advance(DAY)
  await turns()
  t.equal(trust.by(), 'network', 'a step of its own changes nothing')
  t.same(told, ['network'])
  t.equal(asked, 2, 'nor is it asked again')
  trust.close()
  t.equal(clock.pending(), 0)
})

t.test('an hour without a step is enough; a step starts it again', async (t) => {
  for (const network of [async () => null, async () => false, async () => Promise.reject(new Error('no'))]) {
    const clock = createTestClock()
    const trust = createTimeTrust({ clock, network })
    clock.advance(CLOCK_AGREES_MS - 1000)
    t.equal(trust.by(), null)
    clock.jump(6000)
    clock.advance(CLOCK_AGREES_MS - 1000)
    t.equal(trust.by(), null)
    clock.advance(CLOCK_LOOK_MS)
    t.equal(trust.by(), 'agreement')
    for (let i = 0; i < 48; i++) {
      clock.jump(1)
      clock.advance(HOUR)
    }
    t.equal(trust.by(), 'agreement', 'a clock that is a little slow is no step')
    clock.jump(-60_000)
    t.equal(trust.by(), null, 'a step takes it away again')
    trust.close()
  }
})

t.test('where systemd-timesyncd runs, its file tells', async (t) => {
  const dir = t.testdir()
  t.equal(await askSystem(dir), false)
  writeFileSync(join(dir, 'synchronized'), '')
  t.equal(await askSystem(dir), true)
})

t.test('a clock that was never set is never trusted', async (t) => {
  const clock = createTestClock()
  clock.jump(-clock.now())
  const trust = createTimeTrust({ clock, network: async () => true })
  await turns()
  clock.advance(2 * HOUR)
  t.equal(trust.by(), null)
  trust.close()
})
