// One muxrpc stream, whichever end opened it: open, then ended. Both ends' streams are of this one kind.

import { JSON_BYTES, OUTGOING_BYTES } from '../lib/limits.js'
import { type BodyType, BYTES, encodeBody, encodeError, JSON_BODY, TRUE } from './codec.js'

/** What a stream's user is told. An object with methods: a closure for each would be memory for every stream. */
export interface StreamHandler {
  /** A body has come; on duplexes and sinks alone. Valid during the call: what is kept is copied. */
  data?(body: Buffer, type: number): void
  /** There is room again after `waitForRoom`. */
  room?(): void
  /** The stream is over, whichever end ended it: `true`, or what went wrong. Called once, never by one's own `end`. */
  ended?(err: Error | true): void
}

/** What a stream needs of its session. */
export interface StreamOwner {
  /** bytes of the connection that wait for its socket */
  readonly queued: number
  /** bytes ever queued, and ever sent, of the connection */
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
   * @param key       the request's number as it stands in the frames that come
   * @param takesData whether the other end may send on it
   * @param inPieces  whether bodies may come in pieces: for streams of bytes without frames of their own
   */
  constructor(
    private readonly owner: StreamOwner,
    readonly key: number,
    readonly takesData: boolean,
    public inPieces = false,
  ) {}

  /** Sends stored JSON as it stands. @returns whether there is room for more */
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

  /** Ends the stream at both ends: well, or with an error that the other end may see. */
  end(err: unknown = true): void {
    if (this.isEnded) return
    this.isEnded = true
    this.owner.sendEnd(this.key, err === true ? TRUE : encodeError(err))
  }

  /** Whether the connection, or this stream where its own backlog is counted, has enough to send already. */
  get isFull(): boolean {
    return this.backlog ? this.waitingBytes >= this.backlog.most : this.owner.queued >= OUTGOING_BYTES
  }

  /** Whether so little waits that a stretch of writing is worth it: it goes on in stretches, not a message at a time. */
  get hasRoom(): boolean {
    return this.backlog ? this.waitingBytes <= this.backlog.most / 2 : this.owner.queued <= OUTGOING_BYTES / 2
  }

  /** Has the handler's `room` called once there is room. */
  waitForRoom(): void {
    if (this.isWaiting || this.isEnded) return
    this.isWaiting = true
    this.owner.wait(this)
  }

  /** From now on room is counted by this stream's own bytes: what else waits for that socket is not its matter. */
  countBacklog(most: number): void {
    this.backlog ??= { most, before: 0, since: 0, mark: 0, last: 0 }
  }

  /** Bytes of this stream that wait for the socket, at the most; 0 where they are not counted. */
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
 * A stream's bytes among those of its connection, which leave in the order they were queued. Counted in two stretches by
 * the position in that order, and not frame by frame: it costs the same however many frames wait.
 */
interface Backlog {
  most: number
  /** bytes queued in the stretch that ends at `mark` */
  before: number
  /** bytes queued after `mark` */
  since: number
  /** position where the newer stretch began */
  mark: number
  /** position after the newest byte */
  last: number
}
