// SPDX-License-Identifier: AGPL-3.0-or-later
// Both ends of a tunnel between clients: one sends bytes, the other returns them.

import { randomBytes } from 'node:crypto'
import type { Client } from './client.js'
import type { Duplex, End, Source } from './pull.js'

/** The end of a tunnel that returns what it receives. */
export function echo(): Duplex<Buffer> {
  let read: Source<Buffer> | null = null
  let waiting: Parameters<Source<Buffer>> | null = null
  return {
    sink(source) {
      read = source
      if (waiting) source(...waiting)
    },
    source(abort, cb) {
      if (read) read(abort, cb)
      else waiting = [abort, cb]
    },
  }
}

/** Sends bytes through a tunnel whose other end returns them. @returns how many came back */
export function throughTunnel(
  { rpc }: Client,
  portal: string,
  target: string,
  bytes: number,
): Promise<number> {
  const chunk = randomBytes(16 * 1024)
  let sent = 0
  let came = 0
  return new Promise((resolve, reject) => {
    const tunnel: Duplex<Buffer> = rpc.tunnel.connect({ portal, target }, () => {})
    let hold: ((end: End) => void) | null = null
    tunnel.sink((abort, cb) => {
      if (abort) return cb(abort)
      if (sent >= bytes) {
        hold = cb
        return
      }
      sent += chunk.length
      cb(null, chunk)
    })
    const next = (): void =>
      tunnel.source(null, (end, data) => {
        if (end) return reject(new Error('the tunnel ended before all had come'))
        came += (data as Buffer).length
        if (came < bytes) return next()
        hold?.(true)
        tunnel.source(true, () => {})
        resolve(came)
      })
    next()
  })
}
