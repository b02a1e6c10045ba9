// SPDX-License-Identifier: AGPL-3.0-or-later
// Lines of the control socket: one JSON object each, with a maximum length. Client and server share this.

import type { Socket } from 'node:net'
import { type ErrorCode, RelayError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'
import type { Progress } from './call.js'

/** The first line of a connection, sent by the relay. */
export interface Greeting {
  /** version of the protocol */
  tidepool: number
  /** of the relay */
  version: string
}

export interface Request {
  id: number
  method: string
  params: readonly unknown[]
}

/** What the relay sends about a request; `id` is null if the line was not a request. */
export type Reply =
  | { id: number; result: unknown }
  | { id: number; progress: Progress | null }
  | { id: number | null; error: { code: ErrorCode; message: string } }

/** Bytes that the path of a unix socket can have: 108 with its terminator. */
export const SOCKET_PATH_BYTES = 107

const NEWLINE = 10
/** Initial size of a reader's buffer in bytes; an idle reader shrinks back to it. */
const BUFFER_BYTES = 16 * KIB

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Splits chunks of any size into lines. Holds one buffer, however small the chunks are. */
export interface LineReader {
  push(chunk: Uint8Array): void
  /** The next complete line without its end, valid until the next `push`; null if there is none. @throws RelayError `message_too_large` */
  next(): Buffer | null
}

/** @param limit bytes per line */
export function createLineReader(limit: number): LineReader {
  let held = Buffer.allocUnsafe(BUFFER_BYTES)
  /** the data is at `start` to `end`; there is no line end before `seen` */
  let [start, seen, end] = [0, 0, 0]

  function makeRoom(bytes: number): void {
    const length = end - start
    const needed = length + bytes
    let size = held.length
    if (length === 0) size = BUFFER_BYTES
    while (size < needed) size *= 2
    const target = size === held.length ? held : Buffer.allocUnsafe(size)
    held.copy(target, 0, start, end)
    held = target
    seen -= start
    start = 0
    end = length
  }

  return {
    push(chunk) {
      if (held.length - end < chunk.length) makeRoom(chunk.length)
      held.set(chunk, end)
      end += chunk.length
    },
    next() {
      const found = held.subarray(0, end).indexOf(NEWLINE, seen)
      const length = (found < 0 ? end : found) - start
      if (length > limit) throw new RelayError('message_too_large', `a line has at most ${limit} bytes`)
      seen = found < 0 ? end : found + 1
      if (found < 0) return null
      const line = held.subarray(start, found)
      start = seen
      return line
    },
  }
}

/**
 * Yields each line of a socket. Reads no further while the caller works on a line.
 * Ends when the other side ends; throws the socket's error.
 */
export async function* readLines(socket: Socket, limit: number): AsyncGenerator<Buffer, void> {
  const reader = createLineReader(limit)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    reader.push(chunk as Buffer)
    for (let line = reader.next(); line; line = reader.next()) yield line
  }
}

/** Resolves when a socket accepts more data or is closed. */
export function whenWritable(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

/** Encodes a message as a line. */
export function encodeLine(message: Greeting | Request | Reply): string {
  return `${JSON.stringify(message)}\n`
}

/** @throws RelayError `body_malformed` for anything but one JSON object in UTF-8 */
export function decodeLine(line: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(line))
  } catch (cause) {
    throw new RelayError('body_malformed', 'a line must be one JSON object', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RelayError('body_malformed', 'a line must be one JSON object')
  return value as Record<string, unknown>
}

/** @throws RelayError `bad_argument` */
export function idOf(message: Record<string, unknown>): number {
  const { id } = message
  if (!Number.isSafeInteger(id) || (id as number) < 0)
    throw new RelayError('bad_argument', 'id must be a whole number from 0')
  return id as number
}

/** @throws RelayError `bad_argument` */
export function requestOf(message: Record<string, unknown>): Request {
  const id = idOf(message)
  const { method, params = [] } = message
  if (typeof method !== 'string') throw new RelayError('bad_argument', 'method must be text')
  if (!Array.isArray(params)) throw new RelayError('bad_argument', 'params must be a list')
  return { id, method, params }
}
