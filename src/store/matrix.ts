// SPDX-License-Identifier: AGPL-3.0-or-later
// The tables of the Matrix lobby: rooms, events, states, what waits for other servers, keys, guests. What ends in Now runs in a write.

import type { RootDatabase } from 'lmdb'
import {
  type MatrixEventRecord,
  type MatrixGuestRecord,
  type MatrixKeysRecord,
  type MatrixOutboxRecord,
  type MatrixRoomRecord,
  type MatrixStateRecord,
  type MatrixTables,
  openMatrixTables,
} from './matrix-layout.js'
import type { Precondition, Write, Writer } from './writer.js'

export type {
  MatrixEventRecord,
  MatrixGuestRecord,
  MatrixKeysRecord,
  MatrixRoomRecord,
  MatrixStateRecord,
} from './matrix-layout.js'

/** An event that waits for a server. */
export interface Waiting extends MatrixOutboxRecord {
  key: Buffer
}

export interface MatrixStore {
  /** Queues a write with the relay's others; resolves once it is on the disk. */
  write<T>(run: Write<T>, before?: Precondition): Promise<T>
  room(id: string): MatrixRoomRecord | undefined
  rooms(): Array<MatrixRoomRecord & { id: string }>
  putRoomNow(id: string, record: MatrixRoomRecord): void
  /** Forgets a room and all that was kept of it. */
  removeRoomNow(id: string): void
  event(n: number, id: string): MatrixEventRecord | undefined
  hasEvent(n: number, id: string): boolean
  putEventNow(n: number, id: string, record: MatrixEventRecord): void
  removeEventNow(n: number, id: string, order: number): void
  /** The event's ids by order of arrival, newest first, from one order downwards. */
  newest(n: number, before?: number): Iterable<{ order: number; id: string }>
  /** The same, oldest first, after one order. @param most ids read at most */
  oldest(n: number, after: number, most: number): Array<{ order: number; id: string }>
  /** Ids of all events of a room, those known only as part of a state too. */
  eventIds(n: number): Iterable<string>
  state(n: number, number: number): MatrixStateRecord | undefined
  putStateNow(n: number, number: number, record: MatrixStateRecord): void
  stateNumbers(n: number): number[]
  removeStateNow(n: number, number: number): void
  /** A number that was never given before. */
  nextNow(name: 'room' | 'order' | 'state' | 'outbox'): number
  queueNow(server: string, record: MatrixOutboxRecord): void
  waiting(server: string, most: number): Waiting[]
  waitingCount(server?: string): number
  /** The servers for which something waits. */
  waitingServers(): string[]
  /** Whether an event of a room waits for any server. */
  waitsFor(room: string): boolean
  sentNow(keys: readonly Buffer[]): void
  keys(server: string): MatrixKeysRecord | undefined
  putKeysNow(server: string, record: MatrixKeysRecord, most: number): void
  guest(user: string): MatrixGuestRecord | undefined
  guests(): Array<MatrixGuestRecord & { user: string }>
  putGuestNow(user: string, record: MatrixGuestRecord, most: number): void
  meta<T>(name: string): T | undefined
  putMetaNow(name: string, value: unknown): void
}

const NUMBER_BYTES = 6
const NUMBER_MAX = 2 ** (8 * NUMBER_BYTES) - 1

function numberKey(n: number, number: number): Buffer {
  const key = Buffer.alloc(4 + NUMBER_BYTES)
  key.writeUInt32BE(n)
  key.writeUIntBE(number, 4, NUMBER_BYTES)
  return key
}

function eventKey(n: number, id: string): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(n)
  return Buffer.concat([key, Buffer.from(id.slice(1), 'base64url')])
}

const text = (name: string): Buffer => Buffer.from(name)
/** A room id is at most 255 bytes, a server name too: both fit a key as they are. */
const roomKey = text
const outboxKey = (server: string, number: number): Buffer => {
  const tail = Buffer.alloc(1 + NUMBER_BYTES)
  tail.writeUIntBE(number, 1, NUMBER_BYTES)
  return Buffer.concat([text(server), tail])
}

/** Opens the tables. */
export function createMatrixStore(root: RootDatabase, writer: Writer): MatrixStore {
  const tables = openMatrixTables(root)
  const { rooms, events, order, states, outbox, keys, guests, meta } = tables
  const all = (table: MatrixTables[keyof MatrixTables], n: number): Array<{ key: Buffer }> => [
    ...(table as typeof order).getRange({
      start: numberKey(n, 0).subarray(0, 4),
      end: numberKey(n + 1, 0).subarray(0, 4),
    }),
  ]
  const ofServer = (server: string) => ({ start: outboxKey(server, 0), end: outboxKey(server, NUMBER_MAX) })
  const count = (table: MatrixTables[keyof MatrixTables]): number =>
    (table.getStats() as { entryCount: number }).entryCount

  return {
    write: (run, before) => writer.submit(run, before),
    room: (id) => rooms.get(roomKey(id)),
    rooms: () => [...rooms.getRange({})].map(({ key, value }) => ({ ...value, id: key.toString() })),
    putRoomNow: (id, record) => void rooms.putSync(roomKey(id), record),
    removeRoomNow(id) {
      const held = rooms.get(roomKey(id))
      if (!held) return
      for (const table of [events, order, states] as const)
        for (const { key } of all(table, held.n)) table.removeSync(key)
      rooms.removeSync(roomKey(id))
    },
    event: (n, id) => events.get(eventKey(n, id)),
    hasEvent: (n, id) => events.doesExist(eventKey(n, id)),
    putEventNow(n, id, record) {
      events.putSync(eventKey(n, id), record)
      if (record.order > 0) order.putSync(numberKey(n, record.order), id)
    },
    removeEventNow(n, id, at) {
      events.removeSync(eventKey(n, id))
      if (at > 0) order.removeSync(numberKey(n, at))
    },
    newest: (n, before = NUMBER_MAX) =>
      order
        .getRange({ start: numberKey(n, before), end: numberKey(n, 0), reverse: true })
        .map(({ key, value }) => ({ order: key.readUIntBE(4, NUMBER_BYTES), id: value })),
    oldest: (n, after, most) =>
      [...order.getRange({ start: numberKey(n, after + 1), end: numberKey(n, NUMBER_MAX), limit: most })].map(
        ({ key, value }) => ({ order: key.readUIntBE(4, NUMBER_BYTES), id: value }),
      ),
    *eventIds(n) {
      for (const { key } of all(events, n)) yield `$${key.subarray(4).toString('base64url')}`
    },
    state: (n, number) => states.get(numberKey(n, number)),
    putStateNow: (n, number, record) => void states.putSync(numberKey(n, number), record),
    stateNumbers: (n) => all(states, n).map(({ key }) => key.readUIntBE(4, NUMBER_BYTES)),
    removeStateNow: (n, number) => void states.removeSync(numberKey(n, number)),
    nextNow(name) {
      const next = ((meta.get(text(name)) as number | undefined) ?? 0) + 1
      meta.putSync(text(name), next)
      return next
    },
    queueNow(server, record) {
      const next = ((meta.get(text('outbox')) as number | undefined) ?? 0) + 1
      meta.putSync(text('outbox'), next)
      outbox.putSync(outboxKey(server, next), record)
    },
    waiting: (server, most) =>
      [...outbox.getRange({ ...ofServer(server), limit: most })].map(({ key, value }) => ({ key, ...value })),
    waitingCount: (server) => (server === undefined ? count(outbox) : outbox.getKeysCount(ofServer(server))),
    waitingServers: () => [
      ...new Set(
        [...outbox.getKeys({})].map((key) => key.subarray(0, key.length - 1 - NUMBER_BYTES).toString()),
      ),
    ],
    waitsFor: (room) => [...outbox.getRange({})].some(({ value }) => value.room === room),
    sentNow(sent) {
      for (const key of sent) outbox.removeSync(key)
    },
    keys: (server) => keys.get(text(server)),
    putKeysNow(server, record, most) {
      if (!keys.doesExist(text(server)) && count(keys) >= most) {
        const [oldest] = [...keys.getRange({})].sort((a, b) => a.value.asked - b.value.asked)
        if (oldest) keys.removeSync(oldest.key)
      }
      keys.putSync(text(server), record)
    },
    guest: (user) => guests.get(text(user)),
    guests: () => [...guests.getRange({})].map(({ key, value }) => ({ ...value, user: key.toString() })),
    putGuestNow(user, record, most) {
      if (!guests.doesExist(text(user)) && count(guests) >= most) {
        const [oldest] = [...guests.getRange({})].sort((a, b) => a.value.since - b.value.since)
        if (oldest) guests.removeSync(oldest.key)
      }
      guests.putSync(text(user), record)
    },
    meta: <T>(name: string) => meta.get(text(name)) as T | undefined,
    putMetaNow: (name, value) => void meta.putSync(text(name), value),
  }
}
