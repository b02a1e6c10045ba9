// SPDX-License-Identifier: AGPL-3.0-or-later
// The interface between the lobby and the rest of the relay. Types only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.js'
import type { Counters } from '../lib/counters.js'
import type { Log } from '../lib/log.js'
import type { Actor } from '../store/permissions.js'
import type { Store } from '../store/store.js'

export interface MatrixStatus {
  state: 'disabled' | 'ready'
  server_name: string | null
  alias: string | null
  room_id: string | null
  room_version: string | null
  /** users in the lobby, and their servers */
  joined: number
  servers: number
  /** events that wait for other servers */
  queued: number
  rooms: number
}

/** A user who is joined to the lobby, invited, knocking or banned. */
export interface MatrixMember {
  id: string
  name: string
  membership: string
  /** Unix ms of that membership */
  since: number
}

export interface MatrixMessage {
  id: string
  /** Unix ms by the sender's clock */
  at: number
  sender: string
  name: string
  /** text; for media its name */
  text: string
  type: string
}

export interface MatrixRoom {
  id: string
  kind: 'lobby' | 'direct' | 'joined' | 'invited'
  name: string
  version: string
  joined: number
  /** sender of the invite */
  from: string | null
}

/** A Matrix user who knocks at the lobby or asks there for an invite of the relay. Times are Unix ms. */
export interface MatrixKnock {
  id: string
  note: string
  since: number
  expires: number
}

export interface SayOptions {
  /** id or alias of a room; without it the lobby */
  room?: string | undefined
}

/** Reads, and actions of an actor. Each action checks the permission and writes an audit entry. */
export interface MatrixOperator {
  status(): MatrixStatus
  members(): MatrixMember[]
  knocks(): MatrixKnock[]
  rooms(): MatrixRoom[]
  /** The latest messages, newest last. @throws RelayError `not_found` */
  messages(options?: SayOptions): MatrixMessage[]
  as(actor: Actor): MatrixActions
}

/** @throws RelayError `not_allowed`, `bad_argument`, `not_found`, `matrix_refused`, `matrix_unreachable` */
export interface MatrixActions {
  invite(user: string): Promise<void>
  accept(user: string): Promise<void>
  decline(user: string): Promise<void>
  kick(user: string): Promise<void>
  ban(user: string): Promise<void>
  unban(user: string): Promise<void>
  serverBan(glob: string): Promise<void>
  /** Sends a message: the operator as the relay, a member under the own user. Answers the event id. */
  say(text: string, options?: SayOptions): Promise<string>
  join(room: string): Promise<string>
  leave(room: string): Promise<void>
}

export interface Matrix extends MatrixOperator {
  /** Answers a request under `/_matrix/`. */
  handler(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** Withdraws expired invites and knocks, and prunes old events. */
  sweep(): Promise<void>
  close(): Promise<void>
}

export interface MatrixComponents {
  store: Store
  clock: Clock
  log: Log
  counters: Counters
  /** what the room is called */
  name(): string
  /** where the front page is */
  frontPage(): string
  /** host and port under which federation is served, for `.well-known` */
  delegate(): string | null
  /** Creates an invite of the relay for one use; answers its link. */
  mintInvite(note: string): Promise<{ link: string }>
}

export interface MatrixOptions {
  dataDir: string
  server: string
  version: string
  /** local part of the lobby's alias */
  alias: string
  roomVersion: string
  keepMessages: number
  keepDays: number
  /** networks that may be called although they are private */
  allow: readonly string[]
  ca: string | null
  expiresDays(): number
  invitesPerHour: number
}
