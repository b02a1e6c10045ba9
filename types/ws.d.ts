// SPDX-License-Identifier: AGPL-3.0-or-later
// The part of the package `ws` that we use; it ships no types.

declare module 'ws' {
  import type { IncomingMessage } from 'node:http'
  import type { Duplex } from 'node:stream'

  export class WebSocket {
    static readonly OPEN: number
    readonly readyState: number
    on(event: 'message', listener: (this: WebSocket, data: Buffer, isBinary: boolean) => void): this
    on(event: 'ping', listener: (this: WebSocket, data: Buffer) => void): this
    on(event: 'pong', listener: (this: WebSocket, data: Buffer) => void): this
    on(event: 'error', listener: (this: WebSocket, err: Error & { code?: string }) => void): this
    send(data: Buffer, options: { binary: boolean; mask?: boolean }): void
    pong(data: Buffer): void
    pause(): void
    resume(): void
    close(code?: number): void
  }

  export interface ServerOptions {
    noServer: true
    clientTracking: boolean
    perMessageDeflate: false
    /** bytes of one message */
    maxPayload: number
    maxFragments: number
    maxBufferedChunks: number
    autoPong: boolean
    /** milliseconds for the client's close frame */
    closeTimeout: number
    skipUTF8Validation: boolean
    handleProtocols(): false
  }

  export class WebSocketServer {
    constructor(options: ServerOptions)
    handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: WebSocket) => void): void
  }
}
