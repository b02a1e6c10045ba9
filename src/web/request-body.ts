// Request bodies: each gathered into one buffer as it comes, all of them bounded together.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { RelayError } from '../lib/errors.js'
import { BODIES_BYTES, BODY_CRUMB, BODY_CRUMBS, BODY_DISCARDED, KIB, TEXT_FORM_BYTES } from '../lib/limits.js'

/** Bytes of a body's first buffer: most forms fit. It doubles as more comes. */
const FIRST_BYTES = KIB

export interface RequestBodies {
  /** Begins to gather a request's body; called before anything waits. */
  begin(req: IncomingMessage): void
  /** Bytes that unfinished bodies hold now. */
  held(): number
}

interface Body {
  /** bytes it holds */
  size(): number
  /** Ends it before it has come; what is held is let go. */
  cut(error: RelayError): void
}

/** What becomes of each request's body. */
const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>()

/**
 * Gathers bodies. A chunk costs Node some hundred bytes and 6 µs, however short it is: so chunks are copied at once, and who
 * sends crumbs is cut off. Where all unfinished bodies together would hold too much, the
 * largest is cut: refusing the newest would let a crowd that never finishes keep everybody else out.
 * @param most bytes that unfinished bodies may hold together
 */
export function createRequestBodies(most = BODIES_BYTES): RequestBodies {
  /** unfinished ones, the oldest first */
  const unfinished = new Set<Body>()
  let held = 0

  /** Of several the oldest. */
  function largest(): Body | undefined {
    let found: Body | undefined
    for (const body of unfinished) if (!found || body.size() > found.size()) found = body
    return found
  }

  function gather(req: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let buffer = Buffer.alloc(0)
      let bytes = 0
      const isCrumbs = countCrumbs(req)
      const body: Body = { cut, size: () => buffer.length }
      unfinished.add(body)

      function hold(size: number): void {
        held += size - buffer.length
        const next = Buffer.allocUnsafeSlow(size)
        buffer.copy(next)
        buffer = next
      }
      function end(): void {
        unfinished.delete(body)
        held -= buffer.length
        buffer = Buffer.alloc(0)
      }
      function cut(error: RelayError): void {
        end()
        req.off('data', take)
        // what still comes is let pass by: the answer closes the connection
        req.resume()
        reject(error)
      }
      function take(chunk: Buffer): void {
        if (isCrumbs(chunk)) return cut(new RelayError('body_malformed', 'too many small chunks'))
        const before = bytes
        bytes += chunk.length
        if (bytes > BODY_DISCARDED) return cut(new RelayError('body_too_large'))
        if (bytes > TEXT_FORM_BYTES) {
          // unread, so that its sender hears the refusal instead of a reset
          if (buffer.length > 0) hold(0)
          return
        }
        if (bytes > buffer.length) hold(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(bytes))))
        chunk.copy(buffer, before)
        if (held > most) largest()?.cut(new RelayError('busy', undefined, { limit: 'request_bodies' }))
      }
      req.on('data', take)
      req.once('end', () => {
        if (!unfinished.has(body)) return
        const whole = buffer.subarray(0, Math.min(bytes, buffer.length))
        end()
        if (bytes > TEXT_FORM_BYTES) reject(new RelayError('body_too_large'))
        else resolve(whole)
      })
      const gone = (): void => {
        if (unfinished.has(body)) cut(new RelayError('body_malformed', 'it ended early'))
      }
      req.once('error', gone)
      req.once('close', gone)
    })
  }

  return {
    held: () => held,
    begin(req) {
      if (bodies.has(req)) return
      if (req.method !== 'POST') {
        // nothing of ours reads it, and unread it would be kept in pieces
        req.on('data', countCrumbs(req))
        return
      }
      if (Number(req.headers['content-length']) > BODY_DISCARDED) {
        bodies.set(req, Promise.reject(new RelayError('body_too_large')))
      } else bodies.set(req, gather(req))
      // a reader of the body gets the error; there may be none
      bodies.get(req)?.catch(() => {})
    },
  }
}

/** Counts a request's small chunks: answers whether there were too many, and then cuts its socket off. */
function countCrumbs(req: IncomingMessage): (chunk: Buffer) => boolean {
  let crumbs = 0
  return ({ length }) => {
    if (length < BODY_CRUMB) crumbs += 1
    if (crumbs <= BODY_CRUMBS) return false
    if (!req.socket.destroyed) deafen(req.socket)
    req.socket.destroy()
    return true
  }
}

/**
 * Lets Node's parser skip what is left of the 64 KiB it is parsing, which may be ten thousand chunks: a destroyed socket
 * does not end that. The parser is no documented interface; where it is not as we know it, the chunks cost what they cost.
 */
function deafen(socket: Socket): void {
  const { parser } = socket as { parser?: Record<string, unknown> | null }
  for (const [key, told] of Object.entries(parser ?? {})) {
    if (!parser || typeof told !== 'function' || told.name !== 'parserOnBody') continue
    parser[key] = null
    // Node uses its parsers again
    setImmediate(() => {
      parser[key] = told
    })
  }
}

const own = createRequestBodies()

/**
 * The whole body of a request. Begins to gather it where that has not begun.
 * @param most bytes it may have, TEXT_FORM_BYTES at most
 * @throws RelayError `body_too_large`, `body_malformed`, `busy` where all unfinished ones held too much
 */
export async function bodyOf(req: IncomingMessage, most: number): Promise<Buffer> {
  own.begin(req)
  const body = await (bodies.get(req) as Promise<Buffer>)
  if (body.length > most) throw new RelayError('body_too_large')
  return body
}
