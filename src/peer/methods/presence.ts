// SPDX-License-Identifier: AGPL-3.0-or-later
// The streams of attendants: whole lists for Rooms 1 clients, changes for Rooms 2 clients.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import { LISTS_BYTES_PER_S, PRESENCE_STREAMS, SECOND } from '../../lib/limits.js'
import { sendPaced } from '../../muxrpc/paced-source.js'
import type { RpcStream } from '../../muxrpc/stream.js'
import { type Attendants, netChanges, type Presence } from '../../room/attendants.js'
import type { Connection } from '../connection.js'

/** The list of attendants as JSON. Encoded once per change: there can be a thousand subscribers. */
function encodedList(attendants: Attendants<Connection>, shape: (ids: string[]) => unknown): () => Buffer {
  let encoded: { position: number; json: Buffer } | null = null
  return () => {
    const position = attendants.position()
    if (encoded?.position !== position) {
      const json = Buffer.from(JSON.stringify(shape(attendants.ids())))
      // an unchanged list keeps its buffer, so that subscribers can compare by identity
      encoded = { position, json: encoded?.json.equals(json) ? encoded.json : json }
    }
    return encoded.json
  }
}

/** Counts streams per connection. The returned function throws `busy` at the limit. */
function limitStreams(most: number): (caller: Connection) => () => void {
  const open = new WeakMap<Connection, number>()
  return (caller) => {
    const now = open.get(caller) ?? 0
    if (now >= most)
      throw new RelayError('busy', 'too many streams of this kind', { limit: 'presence_streams' })
    open.set(caller, now + 1)
    return () => open.set(caller, (open.get(caller) ?? 1) - 1)
  }
}

/**
 * `tunnel.endpoints` (Rooms 1): the whole list, at once and after changes. The bytes grow with attendants times
 * subscribers: in a large room, lists are sent less often.
 */
export function createEndpoints(
  attendants: Attendants<Connection>,
  clock: Clock,
): (caller: Connection, stream: RpcStream) => void {
  const list = encodedList(attendants, (ids) => ids)
  const place = limitStreams(PRESENCE_STREAMS)
  const listeners = new Set<() => void>()
  let unwatch: (() => void) | null = null
  let cancel: (() => void) | null = null
  /** uptime at which the byte rate allows the next list */
  let nextAt = 0

  function notify(): void {
    cancel = null
    nextAt = clock.uptime() + (list().length * listeners.size * SECOND) / LISTS_BYTES_PER_S
    for (const listener of [...listeners]) listener()
  }

  function changed(): void {
    cancel ??= clock.after(Math.max(0, nextAt - clock.uptime()), notify)
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
    let sent: Buffer | null = null
    const onEnd = place(caller)
    const next = (): Buffer | null => {
      const now = list()
      if (now === sent) return null
      sent = now
      return now
    }
    sendPaced(stream, next, { watch, onEnd })
  }
}

/** `room.attendants` (Rooms 2): `state` first, then `joined` and `left`. */
export function createAttendantsStream(
  attendants: Attendants<Connection>,
): (caller: Connection, stream: RpcStream) => void {
  const state = encodedList(attendants, (ids) => ({ type: 'state', ids }))
  const place = limitStreams(PRESENCE_STREAMS)
  return (caller, stream) => {
    let sent = -1
    let pending: Presence[] = []
    const onEnd = place(caller)
    const next = (): Buffer | null => {
      if (pending.length === 0 && sent !== attendants.position()) {
        const changes = sent < 0 ? null : attendants.since(sent)
        sent = attendants.position()
        // the whole state at first, and for a subscriber that has missed dropped changes
        if (!changes) return state()
        pending = netChanges(changes)
      }
      const change = pending.shift()
      return change ? Buffer.from(JSON.stringify(change)) : null
    }
    sendPaced(stream, next, { watch: attendants.watch, onEnd })
  }
}
