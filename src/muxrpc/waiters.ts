// The streams of one connection that wait for room, and calling them when there is some.

import type { RpcStream } from './stream.js'

export class Waiters {
  private waiting: RpcStream[] | null = null

  add(stream: RpcStream): void {
    if (this.waiting) this.waiting.push(stream)
    else this.waiting = [stream]
  }

  /** Calls those that have room now; the others go on waiting. */
  wake(): void {
    const { waiting } = this
    // most wait for the connection, and then none of them has room
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
