// SPDX-License-Identifier: AGPL-3.0-or-later
// The tables of the Matrix lobby: their records. `layout.ts` has their keys.

import type { Database, RootDatabase } from 'lmdb'

export interface MatrixRoomRecord {
  n: number
  version: string
  /** the lobby, a direct room of ours, or a room of another server that we have joined */
  kind: 'lobby' | 'direct' | 'joined'
  /** of a direct room: the one other user */
  user: string | null
  /** forward extremities: the events that no other event names as previous */
  ends: string[]
  /** number of the state after all of them */
  state: number
  /** Unix ms */
  since: number
}

export interface MatrixEventRecord {
  /** the event as servers send it to each other */
  pdu: Record<string, unknown>
  /** numbers of the states before and after it; 0 for one that we know only as part of a state */
  before: number
  after: number
  /** order of arrival; 0 for one that we know only as part of a state */
  order: number
  /** Unix ms at which it came */
  at: number
  /** not allowed by the state that its sender claims */
  rejected?: string
  /** not allowed by the state as we know it: kept, and not shown */
  soft?: true
}

export interface MatrixStateRecord {
  /** the state that this one changes; 0 for a whole one */
  base: number
  /** changes in a row up to here */
  length: number
  /** from type, NUL and state key to the event's id */
  set: Record<string, string>
}

export interface MatrixOutboxRecord {
  room: string
  event: string
}

export interface MatrixKeysRecord {
  /** Unix ms at which they were asked for, and until when the answer is good */
  asked: number
  valid: number
  keys: Record<string, { key: string; expired: number | null }>
}

export interface MatrixGuestRecord {
  /** Unix ms of the first contact; the oldest record is evicted first */
  since: number
  welcomed?: boolean
  /** a moderator or the operator has invited them */
  sponsored?: boolean
  /** the direct room we have with them */
  direct?: string
  /** the Unix ms at which they asked for an invite of the relay that has not been handed over */
  asked?: number
  /** whether that is granted, and handed over as soon as they are in the direct room */
  granted?: boolean
  /** Unix ms of the latest invites they were given */
  given?: number[]
}

export interface MatrixTables {
  rooms: Database<MatrixRoomRecord, Buffer>
  events: Database<MatrixEventRecord, Buffer>
  order: Database<string, Buffer>
  states: Database<MatrixStateRecord, Buffer>
  outbox: Database<MatrixOutboxRecord, Buffer>
  keys: Database<MatrixKeysRecord, Buffer>
  guests: Database<MatrixGuestRecord, Buffer>
  meta: Database<unknown, Buffer>
}

/** Opens the tables of the lobby: a relay without one does not have them. */
export function openMatrixTables(root: RootDatabase): MatrixTables {
  const json = <T>(name: string): Database<T, Buffer> =>
    root.openDB<T, Buffer>(name, { keyEncoding: 'binary', encoding: 'json' })
  return {
    rooms: json<MatrixRoomRecord>('matrixRooms'),
    events: json<MatrixEventRecord>('matrixEvents'),
    order: json<string>('matrixOrder'),
    states: json<MatrixStateRecord>('matrixStates'),
    outbox: json<MatrixOutboxRecord>('matrixOutbox'),
    keys: json<MatrixKeysRecord>('matrixKeys'),
    guests: json<MatrixGuestRecord>('matrixGuests'),
    meta: json<unknown>('matrixMeta'),
  }
}
