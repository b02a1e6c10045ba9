// SPDX-License-Identifier: AGPL-3.0-or-later
// One TCP connection. The only file that uses a socket of a caller.

import type { Socket } from 'node:net'

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
  gone(connection: TcpConnection): void
}

/** Milliseconds of silence after which the kernel sends a TCP keepalive probe. */
const KEEPALIVE_MS = 60_000

const own = Symbol('connection')
type OwnSocket = Socket & { [own]: TcpConnection }

/**
 * A connected socket. While its send buffer is full, nothing is read from it: a peer that sends requests and never reads
 * the answers cannot fill our memory.
 */
export class TcpConnection {
  /** the owner's `now()` when a byte was last sent or received */
  lastActive: number
  /** the same for received bytes */
  lastHeard: number
  closed = false
  /** whether the socket's send buffer is full */
  full = false
  receiver: Receiver | null = null
  private readonly socket: OwnSocket
  private holds = 0
  private ended = false
  private keptAlive = false
  private listeners: Array<() => void> | null = null

  constructor(
    socket: Socket,
    private readonly owner: ConnectionOwner,
  ) {
    this.socket = socket as OwnSocket
    this.lastActive = owner.now()
    this.lastHeard = this.lastActive
    this.socket[own] = this
    // shared functions that find the connection through the socket: five closures would cost half a KB a connection
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('drain', onDrain)
  }

  /** Name of its listener. */
  get listener(): string {
    return this.owner.name
  }

  /** Turns Nagle's algorithm off. Not done at once: most of a handshake's cost is system calls. */
  setNoDelay(): void {
    this.socket.setNoDelay(true)
  }

  /** Has the kernel detect a dead peer. For long connections. */
  keepAlive(): void {
    if (this.keptAlive) return
    this.keptAlive = true
    this.socket.setKeepAlive(true, KEEPALIVE_MS)
  }

  /** Writes bytes. @returns true if the kernel has copied all of them, so that the buffer can be reused */
  send(bytes: Buffer): boolean {
    const { socket } = this
    this.lastActive = this.owner.now()
    const more = socket.write(bytes)
    // Node calls the kernel at once; only what did not fit is queued in the socket.
    if (socket.writableLength === 0) return true
    if (!more && !this.full) {
      this.full = true
      this.flow()
    }
    return false
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

  /** Closes the connection once all bytes are sent. */
  end(): void {
    this.socket.destroySoon()
  }

  /** Closes the connection now. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Calls the listener once when the connection is closed; at once if it is already. */
  onClose(listener: () => void): void {
    if (this.closed) listener()
    else if (this.listeners) this.listeners.push(listener)
    else this.listeners = [listener]
  }

  /** @internal */
  take(chunk: Buffer): void {
    this.lastActive = this.owner.now()
    this.lastHeard = this.lastActive
    this.guard(() => this.receiver?.receive(chunk))
  }

  /** @internal */
  drained(): void {
    this.full = false
    this.guard(() => this.receiver?.room())
    this.flow()
  }

  /** @internal the peer has closed its side: it still gets what we have sent, and nothing more */
  hungUp(): void {
    this.finish(null)
    if (this.socket.writableLength > 0) this.end()
    else this.destroy()
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

  /** Runs a handler; an exception closes this connection only. */
  guard(run: () => void): void {
    try {
      run()
    } catch (err) {
      this.owner.fault(err)
      this.destroy()
    }
  }

  private flow(): void {
    if (this.holds > 0 || this.full) this.socket.pause()
    else if (this.socket.isPaused()) this.socket.resume()
  }
}

function onData(this: Socket, chunk: Buffer): void {
  ;(this as OwnSocket)[own].take(chunk)
}

function onEnd(this: Socket): void {
  ;(this as OwnSocket)[own].hungUp()
}

function onError(this: Socket, err: Error): void {
  ;(this as OwnSocket)[own].finish(err)
}

function onClose(this: Socket): void {
  ;(this as OwnSocket)[own].gone()
}

function onDrain(this: Socket): void {
  ;(this as OwnSocket)[own].drained()
}
