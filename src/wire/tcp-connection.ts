// One TCP connection: bytes to whatever receives them now, bytes out, and the only place that touches a socket.

import type { Socket } from 'node:net'

/** What a connection's bytes are given to: the handshake first, then the box stream. */
export interface Receiver {
  /** A chunk has come and may be overwritten; what is thrown ends the connection. */
  receive(chunk: Buffer): void
  /** There is room again after `send` found none. */
  room(): void
  /** The peer has hung up, or the connection is gone. Called once. */
  closed(err: Error | null): void
}

/** The listener a connection came through, as far as the connection needs it. One object for all its connections. */
export interface ConnectionOwner {
  /** for logs and limits, for example `public` */
  readonly name: string
  /** milliseconds, good for differences */
  now(): number
  /** Told what a receiver threw over a peer's bytes. */
  fault(err: unknown): void
  /** Told once when a connection is gone. */
  gone(connection: TcpConnection): void
}

/** Milliseconds of silence after which the kernel asks a peer whether it is there. */
const KEEPALIVE_MS = 60_000

const own = Symbol('connection')
type OwnSocket = Socket & { [own]: TcpConnection }

/**
 * A connected socket. While it takes no more, nothing is read from it either: a peer that never reads its answers cannot
 * make us gather more of them by asking on.
 */
export class TcpConnection {
  /** the owner's `now()` at which a byte last came or went; good for differences only */
  lastActive: number
  /** the same for bytes that came */
  lastHeard: number
  closed = false
  /** whether the socket takes no more for now */
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
    // functions that find the connection through the socket: a closure for each would be half a KB a connection
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('drain', onDrain)
  }

  /** Name of the listener it came through. */
  get listener(): string {
    return this.owner.name
  }

  /** Small frames leave at once. Left until it matters: most of a handshake's cost is system calls. */
  setNoDelay(): void {
    this.socket.setNoDelay(true)
  }

  /** Has the kernel notice a peer that is gone. For connections that stay. */
  keepAlive(): void {
    if (this.keptAlive) return
    this.keptAlive = true
    this.socket.setKeepAlive(true, KEEPALIVE_MS)
  }

  /** Writes. @returns whether the kernel took it all: then the bytes may be reused at once */
  send(bytes: Buffer): boolean {
    const { socket } = this
    this.lastActive = this.owner.now()
    const more = socket.write(bytes)
    // Node tries the kernel first, and only what that did not take waits in the socket.
    if (socket.writableLength === 0) return true
    if (!more && !this.full) {
      this.full = true
      this.flow()
    }
    return false
  }

  /** Stops reading from the socket until as many `release`s: what waits, waits in the kernel and at the sender. */
  hold(): void {
    this.holds += 1
    if (this.holds === 1) this.flow()
  }

  release(): void {
    this.holds -= 1
    if (this.holds === 0) this.flow()
  }

  /** Ends the connection once all is sent. */
  end(): void {
    this.socket.destroySoon()
  }

  /** Cuts the connection now. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Calls once when the connection is gone; at once if it is. */
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

  /** @internal the peer sends no more: what we have sent it still gets, and that is all */
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

  /** Runs what a peer's bytes, room or end have caused; what it throws ends this connection and nothing else. */
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
