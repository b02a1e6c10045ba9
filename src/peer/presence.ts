// The two streams that tell who is here: whole lists for Rooms 1 clients, changes for Rooms 2 clients.

import type { Attendants, Presence } from '../room/attendants.js'
import type { Session } from './session.js'
import { jsonBytes } from './wire/frames.js'
import type { Callback, End, Source } from './wire/pull.js'

/**
 * A live source that asks `next` for what there is to say, whenever something changed and the socket has room.
 * @param next the next piece as JSON, or null while there is nothing new
 */
function liveSource(
  session: Session,
  attendants: Attendants<Session>,
  next: () => Buffer | null,
): Source<Buffer> {
  let waiting: Callback<Buffer> | null = null
  let ended: End = null
  let roomAsked = false
  const unwatch = attendants.watch(advance)
  session.calls += 1

  function advance(): void {
    if (!waiting || ended) return
    if (session.outflow.full()) {
      // What changes meanwhile is told as one: a subscriber that never reads costs nothing but its place.
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
    if (!piece) return
    const cb = waiting
    waiting = null
    session.outflow.entered(piece.length)
    cb(null, jsonBytes(piece))
  }

  return (abort, cb) => {
    if (abort && !ended) {
      ended = abort
      session.calls -= 1
      unwatch()
      const reading = waiting
      waiting = null
      reading?.(abort)
    }
    if (ended) cb(ended)
    else {
      waiting = cb
      advance()
    }
  }
}

/** The list of attendants as some JSON, encoded once a change however many subscribers are told: a thousand may be. */
function encodedList(attendants: Attendants<Session>, shape: (ids: string[]) => unknown): () => Buffer {
  let encoded: { position: number; json: Buffer } | null = null
  return () => {
    const position = attendants.position()
    if (encoded?.position !== position) {
      encoded = { position, json: Buffer.from(JSON.stringify(shape(attendants.ids()))) }
    }
    return encoded.json
  }
}

/** `tunnel.endpoints` (Rooms 1): the whole list at once, then again after every change. */
export function createEndpoints(attendants: Attendants<Session>): (session: Session) => Source<Buffer> {
  const list = encodedList(attendants, (ids) => ids)
  return (session) => {
    let told = -1
    return liveSource(session, attendants, () => {
      if (told === attendants.position()) return null
      told = attendants.position()
      return list()
    })
  }
}

/** `room.attendants` (Rooms 2): `state` first, then `joined` and `left`, each identity at most once a notice. */
export function createAttendantsStream(
  attendants: Attendants<Session>,
): (session: Session) => Source<Buffer> {
  const state = encodedList(attendants, (ids) => ({ type: 'state', ids }))
  return (session) => {
    let told = -1
    let pending: Presence[] = []
    return liveSource(session, attendants, () => {
      if (pending.length === 0 && told !== attendants.position()) {
        const changes = told < 0 ? null : attendants.since(told)
        told = attendants.position()
        // The first word, and the word to a subscriber that fell behind what is remembered, is the whole state.
        if (!changes) return state()
        pending = netChanges(changes)
      }
      const change = pending.shift()
      return change ? Buffer.from(JSON.stringify(change)) : null
    })
  }
}

/** What remains of a stretch of changes: who came and went within it is not mentioned. */
export function netChanges(changes: Presence[]): Presence[] {
  const first = new Map<string, Presence>()
  const last = new Map<string, Presence>()
  for (const change of changes) {
    if (!first.has(change.id)) first.set(change.id, change)
    last.set(change.id, change)
  }
  return [...last.values()].filter((change) => change.type === first.get(change.id)?.type)
}
