// SPDX-License-Identifier: AGPL-3.0-or-later
// A connection of bytes, whatever carries it. What a socket does differs (`tcp-connection`, `websocket-connection`).

/** Receives a connection's bytes: first the handshake, then the box stream. */
export interface Receiver {
  /** The next chunk, which the receiver may overwrite. An exception ends the connection. */
  receive(chunk: Buffer): void
  /** The socket takes bytes again. */
  room(): void
  /** The peer has closed its side, or the connection failed. Called once. */
  closed(err: Error | null): void
}

/** The listener of a connection. One object for all its connections. */
export interface ConnectionOwner {
  /** for logs and limits, for example `public` */
  readonly name: string
  /** monotonic time in milliseconds */
  now(): number
  /** Called with what a receiver threw. */
  fault(err: unknown): void
  /** Called once when a connection is closed. */
  gone(connection: WireConnection): void
}

/** Milliseconds of silence after which the kernel sends a TCP keepalive probe. */
export const KEEPALIVE_MS = 60_000

/**
 * An open connection. While its send buffer is full, nothing is read from it: a peer that sends requests and never reads
 * the answers cannot fill our memory.
 */
export abstract class WireConnection {
  /** the owner's `now()` when a byte was last sent or received */
  lastActive: number
  /** the same for received bytes */
  lastHeard: number
  closed = false
  /** whether the socket's send buffer is full */
  full = false
  receiver: Receiver | null = null
  private holds = 0
  private ended = false
  private keptAlive = false
  private listeners: Array<() => void> | null = null

  constructor(protected readonly owner: ConnectionOwner) {
    this.lastActive = owner.now()
    this.lastHeard = this.lastActive
  }

  /** Name of its listener. */
  get listener(): string {
    return this.owner.name
  }

  /** Turns Nagle's algorithm off. Not done at once: most of a handshake's cost is system calls. */
  abstract setNoDelay(): void

  /** Writes bytes. @returns true if all of them were copied, so that the buffer can be reused */
  abstract send(bytes: Buffer): boolean

  /** Closes the connection once all bytes are sent. */
  abstract end(): void

  /** Closes the connection now. */
  abstract destroy(): void

  /** Has the kernel detect a dead peer. For long connections. */
  keepAlive(): void {
    if (this.keptAlive) return
    this.keptAlive = true
    this.probe()
  }

  /** Pauses reading until `release` was called as often as `hold`. */
  hold(): void {
    this.holds += 1
    if (this.holds === 1) this.flow()
  }

  release(): void {
    this.holds -= 1
    if (this.holds === 0) this.flow()
  }

  /** Calls the listener once when the connection is closed; at once if it is already. */
  onClose(listener: () => void): void {
    if (this.closed) listener()
    else if (this.listeners) this.listeners.push(listener)
    else this.listeners = [listener]
  }

  /** Runs a handler; an exception closes this connection only. */
  guard(run: () => void): void {
    try {
      run()
    } catch (err) {
      this.owner.fault(err)
      this.destroy()
    }
  }

  /** @internal */
  take(chunk: Buffer): void {
    this.heard()
    this.guard(() => this.receiver?.receive(chunk))
  }

  /** @internal */
  drained(): void {
    this.full = false
    this.guard(() => this.receiver?.room())
    this.flow()
  }

  /** @internal */
  finish(err: Error | null): void {
    if (this.ended) return
    this.ended = true
    this.guard(() => this.receiver?.closed(err))
  }

  /** @internal */
  gone(): void {
    this.closed = true
    this.finish(null)
    const listeners = this.listeners ?? []
    this.listeners = null
    this.owner.gone(this)
    for (const listener of listeners) this.guard(listener)
  }

  /** Notes that bytes came. */
  protected heard(): void {
    this.lastActive = this.owner.now()
    this.lastHeard = this.lastActive
  }

  /** Notes that the send buffer is full. */
  protected fill(): void {
    if (this.full) return
    this.full = true
    this.flow()
  }

  private flow(): void {
    if (this.holds > 0 || this.full) this.pause()
    else this.resume()
  }

  protected abstract pause(): void
  protected abstract resume(): void
  /** Turns TCP keepalive on. */
  protected abstract probe(): void
}
