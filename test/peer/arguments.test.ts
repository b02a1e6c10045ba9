// The edge of muxrpc: what a caller is told of a fault of ours, and what the log is.

import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import { createLog } from '../../src/lib/log.js'
import { answering } from '../../src/peer/arguments.js'
import type { Session } from '../../src/peer/session.js'
import { createTestClock } from '../helpers/clock.js'

t.test('a fault of ours is told to nobody, and to the log once a minute for each method', async (t) => {
  const clock = createTestClock()
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  const session = { id: '@x', calls: 0, closed: false, log } as unknown as Session
  const failing = () =>
    answering(async () => {
      throw new RangeError('of the inside')
    }, clock.uptime)
  const call = (method: ReturnType<typeof answering>): Promise<unknown> =>
    new Promise((resolve) => method(session, 'an argument', resolve))
  const [one, other] = [failing(), failing()]
  for (let i = 0; i < 1000; i++) t.match(await call(one), { code: 'internal', message: 'internal error' })
  t.equal(lines.length, 1)
  await call(other)
  t.equal(lines.length, 2, 'one method’s faults hide no other’s')
  clock.advance(60_000)
  await call(one)
  t.match(JSON.parse(lines[2] as string), {
    ...{ level: 50, times: 1000 },
    err: { type: 'RangeError', message: 'of the inside' },
  })
  const refusing = answering(async () => {
    throw new RelayError('not_found')
  }, clock.uptime)
  t.match(await call(refusing), { code: 'not_found' })
  t.equal(lines.length, 3, 'a refusal is no fault')
  t.equal(session.calls, 0)
})
