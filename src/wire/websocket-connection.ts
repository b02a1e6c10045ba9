// SPDX-License-Identifier: AGPL-3.0-or-later
// One connection over WebSocket: its binary messages are a stream of bytes, as multiserver's `ws` transport sends them.

import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { RelayError } from '../lib/errors.js'
import { type ConnectionOwner, KEEPALIVE_MS, WireConnection } from './connection.js'

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000
const UNSUPPORTED_DATA = 1003

const own = Symbol('connection')
type Own<T> = T & { [own]: WebSocketConnection }

/** An upgraded socket, plain or TLS. */
export class WebSocketConnection extends WireConnection {
  private readonly ws: Own<WebSocket>
  private readonly socket: Own<Socket>

  constructor(ws: WebSocket, socket: Socket, owner: ConnectionOwner) {
    super(owner)
    this.ws = ws as Own<WebSocket>
    this.socket = socket as Own<Socket>
    this.ws[own] = this
    this.socket[own] = this
    ws.on('message', onMessage)
    ws.on('ping', onPing)
    ws.on('pong', onPong)
    ws.on('error', onError)
    // `ws` waits for a close frame before its own `close`; the place is free when the socket is
    socket.on('close', onClose)
    socket.on('drain', onDrain)
  }

  setNoDelay(): void {
    // Node's HTTP server has done it
  }

  send(bytes: Buffer): boolean {
    this.lastActive = this.owner.now()
    if (this.ws.readyState !== WebSocket.OPEN) return true
    // A TLS socket keeps the buffer until it is encrypted, and our caller reuses it.
    this.ws.send(Buffer.from(bytes), { binary: true, mask: false })
    if (this.socket.writableNeedDrain) this.fill()
    return true
  }

  end(): void {
    this.close(NORMAL)
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** @internal */
  message(data: Buffer, isBinary: boolean): void {
    if (this.closed) return
    if (isBinary) return this.take(data)
    this.fail(new RelayError('bad_argument', 'a text message on a WebSocket'), UNSUPPORTED_DATA)
  }

  /** @internal Answers a ping unless the client does not read: answers would fill our memory. */
  pinged(data: Buffer): void {
    this.heard()
    if (!this.full && this.ws.readyState === WebSocket.OPEN) this.ws.pong(data)
    if (this.socket.writableNeedDrain) this.fill()
  }

  /** @internal */
  ponged(): void {
    this.heard()
  }

  /** @internal `ws` has sent a close frame with the reason. Without more it would read on for its close timeout. */
  failed(err: Error & { code?: string }): void {
    const isLarge = TOO_LARGE.has(err.code ?? '')
    const limit = isLarge ? { limit: 'websocket_message' } : {}
    this.fail(new RelayError(isLarge ? 'message_too_large' : 'bad_argument', 'a WebSocket frame', limit))
  }

  protected pause(): void {
    this.ws.pause()
  }

  protected resume(): void {
    this.ws.resume()
  }

  protected probe(): void {
    this.socket.setKeepAlive(true, KEEPALIVE_MS)
  }

  private fail(err: RelayError, code?: number): void {
    this.owner.fault(err)
    this.finish(err)
    this.close(code)
  }

  private close(code?: number): void {
    if (code !== undefined && this.ws.readyState === WebSocket.OPEN) this.ws.close(code)
    this.socket.destroySoon()
  }
}

/** What `ws` says of a message that is over a limit of `wire/websocket-upgrade.ts`. */
const TOO_LARGE: ReadonlySet<string> = new Set([
  'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  'WS_ERR_TOO_MANY_BUFFERED_PARTS',
])

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  ;(this as Own<WebSocket>)[own].message(data, isBinary)
}

function onPing(this: WebSocket, data: Buffer): void {
  ;(this as Own<WebSocket>)[own].pinged(data)
}

function onPong(this: WebSocket): void {
  ;(this as Own<WebSocket>)[own].ponged()
}

function onError(this: WebSocket, err: Error): void {
  ;(this as Own<WebSocket>)[own].failed(err)
}

function onClose(this: Socket): void {
  ;(this as Own<Socket>)[own].gone()
}

function onDrain(this: Socket): void {
  ;(this as Own<Socket>)[own].drained()
}
