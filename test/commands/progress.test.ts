// SPDX-License-Identifier: AGPL-3.0-or-later
// The progress line: on a terminal alone, and gone afterwards.

import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import t from 'tap'
import { createProgressLine } from '../../src/commands/progress.js'

t.test('progress is shown on a terminal alone', async (t) => {
  for (const isTTY of [true, false]) {
    const stream = Object.assign(new PassThrough(), { isTTY }) as unknown as WriteStream
    const line = createProgressLine(stream)
    line.clear()
    line.show('half')
    line.show('more, too soon')
    line.clear()
    const written = String((stream as unknown as PassThrough).read() ?? '')
    t.equal(written, isTTY ? '\r\u001b[Khalf\r\u001b[K' : '')
  }
})
