// SPDX-License-Identifier: AGPL-3.0-or-later
// A line on the terminal that shows how far a long command is. In a pipe nothing is written.

import type { WriteStream } from 'node:tty'
import { CONTROL_PROGRESS_MS } from '../lib/limits.js'

export interface ProgressLine {
  /** Replaces the line, at most a few times a second. */
  show(text: string): void
  /** Removes the line. */
  clear(): void
}

/** Shows progress on stderr, if it is a terminal. */
export function createProgressLine(stream: WriteStream = process.stderr): ProgressLine {
  let shown = Number.NEGATIVE_INFINITY
  return {
    show(text) {
      if (!stream.isTTY || performance.now() - shown < CONTROL_PROGRESS_MS) return
      shown = performance.now()
      stream.write(`\r\u001b[K${text}`)
    },
    clear() {
      if (shown > 0) stream.write('\r\u001b[K')
    },
  }
}
