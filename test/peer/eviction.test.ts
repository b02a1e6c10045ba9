// SPDX-License-Identifier: AGPL-3.0-or-later
// Eviction when the limit of connections is reached.

import t from 'tap'
import type { CallerClass } from '../../src/peer/connection.js'
import { chooseEviction } from '../../src/peer/eviction.js'
import type { WireConnection } from '../../src/wire/connection.js'
import { openCaller, type TestCaller } from '../helpers/caller.js'

/** A connection that was last heard at a time. */
function caller(callerClass: CallerClass, lastHeard: number): TestCaller {
  const opened = openCaller({ id: '@x', callerClass })
  opened.connection.wire.lastHeard = lastHeard
  return opened
}

t.test('strangers before handshakes before members, the most silent first', async (t) => {
  const callers = [caller('member', 0), caller('moderator', 1), caller('guest', 8), caller('stranger', 9)]
  const shaking = caller('stranger', 2).connection.wire
  const admitted = callers.map(({ connection }) => connection)
  const order: WireConnection[] = []
  const open = new Set([...admitted.map(({ wire }) => wire), shaking])
  while (open.size > 0) {
    const next = chooseEviction(open, admitted) as WireConnection
    order.push(next)
    open.delete(next)
  }
  t.same(
    order.map((each) => each.lastHeard),
    [8, 9, 2, 0, 1],
  )
  t.equal(chooseEviction([], []), undefined)
})
