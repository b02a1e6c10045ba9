// SPDX-License-Identifier: AGPL-3.0-or-later
// The peer: internal errors, for the caller and in the log.

import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import { createLog } from '../../src/lib/log.js'
import type { Plugin } from '../../src/peer/plugin-host.js'
import { startTestPeer } from '../helpers/peer.js'

const failing = (name: string): Plugin => ({
  name,
  manifest: { fail: 'async', refuse: 'async' },
  permissions: { anonymous: { allow: ['fail', 'refuse'] } },
  init: () => ({
    fail: (_: unknown, cb: (err: Error) => void) => cb(new RangeError('of the inside')),
    refuse: (_: unknown, cb: (err: Error) => void) => cb(new RelayError('not_found')),
  }),
})

t.test('an internal error is hidden from callers, and logged once a minute per method', async (t) => {
  const lines: string[] = []
  const log = createLog('error', { write: (line: string) => void lines.push(line) })
  const plugins = [failing('one'), failing('other')]
  const { connect, clock } = await startTestPeer(t, {}, '', { plugins, log })
  const methods = { fail: 'async', refuse: 'async' }
  const { rpc } = await connect(undefined, undefined, { one: methods, other: methods })
  const fail = (plugin: 'one' | 'other', method = 'fail'): Promise<unknown> =>
    new Promise((resolve) => rpc[plugin][method]('an argument', resolve))
  for (let i = 0; i < 20; i++)
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => fail('one'))))
      t.strictSame(answer, { name: 'Error', message: 'internal error', code: 'internal' })
  t.equal(lines.length, 1)
  await fail('other')
  t.equal(lines.length, 2, 'one method’s faults hide no other’s')
  clock.advance(60_000)
  await fail('one')
  t.match(JSON.parse(lines[2] as string), {
    ...{ level: 50, times: 400 },
    err: { type: 'RangeError', message: 'of the inside' },
  })
  t.match(await fail('one', 'refuse'), { code: 'not_found' })
  t.equal(lines.length, 3, 'a refusal is no fault')
})
