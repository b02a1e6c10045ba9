// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads request bodies, with limits on size, chunks and total memory.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { ByteBuilder } from './byte-builder.js'
import { RelayError } from './errors.js'
import { BODIES_BYTES, BODY_CRUMB, BODY_CRUMBS, BODY_DISCARDED, TEXT_FORM_BYTES } from './limits.js'

export interface RequestBodies {
  /** Starts to read a request's body. Call it before any await. */
  begin(req: IncomingMessage): void
  /** Bytes held by unfinished bodies. */
  held(): number
}

export interface BodyLimits {
  /** bytes of all unfinished bodies together */
  total?: number
  /** bytes kept of one body; a longer one is rejected */
  each?: number
  /** bytes of a longer one that are read and discarded */
  discarded?: number
  /** methods whose bodies are read */
  methods?: readonly string[]
}

interface Body {
  /** bytes held */
  size(): number
  /** Rejects the body and frees its buffer. */
  cut(error: RelayError): void
}

/** The body of each request. */
const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>()

/**
 * Creates a reader. Each chunk costs some hundred bytes and 6 µs, however short: chunks are copied at once, and a client
 * that sends many small ones is disconnected. Over the total limit, the largest body is rejected; rejecting the newest
 * would let clients that never finish lock everybody else out.
 */
export function createRequestBodies({
  total = BODIES_BYTES,
  each = TEXT_FORM_BYTES,
  discarded = BODY_DISCARDED,
  methods = ['POST'],
}: BodyLimits = {}): RequestBodies {
  /** oldest first */
  const unfinished = new Set<Body>()
  let held = 0

  /** The largest body; the oldest of several. */
  function largest(): Body | undefined {
    let found: Body | undefined
    for (const body of unfinished) if (!found || body.size() > found.size()) found = body
    return found
  }

  function gather(req: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const gathered = new ByteBuilder()
      let bytes = 0
      const hasTooMany = countSmallChunks(req)
      const body: Body = { cut, size: () => gathered.held }
      unfinished.add(body)

      function clear(): void {
        held -= gathered.held
        gathered.clear()
      }
      function cut(error: RelayError): void {
        unfinished.delete(body)
        clear()
        req.off('data', take)
        // the rest is discarded: the response closes the connection
        req.resume()
        reject(error)
      }
      function take(chunk: Buffer): void {
        if (hasTooMany(chunk)) return cut(new RelayError('body_malformed', 'too many small chunks'))
        bytes += chunk.length
        if (bytes > discarded) return cut(new RelayError('body_too_large'))
        // discarded, so that the client gets the response instead of a reset
        if (bytes > each) return clear()
        const before = gathered.held
        gathered.append(chunk)
        held += gathered.held - before
        if (held > total) largest()?.cut(new RelayError('busy', undefined, { limit: 'request_bodies' }))
      }
      req.on('data', take)
      req.once('end', () => {
        if (!unfinished.has(body)) return
        const whole = gathered.bytes()
        unfinished.delete(body)
        clear()
        if (bytes > each) reject(new RelayError('body_too_large'))
        else resolve(whole)
      })
      const abort = (): void => {
        if (unfinished.has(body)) cut(new RelayError('body_malformed', 'incomplete body'))
      }
      req.once('error', abort)
      req.once('close', abort)
    })
  }

  return {
    held: () => held,
    begin(req) {
      if (bodies.has(req)) return
      if (!methods.includes(req.method ?? '')) {
        // no handler reads it; unread chunks would stay in memory
        req.on('data', countSmallChunks(req))
        return
      }
      if (Number(req.headers['content-length']) > discarded) {
        bodies.set(req, Promise.reject(new RelayError('body_too_large')))
      } else bodies.set(req, gather(req))
      // without a reader the rejection would be unhandled
      bodies.get(req)?.catch(() => {})
    },
  }
}

/** Counts small chunks. Returns true, and destroys the socket, when there are too many. */
function countSmallChunks(req: IncomingMessage): (chunk: Buffer) => boolean {
  let small = 0
  return ({ length }) => {
    if (length < BODY_CRUMB) small += 1
    if (small <= BODY_CRUMBS) return false
    if (!req.socket.destroyed) stopParsing(req.socket)
    req.socket.destroy()
    return true
  }
}

/**
 * Makes Node's parser skip the rest of its current 64 KiB, which may hold ten thousand chunks; destroying the socket does
 * not stop it. The parser is an undocumented interface: if it changes, this does nothing.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: Record<string, unknown> | null }
  for (const [key, callback] of Object.entries(parser ?? {})) {
    if (!parser || typeof callback !== 'function' || callback.name !== 'parserOnBody') continue
    parser[key] = null
    // Node reuses its parsers
    setImmediate(() => {
      parser[key] = callback
    })
  }
}

const own = createRequestBodies()

/**
 * The whole body of a request.
 * @param most limit in bytes, at most what `begin` kept of it: TEXT_FORM_BYTES where it was not called
 * @throws RelayError `body_too_large`, `body_malformed`, `busy` when all unfinished bodies take too much memory
 */
export async function bodyOf(req: IncomingMessage, most: number): Promise<Buffer> {
  own.begin(req)
  const body = await (bodies.get(req) as Promise<Buffer>)
  if (body.length > most) throw new RelayError('body_too_large')
  return body
}
