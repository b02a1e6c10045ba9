// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers WebSocket upgrades. Loaded at the first one, with the package `ws`.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import { WEBSOCKET_CLOSE_MS, WEBSOCKET_MESSAGE_BYTES, WEBSOCKET_PARTS } from '../lib/limits.js'
import type { ConnectionOwner } from './connection.js'
import { WebSocketConnection } from './websocket-connection.js'

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  // boxes are random bytes, and a compressor costs some 300 KB for each connection
  perMessageDeflate: false,
  maxPayload: WEBSOCKET_MESSAGE_BYTES,
  maxFragments: WEBSOCKET_PARTS,
  maxBufferedChunks: WEBSOCKET_PARTS,
  // `WebSocketConnection` answers pings, with back-pressure
  autoPong: false,
  closeTimeout: WEBSOCKET_CLOSE_MS,
  skipUTF8Validation: true,
  handleProtocols: () => false,
})

/**
 * Answers an upgrade request. A request that is not a correct upgrade is answered with a status of 400 or 405.
 * @param head bytes after the request
 * @param onOpen called when the WebSocket is open, with what creates its connection
 */
export function upgradeWebSocket(
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  onOpen: (make: (owner: ConnectionOwner) => WebSocketConnection) => void,
): void {
  server.handleUpgrade(req, socket, head, (ws) =>
    onOpen((owner) => new WebSocketConnection(ws, socket, owner)),
  )
}
