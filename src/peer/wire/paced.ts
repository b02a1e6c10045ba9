// A stream of ours that is made piece by piece, as fast as its reader's socket takes it, and counts as a call.

import type { Session } from '../session.js'
import { jsonBytes } from './frames.js'
import type { Callback, End, Source } from './pull.js'

/**
 * Asks `next` for a piece of JSON whenever the reader wants one and its socket has room: a reader that never reads costs
 * nothing but its place. `next` answers null while there is nothing to say, and true when there will be no more.
 * @param watch  calls its listener when there may be something to say again; answers how to stop
 * @param onEnd  called once
 */
export function pacedSource(
  session: Session,
  next: () => Buffer | null | true,
  { watch, onEnd }: { watch?: (listener: () => void) => () => void; onEnd?: () => void } = {},
): Source<Buffer> {
  let waiting: Callback<Buffer> | null = null
  let ended: End = null
  let roomAsked = false
  const unwatch = watch?.(advance)
  session.calls += 1

  function finish(end: End): void {
    if (ended) return
    ended = end
    session.calls -= 1
    unwatch?.()
    onEnd?.()
    const reading = waiting
    waiting = null
    reading?.(end)
  }

  function advance(): void {
    if (!waiting || ended) return
    if (session.outflow.full()) {
      // what changes meanwhile is told as one
      if (!roomAsked) {
        roomAsked = true
        session.outflow.whenRoom(() => {
          roomAsked = false
          advance()
        })
      }
      return
    }
    const piece = next()
    if (piece === true) return finish(true)
    if (!piece) return
    const cb = waiting
    waiting = null
    session.outflow.entered(piece.length)
    cb(null, jsonBytes(piece))
  }

  return (abort, cb) => {
    if (abort) finish(abort)
    if (ended) cb(ended)
    else {
      waiting = cb
      advance()
    }
  }
}
