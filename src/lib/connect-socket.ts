// SPDX-License-Identifier: AGPL-3.0-or-later
// Opens a socket, so that every failure rejects: some come before a caller can listen, as when a board has no network.

import { connect, type NetConnectOpts, type Socket } from 'node:net'

/** Connects within some milliseconds. The socket has an error listener, so that a failure before its use does not throw. */
export function connectSocket(at: NetConnectOpts, ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(at)
    socket.setTimeout(ms, () => socket.destroy(new Error('timed out')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
