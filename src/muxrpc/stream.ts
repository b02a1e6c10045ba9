// SPDX-License-Identifier: AGPL-3.0-or-later
// One muxrpc stream, opened by either end. It has two states: open and ended.

import { JSON_BYTES, OUTGOING_BYTES } from '../lib/limits.js'
import { type BodyType, BYTES, encodeBody, encodeError, JSON_BODY, TRUE } from './codec.js'

/** Handles the events of a stream. An object with methods, as closures for each stream would cost memory. */
export interface StreamHandler {
  /** A body was received; on duplexes and sinks only. Valid during the call only. */
  data?(body: Buffer, type: number): void
  /** There is room again; called after `waitForRoom`. */
  room?(): void
  /** The other end or the connection has ended the stream: `true`, or the error. Called once, and not after `end`. */
  ended?(err: Error | true): void
}

/** The part of a session that a stream uses. */
export interface StreamOwner {
  /** bytes queued for the connection's socket */
  readonly queued: number
  /** total bytes queued and sent on the connection */
  readonly enqueued: number
  readonly sent: number
  sendData(key: number, type: BodyType, body: Uint8Array): void
  sendEnd(key: number, body: Buffer): void
  /** Calls the handler's `room` once the stream has room. */
  wait(stream: RpcStream): void
}

const NOTHING: StreamHandler = {}

export class RpcStream {
  handler: StreamHandler = NOTHING
  isEnded = false
  isWaiting = false
  /** bytes of one JSON or text body that the other end may send on it */
  jsonBytes = JSON_BYTES
  private backlog: Backlog | null = null

  /**
   * @param key       the request number in incoming frames
   * @param takesData whether the other end may send data
   * @param inPieces  whether bodies may be delivered in pieces; for byte streams, where frame boundaries mean nothing
   */
  constructor(
    private readonly owner: StreamOwner,
    readonly key: number,
    readonly takesData: boolean,
    public inPieces = false,
  ) {}

  /** Sends encoded JSON. @returns whether there is room for more */
  writeJson(json: Uint8Array): boolean {
    return this.send(json, JSON_BODY)
  }

  /** @returns whether there is room for more */
  writeBytes(bytes: Uint8Array): boolean {
    return this.send(bytes, BYTES)
  }

  /** Sends any value. @returns whether there is room for more */
  write(value: unknown): boolean {
    const { type, body } = encodeBody(value)
    return this.send(body, type)
  }

  /** Ends the stream: normally, or with an error, whose public part is sent. */
  end(err: unknown = true): void {
    if (this.isEnded) return
    this.isEnded = true
    this.owner.sendEnd(this.key, err === true ? TRUE : encodeError(err))
  }

  /** Whether the queue of the connection, or of this stream after `countBacklog`, is full. */
  get isFull(): boolean {
    return this.backlog ? this.waitingBytes >= this.backlog.most : this.owner.queued >= OUTGOING_BYTES
  }

  /** Whether the queue is at most half full. Writers resume here, so that they write many messages at a time. */
  get hasRoom(): boolean {
    return this.backlog ? this.waitingBytes <= this.backlog.most / 2 : this.owner.queued <= OUTGOING_BYTES / 2
  }

  /** Requests one call of the handler's `room` when there is room. */
  waitForRoom(): void {
    if (this.isWaiting || this.isEnded) return
    this.isWaiting = true
    this.owner.wait(this)
  }

  /** From now on only this stream's own bytes count for its room. @param most bytes at which it is full */
  countBacklog(most: number): void {
    this.backlog ??= { most, before: 0, since: 0, mark: 0, last: 0 }
  }

  /** Upper bound of the queued bytes of this stream; 0 without `countBacklog`. */
  get waitingBytes(): number {
    const { backlog, owner } = this
    if (!backlog || owner.sent >= backlog.last) return 0
    return backlog.since + (owner.sent >= backlog.mark ? 0 : backlog.before)
  }

  /** @internal the other end, or the connection, has ended it */
  over(err: Error | true): void {
    if (this.isEnded) return
    this.isEnded = true
    this.handler.ended?.(err)
  }

  private send(body: Uint8Array, type: BodyType): boolean {
    // a frame without a body is a goodbye
    if (this.isEnded || body.length === 0) return !this.isEnded && !this.isFull
    const { backlog, owner } = this
    if (backlog && owner.sent >= backlog.mark) {
      backlog.before = owner.sent >= backlog.last ? 0 : backlog.since
      backlog.since = 0
      backlog.mark = owner.enqueued
    }
    owner.sendData(this.key, type, body)
    if (backlog) {
      backlog.since += body.length
      backlog.last = owner.enqueued
    }
    return !this.isFull
  }
}

/**
 * A stream's bytes in the queue of its connection. They are counted in two ranges of queue positions instead of frame by
 * frame, so that the cost does not depend on the number of queued frames.
 */
interface Backlog {
  most: number
  /** bytes queued in the older range, which ends at `mark` */
  before: number
  /** bytes queued in the newer range, after `mark` */
  since: number
  /** position where the newer range begins */
  mark: number
  /** position after the newest byte */
  last: number
}
