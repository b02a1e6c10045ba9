// The two streams that tell who is here: whole lists for Rooms 1 clients, changes for Rooms 2 clients.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { LISTS_BYTES_PER_S, PRESENCE_STREAMS, SECOND } from '../../lib/limits.js'
import { type Attendants, netChanges, type Presence } from '../../room/attendants.js'
import type { Session } from '../session.js'
import { pacedSource } from '../wire/paced.js'
import type { Source } from '../wire/pull.js'

/** The list of attendants as some JSON, encoded once a change however many subscribers are told: a thousand may be. */
function encodedList(attendants: Attendants<Session>, shape: (ids: string[]) => unknown): () => Buffer {
  let encoded: { position: number; json: Buffer } | null = null
  return () => {
    const position = attendants.position()
    if (encoded?.position !== position) {
      const json = Buffer.from(JSON.stringify(shape(attendants.ids())))
      // who came and went again has changed nothing: the very same buffer says so
      encoded = { position, json: encoded?.json.equals(json) ? encoded.json : json }
    }
    return encoded.json
  }
}

/** Counts a connection's streams of one kind. @throws RelayError `busy` from the answer, when there are too many */
function atMost(most: number): (session: Session) => () => void {
  const open = new WeakMap<Session, number>()
  return (session) => {
    const now = open.get(session) ?? 0
    if (now >= most) throw new RelayError('busy', 'this connection is told already')
    open.set(session, now + 1)
    return () => open.set(session, (open.get(session) ?? 1) - 1)
  }
}

/**
 * `tunnel.endpoints` (Rooms 1): the whole list at once, then again after changes. A list costs as many bytes as there are
 * people times subscribers, so the larger the crowd, the more changes are gathered into one.
 */
export function createEndpoints(
  attendants: Attendants<Session>,
  clock: Clock,
): (session: Session) => Source<Buffer> {
  const list = encodedList(attendants, (ids) => ids)
  const place = atMost(PRESENCE_STREAMS)
  const listeners = new Set<() => void>()
  let unwatch: (() => void) | null = null
  let cancel: (() => void) | null = null
  /** when the lists last told are paid for, by the clock's uptime */
  let paid = 0

  function tell(): void {
    cancel = null
    paid = clock.uptime() + (list().length * listeners.size * SECOND) / LISTS_BYTES_PER_S
    for (const listener of [...listeners]) listener()
  }

  function changed(): void {
    cancel ??= clock.after(Math.max(0, paid - clock.uptime()), tell)
  }

  function watch(listener: () => void): () => void {
    unwatch ??= attendants.watch(changed)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      cancel?.()
      unwatch?.()
      cancel = null
      unwatch = null
    }
  }

  return (session) => {
    let told: Buffer | null = null
    const onEnd = place(session)
    const next = (): Buffer | null => {
      const now = list()
      if (now === told) return null
      told = now
      return now
    }
    return pacedSource(session, next, { watch, onEnd })
  }
}

/** `room.attendants` (Rooms 2): `state` first, then `joined` and `left`, each identity at most once a notice. */
export function createAttendantsStream(
  attendants: Attendants<Session>,
): (session: Session) => Source<Buffer> {
  const state = encodedList(attendants, (ids) => ({ type: 'state', ids }))
  const place = atMost(PRESENCE_STREAMS)
  return (session) => {
    let told = -1
    let pending: Presence[] = []
    const onEnd = place(session)
    const next = (): Buffer | null => {
      if (pending.length === 0 && told !== attendants.position()) {
        const changes = told < 0 ? null : attendants.since(told)
        told = attendants.position()
        // The first word, and the word to a subscriber that fell behind what is remembered, is the whole state.
        if (!changes) return state()
        pending = netChanges(changes)
      }
      const change = pending.shift()
      return change ? Buffer.from(JSON.stringify(change)) : null
    }
    return pacedSource(session, next, { watch: attendants.watch, onEnd })
  }
}
