// SPDX-License-Identifier: AGPL-3.0-or-later
// The streams of one connection that wait for room.

import type { RpcStream } from './stream.js'

export class Waiters {
  private waiting: RpcStream[] | null = null

  add(stream: RpcStream): void {
    if (this.waiting) this.waiting.push(stream)
    else this.waiting = [stream]
  }

  /** Calls those that have room now; the others keep waiting. */
  wake(): void {
    const { waiting } = this
    // usually all wait for the connection, so none has room
    if (!waiting?.some(hasRoom)) return
    this.waiting = null
    for (const stream of waiting) {
      if (stream.isEnded) continue
      if (stream.hasRoom) {
        stream.isWaiting = false
        stream.handler.room?.()
      } else this.add(stream)
    }
  }

  clear(): void {
    this.waiting = null
  }
}

function hasRoom(stream: RpcStream): boolean {
  return stream.isEnded || stream.hasRoom
}

/** For `setImmediate`, without a closure. */
export function wakeLater(waiters: Waiters): void {
  waiters.wake()
}
