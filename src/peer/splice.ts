// SPDX-License-Identifier: AGPL-3.0-or-later
// A tunnel: connects two streams, with limits on bytes and time. The end of either stream ends both.

import type { Clock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { TUNNEL_BEGIN_MS, TUNNEL_IDLE_MS, TUNNEL_STALL_MS, TUNNEL_WAITING_BYTES } from '../lib/limits.js'
import { BYTES } from '../muxrpc/codec.js'
import type { MuxrpcSession } from '../muxrpc/session.js'
import type { RpcStream, StreamHandler } from '../muxrpc/stream.js'
import type { TunnelSlot, Tunnels } from '../room/tunnels.js'
import { type Connection, isFollowed } from './connection.js'

export interface SpliceOptions {
  clock: Clock
  tunnels: Tunnels
  origin: Connection
  target: Connection
  /** the origin's stream */
  stream: RpcStream
}

export class Splice implements TunnelSlot {
  readonly origin: string
  readonly target: string
  readonly followed: boolean
  lastPassed: number
  private readonly clock: Clock
  private readonly caps: Tunnels['caps']
  private readonly near: RpcStream
  private far: RpcStream | null = null
  private readonly outward: Lane
  private readonly inward: Lane
  private readonly giveBack: () => void
  private passed = 0
  private isOver = false
  private readonly cancelTime: () => void
  private cancelIdle: () => void

  /** Takes a slot. @throws RelayError `busy`, `not_attending` */
  constructor({ clock, tunnels, origin, target, stream }: SpliceOptions) {
    this.clock = clock
    this.caps = tunnels.caps
    this.origin = origin.id
    this.target = target.id
    this.followed = isFollowed(origin.callerClass) || isFollowed(target.callerClass)
    this.lastPassed = clock.uptime()
    this.near = stream
    this.outward = new Lane(this, origin)
    this.inward = new Lane(this, target)
    this.giveBack = tunnels.take(this)
    this.cancelTime = clock.after(this.caps.ms, () => this.fail('time limit reached'))
    this.cancelIdle = clock.after(TUNNEL_BEGIN_MS, () => this.checkIdle())
  }

  /** Calls the target's `tunnel.connect` and connects the streams. */
  open(rpc: MuxrpcSession<Connection>, argument: object): void {
    const { near, outward, inward } = this
    const far = rpc.stream(['tunnel', 'connect'], [argument], 'duplex', inward)
    this.far = far
    outward.to = far
    inward.to = near
    near.handler = outward
    for (const end of [near, far]) {
      // bodies are forwarded in pieces: the frames of a tunnel have no meaning
      end.inPieces = true
      // counts only this stream's bytes: other streams' bytes on the socket must not pause the tunnel
      end.countBacklog(TUNNEL_WAITING_BYTES)
    }
    if (far.isEnded) this.finish(true)
  }

  /** Ends the tunnel, to free its slot for another one. */
  end(): void {
    this.fail('evicted')
  }

  /** Counts bytes. Returns false if the limit is reached, and ends the tunnel. */
  count(bytes: number): boolean {
    this.passed += bytes
    this.lastPassed = this.clock.uptime()
    if (this.passed <= this.caps.bytes) return true
    this.fail('byte limit reached')
    return false
  }

  fail(reason: string): void {
    this.finish(new RelayError('tunnel_ended', reason))
  }

  /** Ends both streams. @param end the error that both get, or true */
  finish(end: RelayError | true): void {
    if (this.isOver) return
    this.isOver = true
    this.cancelTime()
    this.cancelIdle()
    this.giveBack()
    this.outward.release()
    this.inward.release()
    this.near.end(end)
    this.far?.end(end)
  }

  /** Ends the tunnel if a paused end is not resumed in time. Returns the cancel function. */
  stall(): () => void {
    return this.clock.after(TUNNEL_STALL_MS, () => this.fail('stalled'))
  }

  /** One end has room again: resumes reading from the other. */
  roomAt(end: Lane): void {
    const from = end === this.outward ? this.inward : this.outward
    from.release()
  }

  /** Ends an idle tunnel, or checks again later. */
  private checkIdle(): void {
    const silent = this.clock.uptime() - this.lastPassed
    if (this.passed === 0 || silent >= TUNNEL_IDLE_MS) this.fail('idle')
    else this.cancelIdle = this.clock.after(TUNNEL_IDLE_MS - silent, () => this.checkIdle())
  }
}

/** One direction of a tunnel. */
class Lane implements StreamHandler {
  to: RpcStream | null = null
  private cancelStall: (() => void) | null = null

  constructor(
    private readonly splice: Splice,
    private readonly from: Connection,
  ) {}

  data(body: Buffer, type: number): void {
    const { splice, to } = this
    if (type !== BYTES)
      return splice.finish(new RelayError('bad_argument', 'a tunnel takes binary frames only'))
    if (!to || !splice.count(body.length)) return
    if (!to.writeBytes(body)) this.hold(to)
  }

  /** This lane's own end has room for bytes from the other end. */
  room(): void {
    this.splice.roomAt(this)
  }

  ended(err: Error | true): void {
    // the error of the other app is not passed on
    this.splice.finish(err === true ? true : new RelayError('tunnel_ended', 'the other end failed'))
  }

  /** Resumes reading from this end. */
  release(): void {
    if (!this.cancelStall) return
    this.cancelStall()
    this.cancelStall = null
    this.from.wire.release()
  }

  /** Pauses this end's socket until the other end has room: muxrpc cannot pause a single stream. */
  private hold(to: RpcStream): void {
    if (this.cancelStall || to.isEnded) return
    this.from.wire.hold()
    this.cancelStall = this.splice.stall()
    to.waitForRoom()
  }
}
