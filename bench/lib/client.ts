// SPDX-License-Identifier: AGPL-3.0-or-later
// The least an SSB client can be: the secret handshake, the box stream, and muxrpc frames that are counted, not parsed.
// The same for every server, so that what is measured is the server.

import { connect } from 'node:net'
import type { Keys } from 'ssb-keys'
import { HEAD_BYTES } from '../../src/muxrpc/codec.js'
import { NETWORK_KEY } from '../../src/ssb/network.js'
import type { EncryptedConnection, PlainReceiver } from '../../src/wire/encrypted-connection.js'
import { dial } from '../../src/wire/handshake-client.js'

const JSON_TYPE = 2
const TYPES = 3
const END = 4
const STREAM = 8
/** Plain bytes sealed and written at a time. */
const WRITE_BYTES = 64 * 1024
const HANDSHAKE_MS = 30_000
/** Bytes that wait for the socket before streams pause. */
const WAITING_BYTES = 2 * WRITE_BYTES

/** Hears the frames that answer one of our calls; muxrpc sends a bare string as it stands, not as JSON. */
export type Hearer = (body: Buffer, ended: boolean, json: boolean) => void

/** The server's call of `createHistoryStream`; answers what yields frames for it, or null to leave it silent. */
export type Answerer = (query: Record<string, unknown>, request: number) => (() => Buffer | null) | null

/** Our end of a duplex that carries bytes. */
export interface Pipe {
  /** One frame. */
  send(body: Buffer): void
  /** One frame of JSON. */
  sendJson(value: unknown): void
  /** Sends bodies of `each` bytes, as fast as the socket takes them. */
  pour(bytes: number, each: number): void
}

/** The server's call of `tunnel.connect`: hears what comes through the pipe. */
export type Host = (pipe: Pipe) => Hearer

export interface ClientOptions {
  port: number
  /** feed id of the server */
  server: string
  keys: Keys
}

export interface Client {
  /** Calls an async method. */
  ask(name: string, ...args: unknown[]): Promise<unknown>
  /** Calls a source; `hear` gets its frames. */
  source(name: string, args: unknown[], hear: Hearer): void
  /** The source `createHistoryStream`. */
  history(query: object, hear: Hearer): void
  /** Calls a duplex; `hear` gets what comes back. */
  duplex(name: string, args: unknown[], hear: Hearer): Pipe
  /** From now on, how the server's own `createHistoryStream` is answered. */
  answer(answerer: Answerer): void
  /** From now on, how the server's `tunnel.connect` is answered. */
  host(host: Host): void
  /** Bytes of muxrpc received. */
  readonly received: number
  close(): void
  readonly closed: boolean
}

/** One frame's head. */
export function writeHead(out: Buffer, at: number, flags: number, length: number, request: number): void {
  out[at] = flags
  out.writeUInt32BE(length, at + 1)
  out.writeInt32BE(request, at + 5)
}

function frame(flags: number, body: unknown, request: number): Buffer {
  const json = Buffer.from(JSON.stringify(body))
  const out = Buffer.alloc(HEAD_BYTES + json.length)
  writeHead(out, 0, flags, json.length, request)
  json.copy(out, HEAD_BYTES)
  return out
}

/** All messages as frames of a stream, one after the other; the request's number is put in when it is known. */
export function streamFrames(bodies: Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + HEAD_BYTES + body.length, 0))
  let at = 0
  for (const body of bodies) {
    writeHead(out, at, STREAM | JSON_TYPE, body.length, 0)
    body.copy(out, at + HEAD_BYTES)
    at += HEAD_BYTES + body.length
  }
  return out
}

/** Yields whole frames of `frames`, numbered, in pieces of at least `WRITE_BYTES`. */
export function yieldFrames(frames: Buffer, request: number): () => Buffer | null {
  let from = 0
  return () => {
    let at = from
    while (at < frames.length && at - from < WRITE_BYTES) {
      frames.writeInt32BE(request, at + 5)
      at += HEAD_BYTES + frames.readUInt32BE(at + 1)
    }
    const piece = frames.subarray(from, at)
    from = at
    return piece.length > 0 ? piece : null
  }
}

/** Yields frames of bytes of one size each, `WRITE_BYTES` or a little more at a time; the bytes are always the same. */
function yieldBodies(bytes: number, each: number, request: number): () => Buffer | null {
  const perWrite = Math.ceil(WRITE_BYTES / each)
  const piece = Buffer.alloc(perWrite * (HEAD_BYTES + each), 'tide')
  for (let i = 0; i < perWrite; i++) writeHead(piece, i * (HEAD_BYTES + each), STREAM, each, request)
  let left = Math.ceil(bytes / each)
  return () => {
    const frames = Math.min(left, perWrite)
    left -= frames
    return frames > 0 ? piece.subarray(0, frames * (HEAD_BYTES + each)) : null
  }
}

export async function connectClient({ port, server, keys }: ClientOptions): Promise<Client> {
  const bytes = (key: string): Buffer => Buffer.from(key.replace(/^@/, '').replace('.ed25519', ''), 'base64')
  const connection = await dial(connect(port, '127.0.0.1'), {
    keys: { publicKey: bytes(keys.public), secretKey: bytes(keys.private) },
    appKey: Buffer.from(NETWORK_KEY, 'base64'),
    server: bytes(server),
    timeout: HANDSHAKE_MS,
  })
  return speak(connection)
}

function speak(connection: EncryptedConnection): Client {
  const calls = new Map<number, Hearer>()
  const answered = new Set<number>()
  const hosted = new Map<number, Hearer>()
  const yielders: Array<() => Buffer | null> = []
  let answerer: Answerer = () => null
  let host: Host | null = null
  let count = 0
  let received = 0
  let queued = 0

  // --- out: what is queued first, then whatever streams still have to say, as fast as the socket takes it
  function send(bytes: Buffer): void {
    queued += bytes.length
    connection.write(bytes)
  }
  function pump(): void {
    while (queued < WAITING_BYTES && yielders.length > 0) {
      const plain = (yielders[0] as () => Buffer | null)()
      if (plain) send(plain)
      else yielders.shift()
    }
  }

  function pipe(request: number): Pipe {
    return {
      send(body) {
        const head = Buffer.alloc(HEAD_BYTES)
        writeHead(head, 0, STREAM, body.length, request)
        send(head)
        send(body)
      },
      sendJson: (value) => send(frame(STREAM | JSON_TYPE, value, request)),
      pour(bytes, each) {
        yielders.push(yieldBodies(bytes, each, request))
        pump()
      },
    }
  }

  // --- in
  function called(request: number, flags: number, body: Buffer): void {
    const hear = hosted.get(request)
    if (hear && !(flags & END)) return hear(body, false, false)
    if (answered.has(request)) {
      if (flags & END) send(frame(STREAM | END | JSON_TYPE, true, -request))
      return
    }
    const { name, args } = JSON.parse(body.toString())
    if (String(name) === 'tunnel,connect' && host) {
      answered.add(request)
      hosted.set(request, host(pipe(-request)))
      return
    }
    if (String(name) === 'createHistoryStream') {
      answered.add(request)
      const yielder = answerer(args[0], -request)
      if (yielder) yielders.push(yielder)
      return pump()
    }
    const refusal = { name: 'Error', message: `no such method: ${name}` }
    if (flags & STREAM) answered.add(request)
    send(frame((flags & STREAM) | END | JSON_TYPE, refusal, -request))
  }
  function take(flags: number, request: number, body: Buffer): void {
    if (request > 0) return called(request, flags, body)
    const hear = calls.get(-request)
    const ended = (flags & END) !== 0
    const last = ended || !(flags & STREAM)
    if (last) calls.delete(-request)
    if (ended && flags & STREAM) send(frame(STREAM | END | JSON_TYPE, true, -request))
    hear?.(body, ended, (flags & TYPES) === JSON_TYPE)
  }
  let left = Buffer.alloc(0)
  function gather(plain: Buffer): void {
    const input = left.length > 0 ? Buffer.concat([left, plain]) : plain
    let at = 0
    while (input.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + input.readUInt32BE(at + 1)
      if (end > input.length) break
      take(input[at] as number, input.readInt32BE(at + 5), input.subarray(at + HEAD_BYTES, end))
      at = end
    }
    left = Buffer.from(input.subarray(at))
  }
  const receiver: PlainReceiver = {
    receive(plain) {
      received += plain.length
      gather(plain)
    },
    flushed(bytes) {
      queued -= bytes
      pump()
    },
    closed() {},
  }
  connection.receiver = receiver

  function call(flags: number, type: string, name: string, args: unknown[], hear: Hearer): number {
    const request = ++count
    calls.set(request, hear)
    send(frame(flags | JSON_TYPE, { name: name.split('.'), args, type }, request))
    return request
  }

  return {
    ask: (name, ...args) =>
      new Promise((resolve, reject) => {
        call(0, 'async', name, args, (body, failed, json) => {
          const text = body.toString()
          if (failed) reject(new Error(`${name}: ${text}`))
          // a method that answers nothing is answered with no JSON at all
          else if (json) resolve(text === '' ? undefined : JSON.parse(text))
          else resolve(text)
        })
      }),
    source(name, args, hear) {
      call(STREAM, 'source', name, args, hear)
    },
    history(query, hear) {
      call(STREAM, 'source', 'createHistoryStream', [query], hear)
    },
    duplex: (name, args, hear) => pipe(call(STREAM, 'duplex', name, args, hear)),
    answer(next) {
      answerer = next
    },
    host(next) {
      host = next
    },
    get received() {
      return received
    },
    close: () => connection.destroy(),
    get closed() {
      return connection.wire.closed
    },
  }
}
