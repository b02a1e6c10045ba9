// SPDX-License-Identifier: AGPL-3.0-or-later
// A socket as a pull-stream duplex, for the stock packages at the other end.

import type { Socket } from 'node:net'
import type { Duplex, End } from './pull.js'

/** Reads and writes one chunk at a time; unread data waits in the socket. */
export function duplexOf(socket: Socket): Duplex<Buffer> {
  const waiting: Buffer[] = []
  let over: End = null
  let reader: ((end: End, data?: Buffer) => void) | null = null
  const finish = (end: End): void => {
    over ??= end
    if (waiting.length > 0) return
    const cb = reader
    reader = null
    cb?.(over)
  }
  socket.on('data', (chunk: Buffer) => {
    const cb = reader
    reader = null
    if (cb) cb(null, chunk)
    else waiting.push(chunk)
  })
  socket.on('error', finish)
  socket.on('close', () => finish(true))
  return {
    source(abort, cb) {
      if (abort) {
        socket.destroy()
        cb(abort)
      } else if (waiting.length > 0) cb(null, waiting.shift())
      else if (over) cb(over)
      else reader = cb
    },
    sink(read) {
      const next = (): void =>
        read(null, (end, data) => {
          if (end === true) socket.end()
          else if (end) socket.destroy()
          else socket.write(data as Buffer, () => next())
        })
      next()
    },
  }
}
