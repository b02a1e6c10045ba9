// The two streams that tell who is here: whole lists for Rooms 1 clients, changes for Rooms 2 clients.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { LISTS_BYTES_PER_S, PRESENCE_STREAMS, SECOND } from '../../lib/limits.js'
import { sendPaced } from '../../muxrpc/paced-source.js'
import type { RpcStream } from '../../muxrpc/stream.js'
import { type Attendants, netChanges, type Presence } from '../../room/attendants.js'
import type { Connection } from '../connection.js'

/** The list of attendants as some JSON, encoded once a change however many subscribers are told: a thousand may be. */
function encodedList(attendants: Attendants<Connection>, shape: (ids: string[]) => unknown): () => Buffer {
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
function atMost(most: number): (caller: Connection) => () => void {
  const open = new WeakMap<Connection, number>()
  return (caller) => {
    const now = open.get(caller) ?? 0
    if (now >= most)
      throw new RelayError('busy', 'this connection is told already', { limit: 'presence_streams' })
    open.set(caller, now + 1)
    return () => open.set(caller, (open.get(caller) ?? 1) - 1)
  }
}

/**
 * `tunnel.endpoints` (Rooms 1): the whole list at once, then again after changes. A list costs as many bytes as there are
 * people times subscribers, so the larger the crowd, the more changes are gathered into one.
 */
export function createEndpoints(
  attendants: Attendants<Connection>,
  clock: Clock,
): (caller: Connection, stream: RpcStream) => void {
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

  return (caller, stream) => {
    let told: Buffer | null = null
    const onEnd = place(caller)
    const next = (): Buffer | null => {
      const now = list()
      if (now === told) return null
      told = now
      return now
    }
    sendPaced(stream, next, { watch, onEnd })
  }
}

/** `room.attendants` (Rooms 2): `state` first, then `joined` and `left`, each identity at most once a notice. */
export function createAttendantsStream(
  attendants: Attendants<Connection>,
): (caller: Connection, stream: RpcStream) => void {
  const state = encodedList(attendants, (ids) => ({ type: 'state', ids }))
  const place = atMost(PRESENCE_STREAMS)
  return (caller, stream) => {
    let told = -1
    let pending: Presence[] = []
    const onEnd = place(caller)
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
    sendPaced(stream, next, { watch: attendants.watch, onEnd })
  }
}
