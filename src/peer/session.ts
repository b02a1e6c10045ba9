// One admitted connection: who called, what they may do now, and the means to end it. Rows of the admission table (docs/protocol.md).

import { CALLS_PER_CONNECTION, FRAME_BYTES } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Link } from './wire/link.js'
import { createOutflow, type Outflow } from './wire/outflow.js'
import type { Duplex, Source } from './wire/pull.js'

/** Who is calling. A stranger is whoever the mode lets in without the relay following it. */
export type CallerClass = 'guest' | 'stranger' | 'member' | 'moderator' | 'admin'

/** Whether the relay follows who is in this row. */
export function isFollowed(row: CallerClass): boolean {
  return row === 'member' || row === 'moderator' || row === 'admin'
}

/** The key of a row in tables of limits. */
function limitKey(row: CallerClass): 'guest' | 'stranger' | 'followed' {
  return row === 'guest' || row === 'stranger' ? row : 'followed'
}

/**
 * Calls and streams that one connection may have under way.
 * @param tunnels that one peer may have open
 */
export function callLimit(row: CallerClass, tunnels: number): number {
  return CALLS_PER_CONNECTION[limitKey(row)] + (row === 'guest' ? 0 : tunnels)
}

/** The slice of a muxrpc peer that we call. */
export interface Rpc {
  id: FeedId
  meta: Session
  closed: boolean
  once(event: 'closed', listener: () => void): void
  close(force: boolean | Error, cb?: (err?: Error) => void): void
  createHistoryStream(options: object): Source<unknown>
  tunnel: {
    connect(options: object, cb: () => void): Duplex<unknown>
    ping(cb: () => void): void
  }
  httpAuth: {
    requestSolution(sc: string, cc: string, cb: (err: unknown, solution?: unknown) => void): void
  }
}

export interface Session {
  readonly id: FeedId
  /** Read at every call, so that a change takes effect on a live connection. */
  row: CallerClass
  readonly link: Link
  /** the other end's methods, once muxrpc runs */
  rpc: Rpc | null
  /** whether it has asked for anything of the room: only then does it know how to answer when asked if it is there */
  roomAware: boolean
  /** whether it has left the room without leaving us (`tunnel.leave`) */
  away: boolean
  readonly log: Log
  readonly outflow: Outflow
  /** Calls and streams of this connection under way. */
  calls: number
  /** The longest muxrpc body taken from this peer, in bytes. */
  readonly frameBytes: number
  readonly closed: boolean
  /** Ends the connection now; `reason` is for the log. */
  close(reason: string): void
  /** Runs once when the connection is gone. */
  onClose(listener: () => void): void
}

/** What secret-stack takes as permissions: the lists it checks for shape, and the gate that decides every call. */
export interface Permissions {
  allow: string[]
  deny: null
  pre(name: unknown, args: unknown): Error | undefined
  test(name: unknown, args: unknown): Error | undefined
  post(): void
}

export interface Admission {
  session: Session
  permissions: Permissions
}

export function createSession(id: FeedId, row: CallerClass, link: Link, log: Log): Session {
  return {
    id,
    row,
    link,
    rpc: null,
    roomAware: false,
    away: false,
    log,
    get frameBytes() {
      return FRAME_BYTES[limitKey(this.row)]
    },
    outflow: createOutflow(),
    calls: 0,
    get closed() {
      return link.closed
    },
    close(reason) {
      if (link.closed) return
      log.debug({ reason, id }, 'closing a connection')
      link.destroy()
    },
    onClose: (listener) => link.onClose(listener),
  }
}
