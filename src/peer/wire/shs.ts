// The `shs` transform of secret-stack: the secret handshake, then our own box stream around muxrpc's frames.

import secretHandshake from 'secret-handshake'
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_AT_ONCE, KIB } from '../../limits.js'
import type { Log } from '../../log.js'
import { feedIdOf } from '../../ssb/feed-id.js'
import type { Admission } from '../session.js'
import { createBoxer, createUnboxer } from './boxes.js'
import { createIncoming, createOutgoing } from './frames.js'
import type { Link } from './link.js'
import type { Callback, Duplex, End, Source } from './pull.js'
import { loadSealing, type Sealing } from './sealing.js'

export interface ShsOptions {
  keys: { publicKey: Buffer; secretKey: Buffer }
  appKey: Buffer
  /** Decides who may come in; rejecting refuses in the handshake. */
  admit(id: string, link: Link): Promise<Admission>
}

/** Plain bytes gathered before they are sealed and written, at most: bounds what one turn of one peer holds. */
const TURN_BYTES = 64 * KIB

interface HandshakeState {
  remote: { publicKey: Buffer; app_mac: Buffer }
  local: { app_mac: Buffer }
  encryptKey: Buffer
  decryptKey: Buffer
}

/** What secret-stack's `multiserver.transform` takes, and which cipher runs underneath. */
export function createShsTransform({ log }: { log: Log }, options: ShsOptions) {
  const sealing = loadSealing()
  let handshakes = 0

  function accept(link: Link, done: (err: Error | null, stream?: unknown) => void): void {
    if (handshakes >= HANDSHAKES_AT_ONCE) {
      log.warn({ handshakes }, 'too many handshakes at once: one was turned away')
      link.destroy()
      return
    }
    handshakes += 1
    let counted = true
    const settled = (): void => {
      if (counted) handshakes -= 1
      counted = false
    }
    link.onClose(settled)

    let admission: Admission | null = null
    const authorize = (publicKey: Buffer, cb: (err: Error | null, ok?: boolean) => void): void => {
      options
        .admit(feedIdOf(publicKey), link)
        .then(
          (granted) => {
            admission = granted
            cb(null, true)
          },
          (err: Error) => cb(err),
        )
        .catch((err: unknown) => {
          log.error({ err }, 'a handshake failed')
          link.destroy()
        })
    }
    const server = secretHandshake.createServerStream(
      options.keys,
      authorize,
      options.appKey,
      HANDSHAKE_TIMEOUT_MS,
    )
    const handshake = server((err: Error | null, rest: Duplex<Buffer>, state: HandshakeState) => {
      settled()
      if (err || !admission) {
        log.debug({ reason: err?.message, listener: link.listener }, 'handshake refused')
        link.destroy()
        return
      }
      done(null, secured(sealing, admission, link, rest, state))
    })
    handshake.sink(link.source)
    link.sink(handshake.source)
  }

  return {
    sealing: sealing.name,
    transform: {
      name: 'shs',
      create: () => ({
        name: 'shs',
        create: () => accept,
        parse: () => null,
        stringify: () => null,
        publicKey: options.keys.publicKey,
      }),
    },
  }
}

/** The stream muxrpc speaks over: `meta` carries the session to secret-stack's `rpc:connect`. */
function secured(
  sealing: Sealing,
  admission: Admission,
  link: Link,
  rest: Duplex<Buffer>,
  state: HandshakeState,
) {
  const { session, permissions } = admission
  return {
    remote: state.remote.publicKey,
    auth: permissions,
    address: `shs:${state.remote.publicKey.toString('base64')}`,
    meta: session,
    source: unboxed(
      rest.source,
      createUnboxer(sealing, state.decryptKey, state.local.app_mac),
      createIncoming(() => session.frameBytes),
      (err) => {
        log(session, err)
        link.destroy()
      },
    ),
    sink: (read: Source<Buffer>) =>
      rest.sink(
        boxed(
          read,
          createBoxer(sealing, state.encryptKey, state.remote.app_mac),
          createOutgoing((bytes) => session.outflow.left(bytes)),
        ),
      ),
  }
  function log(at: { log: Log }, err: Error): void {
    at.log.debug({ reason: err.message }, 'connection broken off')
  }
}

function unboxed(
  read: Source<Buffer>,
  unbox: ReturnType<typeof createUnboxer>,
  check: (plain: Buffer) => void,
  breakOff: (err: Error) => void,
): Source<Buffer> {
  let ended: End = null
  return function source(abort, cb) {
    if (abort || ended) {
      if (abort) read(abort, () => cb(abort))
      else cb(ended)
      return
    }
    const fail = (err: Error): void => {
      ended = err
      breakOff(err)
      cb(err)
    }
    read(null, (end, chunk) => {
      if (end || !chunk) {
        ended = end === true ? new Error('unexpected hangup') : (end ?? true)
        cb(ended)
        return
      }
      const opened = unbox(chunk)
      if (!opened) return fail(new Error('box not authentic'))
      try {
        check(opened.plain)
      } catch (err) {
        return fail(err as Error)
      }
      if (opened.ended) ended = true
      if (opened.plain.length > 0) cb(null, opened.plain)
      else source(null, cb)
    })
  }
}

/** Gathers all frames of one turn of the event loop into as few boxes, and one write, as they fit. */
function boxed(
  read: Source<Buffer>,
  boxer: ReturnType<typeof createBoxer>,
  look: ReturnType<typeof createOutgoing>,
): Source<Buffer> {
  let chunks: Buffer[] = []
  let size = 0
  let ended: End = null
  let saidGoodbye = false
  let reading = false
  let pumping = false
  let flushing = false
  let waiting: Callback<Buffer> | null = null

  const keep = (chunk: Buffer): void => {
    chunks.push(chunk)
    size += chunk.length
  }

  function pump(): void {
    if (pumping) return
    pumping = true
    while (!ended && !reading && size < TURN_BYTES) {
      reading = true
      read(null, (end, data) => {
        reading = false
        if (end || !data) ended = end ?? true
        else look(data, keep)
        if (!pumping) pump()
      })
    }
    pumping = false
    if (size >= TURN_BYTES || ended) flush()
    else if (size > 0 && !flushing) {
      flushing = true
      setImmediate(() => {
        flushing = false
        flush()
      })
    }
  }

  function flush(): void {
    if (!waiting) return
    const cb = waiting
    if (size > 0) {
      waiting = null
      const plain = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)
      chunks = []
      size = 0
      cb(null, boxer.seal(plain))
    } else if (ended) {
      waiting = null
      if (ended === true && !saidGoodbye) {
        saidGoodbye = true
        cb(null, boxer.goodbye())
      } else cb(ended)
    }
  }

  return (abort, cb) => {
    if (abort) {
      ended = abort
      read(abort, () => cb(abort))
      return
    }
    waiting = cb
    pump()
  }
}
