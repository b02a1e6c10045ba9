// A tunnel: two ends joined, with caps on bytes and time. When either end ends, both do.

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
  /** the origin's end */
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

  /** Takes a place for the tunnel. @throws RelayError `busy`, `not_attending` */
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
    this.cancelTime = clock.after(this.caps.ms, () => this.fail('it has lasted long enough'))
    this.cancelIdle = clock.after(TUNNEL_BEGIN_MS, () => this.lookForIdle())
  }

  /** Calls the target's `tunnel.connect` and joins the two ends. */
  open(rpc: MuxrpcSession<Connection>, argument: object): void {
    const { near, outward, inward } = this
    const far = rpc.stream(['tunnel', 'connect'], [argument], 'duplex', inward)
    this.far = far
    outward.to = far
    inward.to = near
    near.handler = outward
    for (const end of [near, far]) {
      // a tunnel carries bytes whose frames mean nothing, so that nothing need be gathered
      end.inPieces = true
      // its own bytes alone: what else waits for that socket is no reason to hold up everything this end sends
      end.countBacklog(TUNNEL_WAITING_BYTES)
    }
    if (far.isEnded) this.finish(true)
  }

  /** Ends the tunnel, so that its place is free. */
  end(): void {
    this.fail('others need its place')
  }

  /** Whether so many bytes more may pass. */
  count(bytes: number): boolean {
    this.passed += bytes
    this.lastPassed = this.clock.uptime()
    if (this.passed <= this.caps.bytes) return true
    this.fail('it has carried enough')
    return false
  }

  fail(reason: string): void {
    this.finish(new RelayError('tunnel_ended', reason))
  }

  /** Ends both ends. @param end what they are told */
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

  /** What has come from one end cannot be taken by the other: calls it off when that stays so. */
  stall(): () => void {
    return this.clock.after(TUNNEL_STALL_MS, () => this.fail('it stood still'))
  }

  /** Room at one end means that the other end's bytes may come again. */
  roomAt(end: Lane): void {
    const from = end === this.outward ? this.inward : this.outward
    from.release()
  }

  /** Looks whether anything has passed lately, and comes back when that may have changed. */
  private lookForIdle(): void {
    const quiet = this.clock.uptime() - this.lastPassed
    if (this.passed === 0 || quiet >= TUNNEL_IDLE_MS) this.fail('nothing passes')
    else this.cancelIdle = this.clock.after(TUNNEL_IDLE_MS - quiet, () => this.lookForIdle())
  }
}

/** One direction: what comes from one end goes to the other. */
class Lane implements StreamHandler {
  to: RpcStream | null = null
  private cancelStall: (() => void) | null = null

  constructor(
    private readonly splice: Splice,
    private readonly from: Connection,
  ) {}

  data(body: Buffer, type: number): void {
    const { splice, to } = this
    if (type !== BYTES) return splice.finish(new RelayError('bad_argument', 'a tunnel carries bytes'))
    if (!to || !splice.count(body.length)) return
    if (!to.writeBytes(body)) this.hold(to)
  }

  /** There is room at this lane's own end, for what comes from the other. */
  room(): void {
    this.splice.roomAt(this)
  }

  ended(err: Error | true): void {
    // what the other end's app says of its failure is between the two of them, and no fault of ours
    this.splice.finish(err === true ? true : new RelayError('tunnel_ended', 'the other end failed'))
  }

  /** Reads from this end again. */
  release(): void {
    if (!this.cancelStall) return
    this.cancelStall()
    this.cancelStall = null
    this.from.tcp.release()
  }

  /** Stops reading from this end while what it sent waits at the other: muxrpc cannot hold one stream alone. */
  private hold(to: RpcStream): void {
    if (this.cancelStall || to.isEnded) return
    this.from.tcp.hold()
    this.cancelStall = this.splice.stall()
    to.waitForRoom()
  }
}
