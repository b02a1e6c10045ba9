// SPDX-License-Identifier: AGPL-3.0-or-later
// Silent connections are closed.

import t from 'tap'
import { ALIVE_ANSWER_MS, ALIVE_ASK_MS, IDLE_MS, SECOND } from '../../src/lib/limits.js'
import { startTestPeer } from '../helpers/peer.js'
import { until } from '../helpers/wait.js'

/** By now the sweep has come at least once. */
const SWEPT_MS = 15 * SECOND

t.test('a client without room methods is closed after a long silence', async (t) => {
  const { connect, clock, peer } = await startTestPeer(t)
  const client = await connect()
  await client.rpc.whoami()
  clock.advance(IDLE_MS)
  await client.rpc.whoami()
  t.same(peer.online(), [client.id], 'it has spoken in time')
  clock.advance(IDLE_MS + SWEPT_MS)
  await client.closed
  await until('it is on the list no more', () => peer.online().length === 0)
})

t.test('a room client is pinged sooner, and stays if it answers', async (t) => {
  const { connect, clock, peer } = await startTestPeer(t)
  const here = await connect(undefined, { tunnel: { ping: () => Date.now() } })
  await here.rpc.tunnel.isRoom()
  for (let passed = 0; passed < ALIVE_ASK_MS + ALIVE_ANSWER_MS + SWEPT_MS; passed += SWEPT_MS) {
    clock.advance(SWEPT_MS)
    await here.rpc.tunnel.announce()
  }
  t.same(peer.online(), [here.id])
})
