// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads a source of the other end as an async iterable; for few values, as it is slower than a handler.

import { decodeBody } from './codec.js'
import type { Caller } from './contract.js'
import type { MuxrpcSession } from './session.js'

/** Values in the queue at which reading from the connection pauses. */
const WAITING_MOST = 64

/** Pauses the whole connection: muxrpc cannot pause one stream. */
export interface Holdable {
  hold(): void
  release(): void
}

/**
 * Calls a source and yields its values. Throws the error that ends the stream. Leaving the loop ends the stream.
 * @param flow pauses and resumes reading from the connection
 */
export async function* readSource<C extends Caller>(
  session: MuxrpcSession<C>,
  name: readonly string[],
  args: unknown[],
  flow: Holdable,
): AsyncGenerator<unknown> {
  const waiting: unknown[] = []
  let end: Error | true | null = null
  let holding = false
  let wake: (() => void) | null = null
  const stream = session.stream(name, args, 'source', {
    data(body, type) {
      const value = decodeBody(body, type)
      // the buffer is valid during the call only
      waiting.push(Buffer.isBuffer(value) ? Buffer.from(value) : value)
      if (waiting.length >= WAITING_MOST && !holding) {
        holding = true
        flow.hold()
      }
      wake?.()
    },
    ended(err) {
      end = err
      wake?.()
    },
  })
  const letGo = (): void => {
    if (holding) flow.release()
    holding = false
  }
  try {
    for (;;) {
      if (waiting.length > 0) {
        yield waiting.shift()
        if (waiting.length === 0) letGo()
      } else if (end === true) return
      else if (end) throw end
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    letGo()
    stream.end()
  }
}
