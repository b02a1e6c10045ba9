// SPDX-License-Identifier: AGPL-3.0-or-later
// The muxrpc session of one connection: one map of all calls and streams, and one account of what they use.

import { RelayError } from '../lib/errors.js'
import { JSON_BYTES } from '../lib/limits.js'
import {
  type BodyType,
  decodeBody,
  decodeCall,
  decodeEnd,
  END,
  encodeBody,
  encodeError,
  FrameReader,
  type FrameSink,
  frameHead,
  GOODBYE,
  HEAD_BYTES,
  JSON_BODY,
  STREAM,
  type Taking,
  TYPE_BITS,
} from './codec.js'
import {
  type Answer,
  asError,
  type Caller,
  encodeCall,
  reportError,
  type SessionParts,
  type Transport,
} from './contract.js'
import { EndedStreams } from './ended-streams.js'
import { type Method, type MethodType, nameOf } from './registry.js'
import { RpcStream, type StreamHandler, type StreamOwner } from './stream.js'
import type { Account, CallerLimits } from './stream-limits.js'
import { Waiters, wakeLater } from './waiters.js'

/**
 * Maximum error answers that wait to be sent, as a multiple of the caller's limit of calls. A caller beyond it sends
 * nothing but refused calls, and is closed.
 */
const ERRORS_AHEAD = 2

export class MuxrpcSession<C extends Caller> implements FrameSink, StreamOwner, Account {
  /** open streams of the other end */
  streams = 0
  gathered = 0
  queued = 0
  enqueued = 0
  sent = 0
  isClosed = false
  isCounted = false
  /** async calls of the other end in progress */
  private working = 0
  /** open streams and our calls, by the request number in incoming frames: theirs positive, ours negative */
  private open: Map<number, RpcStream | Answer> | null = null
  private readonly late = new EndedStreams()
  private last = 0
  private errorsAhead = 0
  private readonly waiters = new Waiters()
  private current: RpcStream | Answer | null = null
  private readonly reader = new FrameReader(this)

  constructor(
    private readonly transport: Transport,
    readonly caller: C,
    private readonly parts: SessionParts<C>,
  ) {
    parts.totals.open(this)
  }

  get limits(): CallerLimits {
    return this.caller.limits
  }

  // --- called by the transport ----------------------------------------------------------------------------------

  /** @throws RelayError to end the connection */
  receive(plain: Buffer): void {
    if (!this.isClosed) this.reader.read(plain)
  }

  flushed(bytes: number): void {
    this.queued -= bytes
    this.sent += bytes
    this.errorsAhead = 0
    this.parts.totals.changed(this, 'queued', -bytes)
    this.waiters.wake()
  }

  closed(err: Error | null): void {
    if (this.isClosed) return
    this.isClosed = true
    this.parts.totals.close(this)
    const open = this.open
    this.open = null
    this.waiters.clear()
    this.reader.clear()
    for (const each of open?.values() ?? []) {
      // an exception of one handler must not skip the others
      try {
        if (each instanceof RpcStream) each.over(err ?? true)
        else each(err ?? new Error('the connection ended'))
      } catch (fault) {
        this.parts.onFault(fault, this.caller, 'closed')
      }
    }
  }

  // --- outgoing calls -------------------------------------------------------------------------------------------

  /** Calls an async method. */
  request(name: readonly string[], args: unknown[], answer: Answer): void {
    if (this.isClosed) return answer(new Error('the connection ended'))
    const request = ++this.last
    this.entries.set(-request, answer)
    this.send(JSON_BODY, request, encodeCall(name, args))
  }

  /** Calls a method and ignores the answer. @param call the body, from `encodeCall` */
  poke(call: Buffer): void {
    // without an entry the answer is skipped
    this.send(JSON_BODY, ++this.last, call)
  }

  /** Calls a method that opens a stream. */
  stream(name: readonly string[], args: unknown[], type: MethodType, handler: StreamHandler): RpcStream {
    const request = ++this.last
    const stream = new RpcStream(this, -request, type !== 'sink')
    stream.handler = handler
    if (this.isClosed) {
      stream.over(new Error('the connection ended'))
      return stream
    }
    this.entries.set(-request, stream)
    this.send(STREAM | JSON_BODY, request, Buffer.from(JSON.stringify({ name, args, type })))
    return stream
  }

  /** Ends every stream, then the connection with a goodbye. */
  close(): void {
    if (this.isClosed) return
    for (const each of [...this.entries.values()]) {
      if (!(each instanceof RpcStream)) continue
      each.end()
      each.handler.ended?.(true)
    }
    this.send(0, 0, null)
    this.transport.end()
    this.closed(null)
  }

  // --- incoming frames ------------------------------------------------------------------------------------------

  begin(flags: number, length: number, request: number): Taking {
    const most = this.caller.limits.frameBytes
    const known = this.open?.get(request)
    const json = known instanceof RpcStream ? known.jsonBytes : JSON_BYTES
    if (length > most || ((flags & TYPE_BITS) !== 0 && length > json))
      throw new RelayError('message_too_large', `frame of ${length} bytes`)
    this.current = known ?? null
    if (known === undefined) {
      if (request <= 0) return 'skip'
      if (!(flags & STREAM)) return 'whole'
      if (this.late.take(request, (flags & END) !== 0)) return 'skip'
      // END of an unknown or forgotten stream
      return flags & END ? 'skip' : 'whole'
    }
    if (flags & END || !(known instanceof RpcStream)) return 'whole'
    if (!known.takesData) throw new RelayError('bad_argument', 'data on a stream that takes none')
    return known.inPieces && (flags & TYPE_BITS) === 0 ? 'pieces' : 'whole'
  }

  frame(flags: number, request: number, body: Buffer): void {
    const { current } = this
    if (current instanceof RpcStream) {
      // the stream ended while this body was incomplete
      if (current.isEnded) return
      if (flags & END) this.ended(current, decodeEnd(body, flags & TYPE_BITS))
      else this.give(current, body, flags & TYPE_BITS)
    } else if (current) {
      this.open?.delete(request)
      if (flags & END) current(asError(decodeEnd(body, flags & TYPE_BITS)))
      else current(null, decodeBody(body, flags & TYPE_BITS))
    } else if (flags & STREAM) this.opened(request, body, flags & TYPE_BITS)
    else this.called(request, body, flags & TYPE_BITS)
  }

  goodbye(): void {
    this.close()
  }

  gathering(bytes: number): void {
    this.gathered += bytes
    this.parts.totals.changed(this, 'gathered', bytes)
    // memory freed when the connection ends must not throw: the streams have yet to be ended
    if (bytes > 0) this.stopIfEvicted()
  }

  // --- called by streams ----------------------------------------------------------------------------------------

  sendData(key: number, type: BodyType, body: Uint8Array): void {
    this.send(STREAM | type, -key, body)
  }

  sendEnd(key: number, body: Buffer): void {
    const stream = this.open?.get(key)
    if (!this.open?.delete(key)) return
    this.send(STREAM | END | JSON_BODY, -key, body)
    if (key < 0 || !stream) return
    this.forget()
    this.late.add(key, this.caller.limits.calls)
  }

  wait(stream: RpcStream): void {
    this.waiters.add(stream)
    // the queued bytes may have been sent already
    if (this.queued === 0) setImmediate(wakeLater, this.waiters)
  }

  evict(reason: string): void {
    this.caller.cut(reason)
    this.closed(new Error(reason))
    this.transport.destroy()
  }

  // --- internal -------------------------------------------------------------------------------------------------

  private get entries(): Map<number, RpcStream | Answer> {
    this.open ??= new Map()
    return this.open
  }

  private send(flags: number, request: number, body: Uint8Array | null): void {
    if (this.isClosed) return
    const bytes = HEAD_BYTES + (body?.length ?? 0)
    this.queued += bytes
    this.enqueued += bytes
    this.transport.write(body ? frameHead(flags, body.length, request) : GOODBYE, body)
    this.parts.totals.changed(this, 'queued', bytes)
  }

  /** Passes a body to a stream's handler; an exception ends that stream only. */
  private give(stream: RpcStream, body: Buffer, type: number): void {
    try {
      stream.handler.data?.(body, type)
    } catch (err) {
      reportError(this.parts, err, this.caller, 'data')
      stream.end(err)
      stream.handler.ended?.(err as Error)
    }
  }

  private called(request: number, body: Buffer, type: number): void {
    const { caller } = this
    const { name, args } = decodeCall(body, type)
    let method: Method<C>
    let result: unknown
    try {
      method = this.find(name, 'async', args, false)
      if (!('call' in method)) return
      result = method.call(caller, ...(args as unknown[]))
    } catch (err) {
      return this.refuse(END | JSON_BODY, request, err, name)
    }
    if (!(result instanceof Promise)) return this.answer(request, result, name)
    this.working += 1
    result.then(
      (value) => {
        this.working -= 1
        this.answer(request, value, name)
      },
      (err) => {
        this.working -= 1
        this.refuse(END | JSON_BODY, request, err, name)
      },
    )
  }

  private answer(request: number, value: unknown, name: unknown): void {
    try {
      const { type, body } = encodeBody(value)
      this.send(type, -request, body)
    } catch (err) {
      // the value has no JSON
      this.refuse(END | JSON_BODY, request, err, name)
    }
  }

  private opened(request: number, body: Buffer, bodyType: number): void {
    const { name, args, type } = decodeCall(body, bodyType)
    let method: Method<C>
    try {
      method = this.find(name, type, args, true)
      if (!('open' in method)) return
    } catch (err) {
      this.late.add(request, this.caller.limits.calls)
      return this.refuse(STREAM | END | JSON_BODY, request, err, name)
    }
    const stream = new RpcStream(this, request, method.type !== 'source')
    this.entries.set(request, stream)
    this.streams += 1
    this.parts.totals.changed(this, 'streams', 1)
    this.stopIfEvicted()
    try {
      method.open(this.caller, stream, ...(args as unknown[]))
    } catch (err) {
      reportError(this.parts, err, this.caller, nameOf(name))
      this.countError()
      stream.end(err)
    }
  }

  private find(name: unknown, type: unknown, args: unknown, streams: boolean): Method<C> {
    const method = this.parts.registry.find(this.caller, name, type, args, streams)
    if (this.working + this.streams >= this.caller.limits.calls)
      throw new RelayError('busy', undefined, { limit: 'calls_per_connection' })
    return method
  }

  private refuse(flags: number, request: number, err: unknown, name: unknown): void {
    reportError(this.parts, err, this.caller, nameOf(name))
    this.countError()
    this.send(flags, -request, encodeError(err))
  }

  private countError(): void {
    this.errorsAhead += 1
    const most = ERRORS_AHEAD * this.caller.limits.calls
    if (this.errorsAhead > most) throw new RelayError('busy', `more than ${most} unread error replies`)
  }

  /** Handles an END of the other end: answers it and closes the stream. */
  private ended(stream: RpcStream, err: Error | true): void {
    if (!this.open?.delete(stream.key)) return
    if (stream.key > 0) this.forget()
    this.send(STREAM | END | JSON_BODY, -stream.key, encodeBody(true).body)
    stream.over(err)
  }

  private forget(): void {
    this.streams -= 1
    this.parts.totals.changed(this, 'streams', -1)
  }

  private stopIfEvicted(): void {
    if (this.isClosed) throw new RelayError('busy')
  }
}
