// One admitted connection: who called, what they may do now, and the means to end it.

import { CALLS_PER_CONNECTION, FRAME_BYTES } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { MuxrpcSession } from '../muxrpc/session.js'
import type { CallerLimits } from '../muxrpc/stream-limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { TcpConnection } from '../wire/tcp-connection.js'

/** Who is calling: a row of the table in docs/protocol.md. A stranger is a caller that the relay does not follow. */
export type CallerClass = 'guest' | 'stranger' | 'member' | 'moderator' | 'admin'

/** Whether the relay follows callers of this class. */
export function isFollowed(callerClass: CallerClass): boolean {
  return callerClass === 'member' || callerClass === 'moderator' || callerClass === 'admin'
}

/** What callers of each class may have under way. @param tunnels that one peer may have open */
export function createCallerLimits(tunnels: number): Readonly<Record<CallerClass, CallerLimits>> {
  const followed: CallerLimits = {
    calls: CALLS_PER_CONNECTION.followed + tunnels,
    frameBytes: FRAME_BYTES.followed,
    rank: 1,
  }
  return {
    guest: { calls: CALLS_PER_CONNECTION.guest, frameBytes: FRAME_BYTES.guest, rank: 0 },
    stranger: { calls: CALLS_PER_CONNECTION.stranger + tunnels, frameBytes: FRAME_BYTES.stranger, rank: 0 },
    ...{ member: followed, moderator: followed, admin: followed },
  }
}

/** What all connections share. */
export interface ConnectionParts {
  log: Log
  limits: Readonly<Record<CallerClass, CallerLimits>>
}

export class Connection {
  /** whether it has asked for anything of the room: only then does it know how to answer when asked if it is there */
  roomAware = false
  /** whether it has left the room without leaving us (`tunnel.leave`) */
  away = false
  /** the other end's methods and ours, once the handshake is done */
  rpc: MuxrpcSession<Connection> | null = null

  /** @param callerClass read at every call, so that a change takes effect on a live connection */
  constructor(
    readonly id: FeedId,
    public callerClass: CallerClass,
    readonly tcp: TcpConnection,
    private readonly parts: ConnectionParts,
  ) {}

  get log(): Log {
    return this.parts.log
  }

  get limits(): CallerLimits {
    return this.parts.limits[this.callerClass]
  }

  /** Name of the listener it came through. */
  get listener(): string {
    return this.tcp.listener
  }

  get isClosed(): boolean {
    return this.tcp.closed
  }

  /** Ends the connection now; `reason` is for the log. */
  close(reason: string): void {
    if (this.tcp.closed) return
    this.cut(reason)
    this.tcp.destroy()
  }

  cut(reason: string): void {
    this.parts.log.debug({ reason, id: this.id }, 'connection closed')
  }

  /** Runs once when the connection is gone. */
  onClose(listener: () => void): void {
    this.tcp.onClose(listener)
  }
}
