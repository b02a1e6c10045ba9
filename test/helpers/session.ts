// SPDX-License-Identifier: AGPL-3.0-or-later
// A real muxrpc session over a transport in memory: the test sends frames, sees those that are written, and decides when
// they are flushed.

import { END, FrameReader, frameHead, JSON_BODY, STREAM, TYPE_BITS } from '../../src/muxrpc/codec.js'
import type { Caller } from '../../src/muxrpc/contract.js'
import { type Methods, Registry } from '../../src/muxrpc/registry.js'
import { MuxrpcSession } from '../../src/muxrpc/session.js'
import { TotalLimits } from '../../src/muxrpc/stream-limits.js'

export { END, JSON_BODY, STREAM, TYPE_BITS }

/** One frame as it was written. */
export interface SentFrame {
  flags: number
  request: number
  body: Buffer
}

export interface TestSession<C extends Caller> {
  session: MuxrpcSession<C>
  totals: TotalLimits
  /** frames that the session has written, in order; a goodbye is a frame with an empty body */
  frames: SentFrame[]
  /** the same as bytes */
  bytes(): Buffer
  /** unexpected errors of methods */
  faults: Array<{ err: unknown; name: string }>
  ended: boolean
  destroyed: boolean
  /** bytes that wait to be flushed */
  waiting(): number
  /** Tells the session that so many bytes have left; all of them by default. */
  flush(bytes?: number): void
  /** Sends one frame. */
  send(flags: number, request: number, body: unknown): void
  /** Calls a method that is answered once; returns the number of the request. */
  call(name: string, ...args: unknown[]): number
  /** Opens a stream; returns the number of the request. */
  open(name: string, type: string, ...args: unknown[]): number
  /** Frames of ours on a request of the test's. */
  on(request: number): SentFrame[]
  /** Bodies of data on a request of the test's, parsed where they are JSON. */
  data(request: number): unknown[]
  /** The body of the end of a request of the test's; undefined while there is none. */
  end(request: number): unknown
}

export interface SessionOptions<C extends Caller> {
  methods?: Methods<C>
  totals?: TotalLimits
  /** whether what is written in a turn leaves at its end, as on a socket that is read; by default it waits for `flush` */
  isRead?: boolean
}

export function openSession<C extends Caller>(
  caller: C,
  { methods = {}, totals = new TotalLimits(() => {}), isRead = false }: SessionOptions<C> = {},
): TestSession<C> {
  const registry = new Registry<C>()
  registry.add(methods)
  const written: Buffer[] = []
  let waiting = 0
  let last = 0
  let scheduled = false
  const frames: SentFrame[] = []
  const reader = new FrameReader({
    begin: () => 'whole',
    frame: (flags, request, body) => frames.push({ flags, request, body: Buffer.from(body) }),
    goodbye: () => frames.push({ flags: 0, request: 0, body: Buffer.alloc(0) }),
    gathering() {},
  })
  const transport = {
    write(head: Uint8Array, body: Uint8Array | null) {
      const copy = body ? Buffer.concat([head, body]) : Buffer.from(head)
      written.push(copy)
      reader.read(copy)
      waiting += copy.length
      if (!isRead || scheduled) return
      scheduled = true
      process.nextTick(() => {
        scheduled = false
        opened.flush()
      })
    },
    end() {
      opened.ended = true
    },
    destroy() {
      opened.destroyed = true
    },
  }
  const faults: TestSession<C>['faults'] = []
  const session = new MuxrpcSession<C>(transport, caller, {
    registry,
    totals,
    onFault: (err, _, name) => faults.push({ err, name }),
  })
  const opened: TestSession<C> = {
    ...{ session, totals, frames, faults, ended: false, destroyed: false },
    bytes: () => Buffer.concat(written),
    waiting: () => waiting,
    flush(bytes = waiting) {
      waiting -= bytes
      if (bytes > 0) session.flushed(bytes)
    },
    send: (flags, request, body) => session.receive(frameOf(flags, request, body)),
    call(name, ...args) {
      opened.send(JSON_BODY, ++last, { name: name.split('.'), args })
      return last
    },
    open(name, type, ...args) {
      opened.send(STREAM | JSON_BODY, ++last, { name: name.split('.'), args, type })
      return last
    },
    on: (request) => frames.filter((frame) => frame.request === -request),
    data: (request) =>
      opened
        .on(request)
        .filter(({ flags }) => !(flags & END))
        .map(parsed),
    end(request) {
      const end = opened.on(request).find(({ flags }) => flags & END)
      return end && parsed(end)
    },
  }
  return opened
}

/** A frame's bytes. A buffer is sent as it is, everything else as JSON. */
export function frameOf(flags: number, request: number, body: unknown): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  return Buffer.concat([frameHead(flags, bytes.length, request), bytes])
}

function parsed({ flags, body }: SentFrame): unknown {
  const type = flags & TYPE_BITS
  return type === JSON_BODY ? JSON.parse(body.toString()) : type === 0 ? body : body.toString()
}

/** A caller with room for what a test does. */
export function createCaller(limits: Partial<Caller['limits']> = {}): Caller & { cuts: string[] } {
  const cuts: string[] = []
  return {
    cuts,
    limits: { calls: 16, frameBytes: 1024 * 1024, rank: 0, ...limits },
    cut: (reason) => void cuts.push(reason),
  }
}

/** All callers may call it. */
export const EVERYBODY = { words: 'all', allows: (): boolean => true }
