// SPDX-License-Identifier: AGPL-3.0-or-later
// An admitted connection: caller, class, limits, close.

import { CALLS_PER_CONNECTION, FRAME_BYTES } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { MuxrpcSession } from '../muxrpc/session.js'
import type { CallerLimits } from '../muxrpc/stream-limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { WireConnection } from '../wire/connection.js'

/**
 * The class of a caller (docs/protocol.md, "Who may connect"). A stranger is not followed by the relay. A `peer` is another
 * relay that feeds are kept with.
 */
export type CallerClass = 'guest' | 'stranger' | 'peer' | 'member' | 'moderator' | 'admin'

/** Whether the relay follows callers of this class. */
export function isFollowed(callerClass: CallerClass): boolean {
  return callerClass === 'peer' || isMember(callerClass)
}

/** Whether callers of this class are users that the relay follows. */
export function isMember(callerClass: CallerClass): boolean {
  return callerClass === 'member' || callerClass === 'moderator' || callerClass === 'admin'
}

/** The limits of each caller class. @param tunnels open tunnels allowed per peer */
export function createCallerLimits(tunnels: number): Readonly<Record<CallerClass, CallerLimits>> {
  const followed: CallerLimits = {
    calls: CALLS_PER_CONNECTION.followed + tunnels,
    frameBytes: FRAME_BYTES.followed,
    rank: 1,
  }
  return {
    guest: { calls: CALLS_PER_CONNECTION.guest, frameBytes: FRAME_BYTES.guest, rank: 0 },
    stranger: { calls: CALLS_PER_CONNECTION.stranger + tunnels, frameBytes: FRAME_BYTES.stranger, rank: 0 },
    ...{ peer: followed, member: followed, moderator: followed, admin: followed },
  }
}

/** Shared by all connections. */
export interface ConnectionParts {
  log: Log
  limits: Readonly<Record<CallerClass, CallerLimits>>
}

export class Connection {
  /** whether it has called a room method: such a client answers `tunnel.ping` */
  roomAware = false
  /** whether it has called `tunnel.leave`: connected, but no attendant */
  away = false
  /** null until the handshake is done */
  rpc: MuxrpcSession<Connection> | null = null

  /** @param callerClass read at every call, so that a change takes effect at once */
  constructor(
    readonly id: FeedId,
    public callerClass: CallerClass,
    readonly wire: WireConnection,
    private readonly parts: ConnectionParts,
  ) {}

  get log(): Log {
    return this.parts.log
  }

  get limits(): CallerLimits {
    return this.parts.limits[this.callerClass]
  }

  /** Name of the listener that accepted it. */
  get listener(): string {
    return this.wire.listener
  }

  get isClosed(): boolean {
    return this.wire.closed
  }

  /** Closes the connection. @param reason for the log */
  close(reason: string): void {
    if (this.wire.closed) return
    this.cut(reason)
    this.wire.destroy()
  }

  cut(reason: string): void {
    this.parts.log.debug({ reason, id: this.id }, 'connection closed')
  }

  /** Calls the listener once, when the connection is closed. */
  onClose(listener: () => void): void {
    this.wire.onClose(listener)
  }
}
