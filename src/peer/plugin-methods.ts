// SPDX-License-Identifier: AGPL-3.0-or-later
// Adapts methods of secret-stack plugins to the registry: callbacks to promises, pull-streams to streams.

import { decodeBody } from '../muxrpc/codec.js'
import type { Method, MethodType } from '../muxrpc/registry.js'
import type { RpcStream } from '../muxrpc/stream.js'
import type { Access } from './access.js'
import type { Connection } from './connection.js'

/** `this` of a plugin's methods. */
export interface Context {
  id: string
}

type Callback = (end: Error | true | null, data?: unknown) => void
/** A pull-stream source. */
type PullSource = (abort: Error | true | null, cb: Callback) => void
interface PullDuplex {
  source: PullSource
  sink(read: PullSource): void
}

/** Adapts a plugin's method. */
export function adaptMethod(
  type: MethodType,
  method: (this: Context, ...args: unknown[]) => unknown,
  access: Access,
): Method<Connection> {
  if (type === 'sync') return { type, access, call: ({ id }, ...args) => method.apply({ id }, args) }
  if (type === 'async')
    return {
      type,
      access,
      call: ({ id }, ...args) =>
        new Promise((resolve, reject) => {
          method.apply({ id }, [
            ...args,
            (err: unknown, value: unknown) => (err ? reject(err) : resolve(value)),
          ])
        }),
    }
  return {
    type,
    access,
    open({ id, wire }, stream, ...args) {
      // the end of either half ends the stream, as for all streams
      const finish = (end: Error | true): void => {
        stream.end(end)
        outgoing?.abort(end)
      }
      const made = method.apply({ id }, args)
      const source =
        type === 'source' ? (made as PullSource) : type === 'duplex' ? (made as PullDuplex).source : null
      const sink =
        type === 'sink' ? (made as PullDuplex['sink']) : type === 'duplex' ? (made as PullDuplex).sink : null
      const incoming: PullQueue | null = sink ? new PullQueue(wire, finish) : null
      const outgoing = source ? new PullDrain(stream, source, (end) => incoming?.end(end)) : null
      stream.handler = {
        data: (body, bodyType) => incoming?.push(decodeBody(body, bodyType)),
        room: () => outgoing?.pump(),
        ended(err) {
          incoming?.end(err)
          outgoing?.abort(err)
        },
      }
      if (incoming) sink?.(incoming.read)
      outgoing?.pump()
    },
  }
}

/** Writes a pull-stream to a muxrpc stream, with back-pressure. */
class PullDrain {
  private reading = false
  private over = false

  constructor(
    private readonly stream: RpcStream,
    private readonly source: PullSource,
    /** called when the source ends by itself */
    private readonly onEnd: (end: Error | true) => void,
  ) {}

  pump(): void {
    let sync = true
    let again = true
    while (again && !this.reading && !this.over && !this.stream.isEnded) {
      if (this.stream.isFull) return this.stream.waitForRoom()
      again = false
      this.reading = true
      sync = true
      this.source(null, (end, data) => {
        this.reading = false
        if (end) {
          this.over = true
          this.stream.end(end)
          this.onEnd(end)
        } else {
          this.stream.write(data)
          if (sync) again = true
          else this.pump()
        }
      })
      sync = false
    }
  }

  abort(err: Error | true): void {
    if (this.over) return
    this.over = true
    this.source(err, () => {})
  }
}

/** Values that can wait for a plugin's sink; then the connection is paused. */
const WAITING_MAX = 64

/** A pull-stream source with the values of a muxrpc stream. */
class PullQueue {
  private readonly waiting: unknown[] = []
  private reader: Callback | null = null
  private over: Error | true | null = null
  private holding = false

  constructor(
    private readonly flow: { hold(): void; release(): void },
    /** called when the reader aborts */
    private readonly onAbort: (end: Error | true) => void,
  ) {}

  readonly read: PullSource = (abort, cb) => {
    if (abort) {
      this.end(abort)
      this.onAbort(abort)
      cb(abort)
    } else if (this.waiting.length > 0) {
      const value = this.waiting.shift()
      if (this.waiting.length === 0) this.letGo()
      cb(null, value)
    } else if (this.over) cb(this.over)
    else this.reader = cb
  }

  push(value: unknown): void {
    // copied, because the buffer is valid only during this call
    const copy = Buffer.isBuffer(value) ? Buffer.from(value) : value
    const { reader } = this
    this.reader = null
    if (reader) return reader(null, copy)
    this.waiting.push(copy)
    if (this.waiting.length < WAITING_MAX || this.holding) return
    this.holding = true
    this.flow.hold()
  }

  end(err: Error | true): void {
    if (this.over) return
    this.over = err
    this.letGo()
    const { reader } = this
    this.reader = null
    reader?.(err)
  }

  private letGo(): void {
    if (this.holding) this.flow.release()
    this.holding = false
  }
}
