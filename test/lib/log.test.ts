// SPDX-License-Identifier: AGPL-3.0-or-later
// Log lines that others can cause: each kind at most once a minute, and all of them counted.

import t from 'tap'
import { MINUTE } from '../../src/lib/limits.js'
import { createLog, createThrottledLog } from '../../src/lib/log.js'

t.test('each message is logged once a minute with its count', async (t) => {
  const lines: Array<Record<string, unknown>> = []
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) })
  let at = 0
  const tell = createThrottledLog(log, () => at)
  for (let i = 0; i < 100; i++) tell('warn', 'forked', { sequence: i })
  tell('error', 'not stored')
  t.match(lines, [
    { level: 40, msg: 'forked', sequence: 0, times: 1 },
    { level: 50, msg: 'not stored', times: 1 },
  ])
  t.equal(lines.length, 2)
  at += MINUTE
  tell('warn', 'forked', { sequence: 100 })
  t.match(lines[2], { msg: 'forked', sequence: 100, times: 100 })
  t.equal(lines.length, 3)
})

t.test('messages about a feed are limited per feed', async (t) => {
  const lines: string[] = []
  const tell = createThrottledLog(createLog('info', { write: (line) => void lines.push(line) }), () => 0)
  for (const feed of ['a', 'b', 'c', 'a', 'a']) tell('info', 'a message was refused', { feed })
  for (let i = 0; i < 3; i++) tell('info', 'another')
  t.same(
    lines.map((line) => JSON.parse(line)).map(({ msg, feed }) => `${msg} ${feed}`),
    ['a message was refused a', 'a message was refused b', 'a message was refused c', 'another undefined'],
  )
})
