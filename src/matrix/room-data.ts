// SPDX-License-Identifier: AGPL-3.0-or-later
// Events and states of rooms: bounded caches over the tables of the store.

import {
  MATRIX_EVENT_CACHE_BYTES,
  MATRIX_NAME_CHARS,
  MATRIX_STATE_CACHE,
  MATRIX_STATE_CHAIN,
} from '../lib/matrix-limits.js'
import type { MatrixEventRecord, MatrixRoomRecord, MatrixStore } from '../store/matrix.js'
import type { StateAt } from './auth-rules.js'
import { type Pdu, type RoomEvent, stateName, toKnown } from './event.js'
import { domainOf } from './ids.js'
import { type RoomVersion, roomVersion } from './room-version.js'
import type { EventSource, StateMap } from './state-resolution.js'

/** An event and what is noted of it. */
export interface KeptEvent extends Omit<MatrixEventRecord, 'pdu'> {
  event: RoomEvent
  bytes: number
}

/** A user of a room. */
export interface RoomMember {
  membership: string
  name: string
  /** id of the membership event */
  event: string
}

/** A room as it is now. */
export interface RoomView {
  id: string
  record: MatrixRoomRecord
  version: RoomVersion
  state: StateAt
  map: StateMap
}

export interface RoomData {
  /** The room as it is now; null for one that is not known. */
  view(roomId: string): RoomView | null
  /** The room as it was at a state of this number. */
  viewAt(roomId: string, record: MatrixRoomRecord, number: number): RoomView
  event(roomId: string, n: number, id: string): KeptEvent | undefined
  /** Keeps an event. */
  putEventNow(n: number, event: RoomEvent, note: Omit<MatrixEventRecord, 'pdu'>): void
  /** Keeps an event without its content, in the place of the whole one. */
  redactEventNow(n: number, event: RoomEvent, note: Omit<MatrixEventRecord, 'pdu'>): void
  removeEventNow(n: number, id: string, order: number): void
  state(n: number, number: number): StateMap
  /** Keeps a state as changes to another one, or as a whole where there is none; answers its number. */
  putStateNow(n: number, base: number, changes: StateMap): number
  /** What resolution reads of a room. */
  source(roomId: string, n: number): EventSource
  members(view: RoomView): ReadonlyMap<string, RoomMember>
  /** The servers that have a joined user in a room. */
  servers(view: RoomView): Set<string>
  /**
   * To be called in each write that changes events. What is returned must be called after the flush: until then a read
   * may put at hand again what the write has replaced.
   */
  changingNow(): () => void
  /** Clears the caches. A failed write may have filled them with values that were rolled back. */
  clear(): void
}

/** Text of its own: an id read from a request is a slice, which keeps the whole request in memory. */
const copyOf = (text: string): string => Buffer.from(text).toString()

/** Rooms whose members are at hand. */
const SUMMARIES = 16

export function createRoomData(store: MatrixStore): RoomData {
  /** least recently used first */
  const events = new Map<string, KeptEvent>()
  const states = new Map<string, StateMap>()
  const summaries = new Map<number, { state: number; members: Map<string, RoomMember> }>()
  let eventBytes = 0
  /** forgets each event that the present write has changed */
  let changed: Array<() => void> = []

  function remember(name: string, kept: KeptEvent): void {
    const held = events.get(name)
    if (held) eventBytes -= held.bytes
    events.delete(name)
    events.set(name, kept)
    eventBytes += kept.bytes
    for (const [oldest, { bytes }] of events) {
      if (eventBytes <= MATRIX_EVENT_CACHE_BYTES || events.size <= 1) break
      events.delete(oldest)
      eventBytes -= bytes
    }
  }

  function event(roomId: string, n: number, id: string): KeptEvent | undefined {
    const name = `${n} ${id}`
    const held = events.get(name)
    if (held) {
      events.delete(name)
      events.set(name, held)
      return held
    }
    const record = store.event(n, id)
    if (!record) return undefined
    const { pdu, ...note } = record
    // its length as text stands for what it takes as an object
    const bytes = 2 * JSON.stringify(pdu).length
    const kept = { ...note, event: toKnown(pdu as Pdu, copyOf(id), copyOf(roomId)), bytes }
    remember(copyOf(name), kept)
    return kept
  }

  function state(n: number, number: number): StateMap {
    const name = `${n} ${number}`
    const held = states.get(name)
    if (held) {
      states.delete(name)
      states.set(name, held)
      return held
    }
    const rows: Array<Record<string, string>> = []
    for (let at = number; at !== 0; ) {
      const record = store.state(n, at)
      if (!record) break
      rows.push(record.set)
      at = record.base
    }
    const map = new Map<string, string>()
    for (const set of rows.reverse()) for (const [key, id] of Object.entries(set)) map.set(key, id)
    hold(name, map)
    return map
  }

  function hold(name: string, map: StateMap): void {
    states.set(name, map)
    const oldest = states.keys().next().value
    if (states.size > MATRIX_STATE_CACHE && oldest !== undefined) states.delete(oldest)
  }

  function lookup(roomId: string, n: number, map: StateMap): StateAt {
    return (type, key) => {
      const id = map.get(stateName(type, key))
      return id === undefined ? undefined : event(roomId, n, id)?.event
    }
  }

  function viewAt(roomId: string, record: MatrixRoomRecord, number: number): RoomView {
    const version = roomVersion(record.version)
    if (!version) throw new Error(`a room of version ${record.version} was kept`)
    const map = state(record.n, number)
    return { id: roomId, record, version, map, state: lookup(roomId, record.n, map) }
  }

  function members({ id: roomId, record: { n, state: number }, map }: RoomView): Map<string, RoomMember> {
    const held = summaries.get(n)
    if (held?.state === number) return held.members
    const found = new Map<string, RoomMember>()
    const prefix = stateName('m.room.member', '')
    for (const [name, id] of map) {
      if (!name.startsWith(prefix)) continue
      const user = name.slice(prefix.length)
      const known = held?.members.get(user)
      if (known?.event === id) {
        found.set(user, known)
        continue
      }
      const { membership, displayname } = event(roomId, n, id)?.event.content ?? {}
      found.set(user, {
        membership: typeof membership === 'string' ? membership : 'leave',
        name:
          typeof displayname === 'string'
            ? [...displayname.slice(0, 4 * MATRIX_NAME_CHARS)].slice(0, MATRIX_NAME_CHARS).join('')
            : '',
        event: id,
      })
    }
    summaries.delete(n)
    summaries.set(n, { state: number, members: found })
    const oldest = summaries.keys().next().value
    if (summaries.size > SUMMARIES && oldest !== undefined) summaries.delete(oldest)
    return found
  }

  function forget(name: string): void {
    const held = events.get(name)
    if (held) eventBytes -= held.bytes
    events.delete(name)
  }

  /**
   * Has the event read again from here on: a failed write must not leave at hand what it takes back.
   * @param isMember whether the members of the room may have been read from it
   */
  function changeNow(n: number, id: string, isMember: boolean): void {
    const name = copyOf(`${n} ${id}`)
    const forgetIt = (): void => {
      forget(name)
      if (isMember) summaries.delete(n)
    }
    changed.push(forgetIt)
    forgetIt()
  }

  return {
    view(roomId) {
      const record = store.room(roomId)
      return record ? viewAt(roomId, record, record.state) : null
    },
    viewAt,
    event,
    putEventNow(n, added, note) {
      store.putEventNow(n, added.id, { pdu: added.pdu, ...note })
      changeNow(n, added.id, false)
    },
    redactEventNow(n, redacted, note) {
      store.putEventNow(n, redacted.id, { pdu: redacted.pdu, ...note })
      // the list of members is kept by state, which stays the same
      changeNow(n, redacted.id, redacted.type === 'm.room.member')
    },
    removeEventNow(n, id, order) {
      store.removeEventNow(n, id, order)
      changeNow(n, id, false)
    },
    changingNow() {
      const forgets: Array<() => void> = []
      changed = forgets
      return () => {
        for (const forgetIt of forgets) forgetIt()
      }
    },
    state,
    putStateNow(n, base, changes) {
      const number = store.nextNow('state')
      const before = base === 0 ? undefined : store.state(n, base)
      const length = (before?.length ?? MATRIX_STATE_CHAIN) + 1
      if (before && length <= MATRIX_STATE_CHAIN)
        store.putStateNow(n, number, { base, length, set: Object.fromEntries(changes) })
      else {
        const whole = new Map([...(base === 0 ? [] : state(n, base)), ...changes])
        store.putStateNow(n, number, { base: 0, length: 0, set: Object.fromEntries(whole) })
      }
      return number
    },
    source: (roomId, n) => ({
      get: (id) => event(roomId, n, id)?.event,
      isRejected: (id) => event(roomId, n, id)?.rejected !== undefined,
    }),
    members,
    servers: (view) =>
      new Set(
        [...members(view)].flatMap(([user, { membership }]) =>
          membership === 'join' ? [domainOf(user)] : [],
        ),
      ),
    clear() {
      for (const cache of [summaries, events, states]) cache.clear()
      eventBytes = 0
    },
  }
}
