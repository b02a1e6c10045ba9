// gossip.ping: a volley of timestamps that keeps a connection alive and shows each side the other's clock.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { HOUR, MINUTE, SECOND } from '../../lib/limits.js'
import { asObject, integerField } from '../arguments.js'
import type { Session } from '../session.js'
import type { Callback, Duplex, End, Source } from '../wire/pull.js'

/** Milliseconds between volleys where the caller names none, and the bounds of what it may name. */
const PAUSE_MS = 5 * MINUTE
const PAUSE_MIN_MS = 10 * SECOND
const PAUSE_MAX_MS = HOUR

/**
 * The answering side of a ping as pull-ping plays it: returns each ball at once and serves the next after a pause.
 * One number at most waits to be sent, and one timer runs, however many balls a caller throws.
 * A connection has one: it is a connection that it keeps alive.
 */
export function createPing(clock: Clock) {
  const pinging = new WeakSet<Session>()
  return (session: Session, argument: unknown): Duplex<unknown, number> => {
    const asked = integerField(asObject(argument ?? {}), 'timeout') ?? PAUSE_MS
    const pause = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, asked))
    if (pinging.has(session)) throw new RelayError('busy', 'this connection has a ping already')
    let ended: End = null
    let ball = false
    let serving = false
    let waiting: Callback<number> | null = null
    let cancel: (() => void) | null = null
    session.calls += 1
    pinging.add(session)

    function finish(end: End): void {
      if (ended) return
      ended = end
      session.calls -= 1
      pinging.delete(session)
      cancel?.()
      const cb = waiting
      waiting = null
      cb?.(end)
    }

    function send(): void {
      ball = true
      if (!waiting) return
      const cb = waiting
      waiting = null
      ball = false
      cb(null, clock.now())
    }

    function received(): void {
      if (serving) serving = false
      else {
        send()
        cancel?.()
        cancel = clock.after(pause, () => {
          serving = true
          send()
        })
      }
    }

    return {
      source(abort, cb) {
        if (abort) {
          finish(abort)
          cb(abort)
        } else if (ended) cb(ended)
        else {
          waiting = cb
          if (ball) send()
        }
      },
      sink(read: Source<unknown>) {
        const next = (): void =>
          read(ended, (end) => {
            if (end) return finish(end)
            received()
            next()
          })
        next()
      },
    }
  }
}
