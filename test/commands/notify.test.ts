// SPDX-License-Identifier: AGPL-3.0-or-later
// Notifications of the service manager: ready, watchdog, stopping.

import t from 'tap'
import { findServiceManager } from '../../src/commands/notify.js'
import { PULSE_WRITE_MS } from '../../src/lib/limits.js'
import { createTestClock } from '../helpers/clock.js'
import { silentLog } from '../helpers/store.js'
import { STATUS } from './fake-status.js'

const WATCHDOG_MS = 60_000

/** A manager that records notifications, and a relay whose store the test controls. */
function scene(env: NodeJS.ProcessEnv = { WATCHDOG_USEC: String(WATCHDOG_MS * 1000) }) {
  const clock = createTestClock()
  const heard: string[] = []
  const scene = {
    clock,
    heard,
    env,
    full: false,
    pulse: async (_write: boolean): Promise<void> => {},
    writes: [] as boolean[],
    manager: findServiceManager(clock, env, (text) => {
      if (scene.full) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
      heard.push(text)
    }),
    relay: {
      status: async () => ({ ...STATUS, members: 1, online: 2 }),
      pulse: (write: boolean) => {
        scene.writes.push(write)
        return scene.pulse(write)
      },
    },
    /** advances the clock by half the watchdog's time and waits for started work */
    async beat(): Promise<string | undefined> {
      const before = heard.length
      clock.advance(WATCHDOG_MS / 2)
      for (let i = 0; i < 5; i++) await new Promise(setImmediate)
      return heard.slice(before)[0]
    },
  }
  return scene
}

t.test('ready, beating, stopping', async (t) => {
  const s = scene()
  await s.manager.ready(s.relay, silentLog)
  t.same(s.heard, ['READY=1\nSTATUS=1 member, 2 online, 0 tunnels\n'])
  t.equal(await s.beat(), 'WATCHDOG=1\nSTATUS=1 member, 2 online, 0 tunnels\n')
  t.match(await s.beat(), /^WATCHDOG=1\n/)
  s.manager.stopping()
  s.manager.stopping()
  t.equal(await s.beat(), undefined)
  t.same(s.heard.slice(3), ['STOPPING=1\nSTATUS=closing\n'], 'said once')
  t.equal(s.clock.pending(), 0)
})

t.test('a store that hangs silences it; one that answers late does not hang', async (t) => {
  const s = scene()
  await s.manager.ready(s.relay, silentLog)
  let answer = (): void => {}
  s.pulse = () => new Promise((resolve) => (answer = resolve))
  t.equal(await s.beat(), undefined)
  t.equal(await s.beat(), undefined)
  t.equal(s.writes.length, 1, 'what hangs is not asked again')
  answer()
  s.pulse = async () => {}
  t.match(await s.beat(), /^WATCHDOG=1\n/)
})

t.test('a store that refuses has answered', async (t) => {
  const s = scene()
  await s.manager.ready(s.relay, silentLog)
  s.pulse = async () => {
    throw new Error('the disk is full')
  }
  t.match(await s.beat(), /^WATCHDOG=1\n/)
})

t.test('the store is checked with a write at first, then every two hours', async (t) => {
  const s = scene()
  await s.manager.ready(s.relay, silentLog)
  const beats = PULSE_WRITE_MS / (WATCHDOG_MS / 2)
  for (let i = 0; i <= beats; i++) await s.beat()
  t.same(s.writes, [true, ...Array(beats - 1).fill(false), true])
})

t.test('a relay that is stopped during its start is never ready', async (t) => {
  const s = scene()
  s.manager.stopping()
  await s.manager.ready(s.relay, silentLog)
  t.same(s.heard, ['STOPPING=1\nSTATUS=closing\n'])
  t.equal(s.clock.pending(), 0)
})

t.test('a full queue: readiness is sent again, watchdog notifications are not', async (t) => {
  const s = scene({})
  s.full = true
  await s.manager.ready(s.relay, silentLog)
  s.clock.advance(3000)
  t.same(s.heard, [])
  s.full = false
  s.clock.advance(1000)
  t.match(s.heard, [/^READY=1\n/])
  t.equal(s.clock.pending(), 0, 'and no watchdog without its variable')
})

t.test('the variables are taken away; a watchdog meant for another process is not ours', async (t) => {
  const env = {
    NOTIFY_SOCKET: '/x',
    TIDEPOOL_NOTIFY_FD: '9',
    WATCHDOG_USEC: '1000000',
    WATCHDOG_PID: '1',
    KEPT: 'k',
  }
  const s = scene(env)
  t.same(env, { KEPT: 'k' })
  await s.manager.ready(s.relay, silentLog)
  t.equal(s.clock.pending(), 0)
})

t.test('without a manager nothing is said', async (t) => {
  const clock = createTestClock()
  const manager = findServiceManager(clock, { WATCHDOG_USEC: '1000000' })
  await manager.ready(scene().relay, silentLog)
  manager.stopping()
  t.equal(clock.pending(), 0)
})
