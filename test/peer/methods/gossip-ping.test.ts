// SPDX-License-Identifier: AGPL-3.0-or-later
// gossip.ping: against the field's own pull-ping at the other end.

import { createRequire } from 'node:module'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { startTestPeer } from '../../helpers/peer.js'
import { until } from '../../helpers/wait.js'

const require = createRequire(import.meta.url)
const pull = require('pull-stream')
const createPing = require('pull-ping')

t.test('a volley tells the round trip and the skew', async (t) => {
  const { connect, follow } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  await follow(keys.id)
  const client = await connect(keys)
  const ping = createPing({ timeout: 300_000, serve: true })
  pull(
    ping,
    client.rpc.gossip.ping({ timeout: 300_000 }, () => {}),
    ping,
  )
  await until('the ball comes back', () => ping.rtt.count > 0)
  t.ok(ping.rtt.mean >= 0)
  t.ok(ping.skew.mean < 0, 'the test’s clock stands in the past')
})

t.test('many balls leave one timer, and the timer goes with the connection', async (t) => {
  const { connect, follow, clock } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  await follow(keys.id)
  const before = clock.pending()
  const client = await connect(keys)
  await client.rpc.whoami()
  const idle = clock.pending()
  const duplex = client.rpc.gossip.ping({ timeout: 1 }, () => {})
  let answers = 0
  let balls = 0
  // kept open after the last ball, as a client keeps it
  duplex.sink((_: unknown, cb: (end: null, ball: number) => void) => {
    if (balls < 200) cb(null, ++balls)
  })
  pull(
    duplex.source,
    pull.drain(() => {
      answers += 1
    }),
  )
  await until('answers come', () => answers > 0)
  await client.rpc.whoami()
  t.ok(clock.pending() <= idle + 1, `${clock.pending() - idle} timers for 200 balls`)
  await client.close()
  await until('none is left', () => clock.pending() === before)
})

t.test('a pause that is no number is refused', async (t) => {
  const { connect, follow } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  await follow(keys.id)
  const { rpc } = await connect(keys)
  for (const argument of [{ timeout: 'soon' }, 'soon', [1]]) {
    const end = await new Promise((resolve) => rpc.gossip.ping(argument, () => {}).source(null, resolve))
    t.match(end, { code: 'bad_argument' }, JSON.stringify(argument))
  }
})
