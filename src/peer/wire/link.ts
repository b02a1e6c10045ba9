// One TCP connection as a pull-stream duplex that can be held: the only place that touches a socket's bytes.

import type { Socket } from 'node:net'
import type { Callback, Duplex, End, Source } from './pull.js'

export interface Link extends Duplex<Buffer> {
  /** which of our listeners took it, for example `public` */
  listener: string
  /** what secret-stack expects on the stream; where callers come from is nothing it or we need to remember */
  readonly address: string
  /** When a byte last came or went, by the clock the link was given: milliseconds, good for differences only. */
  lastActive: number
  /** When a byte last came, likewise. */
  lastHeard: number
  /** What the next chunk is given to, once it comes; the same as asking `source`. */
  receive(cb: Callback<Buffer>): void
  /**
   * Writes past `sink`, for who needs no pull-stream. Until there is room again, nothing is read from the socket.
   * @returns whether the kernel took it all: then the bytes may be reused at once
   */
  send(bytes: Buffer): boolean
  /** Whether the socket will take no more for now. */
  readonly full: boolean
  /** Calls whenever there is room again after `full`; one listener. */
  onRoom(listener: () => void): void
  /** Ends the connection once all is sent: a peer that goes on talking after the goodbye is not listened to. */
  end(): void
  /** Stops reading from the socket until as many `release`s: what waits, waits in the kernel and at the sender. */
  hold(): void
  release(): void
  /** Cuts the connection now. */
  destroy(): void
  /** Called once when the connection is gone. */
  onClose(listener: () => void): void
  readonly closed: boolean
}

/** Milliseconds before the kernel starts asking a silent peer whether it is there. */
const KEEPALIVE_MS = 60_000

const linkOf = Symbol('link')
type LinkedSocket = Socket & { [linkOf]: SocketLink }

/**
 * Wraps a connected socket.
 * While the socket will not take more, nothing is read from it either: a peer that never reads its answers cannot
 * make us gather more of them by asking on.
 * @param onFault told of what was thrown while the peer's bytes were being handled
 */
export function createLink(
  socket: Socket,
  listener: string,
  now: () => number,
  onFault: (err: unknown) => void,
): Link {
  return new SocketLink(socket as LinkedSocket, listener, now, onFault)
}

/** A class, and listeners that find it through the socket: a closure for each of either would be a KB a connection. */
class SocketLink implements Link {
  lastActive: number
  lastHeard: number
  readonly address = 'net'
  closed = false
  full = false
  private ended: End = null
  private waiting: Callback<Buffer> | null = null
  private holds = 0
  private roomListener: (() => void) | null = null
  private closeListeners: Array<() => void> | null = null

  constructor(
    private readonly socket: LinkedSocket,
    readonly listener: string,
    private readonly now: () => number,
    private readonly onFault: (err: unknown) => void,
  ) {
    this.lastActive = now()
    this.lastHeard = this.lastActive
    socket[linkOf] = this
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEPALIVE_MS)
    socket.on('readable', onReadable)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  get source(): Source<Buffer> {
    return (abort, cb) => {
      if (!abort) return this.receive(cb)
      this.destroy()
      cb(abort)
    }
  }

  get sink(): (read: Source<Buffer>) => void {
    return (read) => this.drain(read)
  }

  receive(cb: Callback<Buffer>): void {
    this.waiting = cb
    this.deliver()
  }

  send(bytes: Buffer): boolean {
    this.lastActive = this.now()
    const more = this.socket.write(bytes)
    // Node tries the kernel first, and only what that did not take waits in the socket.
    if (this.socket.writableLength === 0) return true
    if (!more && !this.full) {
      this.full = true
      this.socket.once('drain', onDrain)
    }
    return false
  }

  onRoom(listener: () => void): void {
    this.roomListener = listener
  }

  end(): void {
    this.socket.destroySoon()
  }

  hold(): void {
    this.holds += 1
  }

  release(): void {
    this.holds -= 1
    this.deliver()
  }

  destroy(): void {
    this.socket.destroy()
  }

  onClose(listener: () => void): void {
    if (this.closed) listener()
    else if (this.closeListeners) this.closeListeners.push(listener)
    else this.closeListeners = [listener]
  }

  deliver(): void {
    const cb = this.waiting
    if (!cb) return
    if (this.ended) {
      this.waiting = null
      cb(this.ended)
    } else if (this.holds === 0 && !this.full) {
      const chunk = this.socket.read() as Buffer | null
      if (!chunk) return
      this.waiting = null
      this.lastActive = this.now()
      this.lastHeard = this.lastActive
      try {
        cb(null, chunk)
      } catch (err) {
        // Whatever muxrpc throws over a peer's bytes (a body that is not an object, say) ends that peer alone.
        this.onFault(err)
        this.destroy()
      }
    }
  }

  finish(end: End): void {
    this.ended ??= end
    this.deliver()
  }

  room(): void {
    this.full = false
    this.roomListener?.()
    this.deliver()
  }

  close(): void {
    this.closed = true
    this.finish(true)
    const listeners = this.closeListeners ?? []
    this.closeListeners = null
    for (const listener of listeners) listener()
  }

  private drain(read: Source<Buffer>): void {
    let looping = false
    let more = false
    const next = (): void => {
      more = true
      if (looping) return
      looping = true
      while (more) {
        more = false
        read(this.ended, (end, data) => {
          if (end || !data) this.end()
          else {
            this.send(data)
            if (!this.full) next()
          }
        })
      }
      looping = false
    }
    this.onRoom(next)
    this.onClose(() => read(this.ended ?? true, () => {}))
    next()
  }
}

function onReadable(this: Socket): void {
  ;(this as LinkedSocket)[linkOf].deliver()
}

function onEnd(this: Socket): void {
  ;(this as LinkedSocket)[linkOf].finish(true)
}

function onError(this: Socket, err: Error): void {
  ;(this as LinkedSocket)[linkOf].finish(err)
}

function onClose(this: Socket): void {
  ;(this as LinkedSocket)[linkOf].close()
}

function onDrain(this: Socket): void {
  ;(this as LinkedSocket)[linkOf].room()
}
