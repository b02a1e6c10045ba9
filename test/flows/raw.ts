// SPDX-License-Identifier: AGPL-3.0-or-later
// A client that writes any bytes into its box stream: for frames that muxrpc does not write, and to see raw answers.

import { createRequire } from 'node:module'
import ssbKeys, { type Keys } from 'ssb-keys'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import type { Callback, Duplex } from '../helpers/pull.js'
import { until } from '../helpers/relay.js'

const require = createRequire(import.meta.url)
const MultiServer = require('multiserver')
const Net = require('multiserver/plugins/net')
const Shs = require('multiserver/plugins/shs')

/** Bits of a frame's first byte. */
export const STREAM = 0b1000
export const END = 0b0100
export const TEXT = 1
export const JSON_BODY = 2

export interface Frame {
  flags: number
  /** negative for answers to our requests */
  request: number
  body: string
}

export interface RawClient {
  /** all received frames, in order */
  frames: Frame[]
  closed: Promise<void>
  isClosed(): boolean
  write(bytes: Buffer): void
  /** Sends a frame with exactly this body, by default as a new request; returns its number. */
  send(body: string | Buffer, options?: { flags?: number; length?: number; request?: number }): number
  /** Sends `{name, args, type}` with arguments given as JSON text. */
  call(method: string, type: string, args: string): number
  /** The first answer to a request. */
  answer(request: number): Promise<Frame>
  close(): void
}

/** Connects with the stock handshake and box stream; rejects when refused. */
export async function connectRaw({
  port,
  relay,
  keys = ssbKeys.generate(),
}: {
  port: number
  relay: string
  keys?: Keys
}): Promise<RawClient> {
  const bytes = (key: string): Buffer => Buffer.from(key.replace('.ed25519', ''), 'base64')
  const shs = Shs({
    keys: { publicKey: bytes(keys.public), secretKey: bytes(keys.private) },
    appKey: Buffer.from(NETWORK_KEY, 'base64'),
    timeout: 5000,
  })
  const stream: Duplex<Buffer> = await new Promise((resolve, reject) => {
    MultiServer([[Net({}), shs]]).client(
      `net:127.0.0.1:${port}~shs:${relay.slice(1, -8)}`,
      (err: Error | null, stream: Duplex<Buffer>) => (err ? reject(err) : resolve(stream)),
    )
  })

  const frames: Frame[] = []
  const queue: Buffer[] = []
  let waiting: Callback<Buffer> | null = null
  let over = false
  let next = 0
  let rest = Buffer.alloc(0)
  let resolveClosed: () => void
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })
  const end = (): void => {
    over = true
    resolveClosed()
    const cb = waiting
    waiting = null
    cb?.(true)
  }

  stream.sink((abort, cb) => {
    if (abort || over) {
      end()
      cb(abort ?? true)
      return
    }
    waiting = cb
    flush()
  })
  function flush(): void {
    const chunk = waiting && queue.shift()
    if (!waiting || !chunk) return
    const cb = waiting
    waiting = null
    cb(null, chunk)
  }

  function read(): void {
    stream.source(null, (ended, chunk) => {
      if (ended || !chunk) return end()
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 9 && rest.length >= 9 + rest.readUInt32BE(1)) {
        const length = rest.readUInt32BE(1)
        frames.push({
          flags: rest[0] as number,
          request: rest.readInt32BE(5),
          body: rest.toString('utf8', 9, 9 + length),
        })
        rest = rest.subarray(9 + length)
      }
      read()
    })
  }
  read()

  const client: RawClient = {
    frames,
    closed,
    isClosed: () => over,
    write(chunk) {
      queue.push(chunk)
      flush()
    },
    send(body, { flags = JSON_BODY, length, request = ++next } = {}) {
      const bytes = Buffer.from(body)
      const head = Buffer.alloc(9)
      head[0] = flags
      head.writeUInt32BE(length ?? bytes.length, 1)
      head.writeInt32BE(request, 5)
      client.write(Buffer.concat([head, bytes]))
      return request
    },
    call(method, type, args) {
      const streams = type !== 'async' && type !== 'sync'
      const name = JSON.stringify(method.split('.'))
      return client.send(`{"name":${name},"args":${args},"type":"${type}"}`, {
        flags: JSON_BODY | (streams ? STREAM : 0),
      })
    },
    answer: (request) =>
      until<Frame | undefined>(`an answer to request ${request}`, () => {
        if (over) throw new Error('the connection was cut')
        return frames.find((frame) => frame.request === -request)
      }),
    close: end,
  }
  return client
}
