// One TCP connection as a pull-stream duplex that can be held: the only place that touches a socket's bytes.

import type { Socket } from 'node:net'
import type { Callback, Duplex, End, Source } from './pull.js'

export interface Link extends Duplex<Buffer> {
  /** which of our listeners took it, for example `public` */
  listener: string
  /** multiserver address of the other end, as secret-stack expects it on the stream */
  address: string
  /** Unix ms when a byte last came or went */
  lastActive: number
  /** Unix ms when a byte last came */
  lastHeard: number
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
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEPALIVE_MS)
  const listeners: Array<() => void> = []
  let ended: End = null
  let waiting: Callback<Buffer> | null = null
  let holds = 0
  let stalled = false

  function deliver(): void {
    if (!waiting) return
    const cb = waiting
    if (ended) {
      waiting = null
      cb(ended)
    } else if (holds === 0 && !stalled) {
      const chunk = socket.read() as Buffer | null
      if (!chunk) return
      waiting = null
      link.lastActive = now()
      link.lastHeard = link.lastActive
      try {
        cb(null, chunk)
      } catch (err) {
        // Whatever muxrpc throws over a peer's bytes (a body that is not an object, say) ends that peer alone.
        onFault(err)
        link.destroy()
      }
    }
  }

  function finish(end: End): void {
    ended ??= end
    deliver()
  }

  const link: Link = {
    listener,
    address: `net:${socket.remoteAddress}:${socket.remotePort}`,
    lastActive: now(),
    lastHeard: now(),
    closed: false,
    source(abort, cb) {
      if (abort) {
        link.destroy()
        cb(abort)
        return
      }
      waiting = cb
      deliver()
    },
    sink(read: Source<Buffer>) {
      let looping = false
      let more = false
      function next(): void {
        more = true
        if (looping) return
        looping = true
        while (more) {
          more = false
          read(ended, (end, data) => {
            if (end || !data) {
              // destroyed once it is flushed: a peer that goes on talking after the goodbye is not listened to
              socket.destroySoon()
              return
            }
            link.lastActive = now()
            if (socket.write(data)) next()
            else {
              stalled = true
              socket.once('drain', () => {
                stalled = false
                next()
                deliver()
              })
            }
          })
        }
        looping = false
      }
      socket.once('close', () => read(ended ?? true, () => {}))
      next()
    },
    hold() {
      holds += 1
    },
    release() {
      holds -= 1
      deliver()
    },
    destroy() {
      socket.destroy()
    },
    onClose(callback) {
      if (link.closed) callback()
      else listeners.push(callback)
    },
  }

  socket.on('readable', deliver)
  socket.on('end', () => finish(true))
  socket.on('error', (err) => finish(err))
  socket.on('close', () => {
    Object.assign(link, { closed: true })
    finish(true)
    for (const callback of listeners.splice(0)) callback()
  })
  return link
}
