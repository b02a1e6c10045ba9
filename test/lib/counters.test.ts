// SPDX-License-Identifier: AGPL-3.0-or-later
// Refusals, limits and evictions are counted, and each limit is logged at most once a minute.

import t from 'tap'
import { createCounters } from '../../src/lib/counters.js'
import { RelayError } from '../../src/lib/errors.js'
import { MINUTE } from '../../src/lib/limits.js'

t.test('each limit is logged once a minute, with how often it was reached', async (t) => {
  const logged: object[] = []
  let uptime = 5000
  const log = { warn: (fields: object, event: string) => void logged.push({ ...fields, event }) }
  const counters = createCounters(log as never, () => uptime)
  const event = 'limit reached'
  for (let i = 0; i < 100; i++) counters.reached('tunnels')
  counters.evicted('connections')
  t.same(logged, [
    { limit: 'tunnels', count: 1, event },
    { limit: 'connections', count: 1, event },
  ])
  uptime += MINUTE
  counters.reached('tunnels')
  t.same(logged[2], { limit: 'tunnels', count: 100, event }, 'those that were not logged are counted')
  t.match(counters.limits.get('tunnels'), { times: 101, at: 65_000 })
  t.same([...counters.evictions], [['connections', 1]])
})

t.test('a refusal is counted by its code, and by its limit where it names one', async (t) => {
  const counters = createCounters({ warn() {} } as never, () => 0)
  counters.refused(new RelayError('not_found'))
  counters.refused(new RelayError('busy', 'too many tunnels', { limit: 'tunnels' }))
  counters.refused(new RelayError('busy'))
  t.same(
    [...counters.refusals],
    [
      ['not_found', 1],
      ['busy', 2],
    ],
  )
  t.same([...counters.limits.keys()], ['tunnels'])
})
