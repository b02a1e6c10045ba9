// SPDX-License-Identifier: AGPL-3.0-or-later
// One TCP connection.

import type { Socket } from 'node:net'
import { type ConnectionOwner, KEEPALIVE_MS, WireConnection } from './connection.js'

const own = Symbol('connection')
type OwnSocket = Socket & { [own]: TcpConnection }

/** A connected TCP socket. */
export class TcpConnection extends WireConnection {
  private readonly socket: OwnSocket

  constructor(socket: Socket, owner: ConnectionOwner) {
    super(owner)
    this.socket = socket as OwnSocket
    this.socket[own] = this
    // shared functions that find the connection through the socket: five closures would cost half a KB a connection
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('drain', onDrain)
  }

  setNoDelay(): void {
    this.socket.setNoDelay(true)
  }

  send(bytes: Buffer): boolean {
    const { socket } = this
    this.lastActive = this.owner.now()
    const more = socket.write(bytes)
    // Node calls the kernel at once; only what did not fit is queued in the socket.
    if (socket.writableLength === 0) return true
    if (!more) this.fill()
    return false
  }

  end(): void {
    this.socket.destroySoon()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** @internal the peer has closed its side: it still gets what we have sent, and nothing more */
  hungUp(): void {
    this.finish(null)
    if (this.socket.writableLength > 0) this.end()
    else this.destroy()
  }

  protected pause(): void {
    this.socket.pause()
  }

  protected resume(): void {
    if (this.socket.isPaused()) this.socket.resume()
  }

  protected probe(): void {
    this.socket.setKeepAlive(true, KEEPALIVE_MS)
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
