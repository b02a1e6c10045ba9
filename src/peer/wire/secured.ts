// A connection after its handshake: the duplex muxrpc speaks over, boxes and frames on one side, the socket on the other.

import { KIB } from '../../lib/limits.js'
import type { Admission, Permissions, Session } from '../session.js'
import { Boxer, ByteQueue, sealedBytes, Unboxer } from './boxes.js'
import { createOutgoing, Incoming } from './frames.js'
import type { BoxKeys } from './handshake.js'
import type { Link } from './link.js'
import type { Callback, Duplex, End, Source } from './pull.js'
import type { Secretbox } from './sealing.js'
import { ConnectionStreams, type OpenStreams } from './streams.js'

/** Plain bytes sealed and written at a time, and gathered before that at most: bounds what one turn of a peer holds. */
const TURN_BYTES = 64 * KIB

/** What is sealed into, of all connections: free again as soon as the kernel has taken what was sealed. */
let spare: Buffer | null = null

export interface SecuredOptions {
  sealing: Secretbox
  link: Link
  admission: Admission
  keys: BoxKeys
  streams: OpenStreams
  /** what came with the last of the handshake */
  rest: Buffer | null
}

/** What secret-stack takes as a stream: `auth` are its permissions, `meta` carries the session to `rpc:connect`. */
export class Secured implements Duplex<Buffer> {
  readonly remote: Buffer
  readonly auth: Permissions
  readonly meta: Session
  /** multiserver adds the link's to it */
  address = 'shs'
  readonly source: Source<Buffer>
  private readonly link: Link
  private readonly out: Outbox
  private readonly unboxer: Unboxer
  private readonly incoming: Incoming
  private settling = false
  private rest: Buffer | null
  private ended: End = null
  private asking: Callback<Buffer> | null = null

  constructor({ sealing, link, admission, keys, streams, rest }: SecuredOptions) {
    const { session, permissions } = admission
    this.remote = keys.remote
    this.auth = permissions
    this.meta = session
    this.link = link
    this.rest = rest
    const open = new ConnectionStreams(session, streams)
    link.onClose(() => streams.forget(open))
    this.out = new Outbox(
      link,
      session,
      new Boxer(sealing, keys.encryptKey, keys.encryptNonce),
      (request) => {
        if (open.ended(request)) this.settleSoon()
      },
    )
    this.unboxer = new Unboxer(sealing, keys.decryptKey, keys.decryptNonce)
    this.incoming = new Incoming(() => session.frameBytes, open)
    this.source = (abort, cb) => {
      if (abort) {
        link.destroy()
        cb(abort)
      } else if (this.ended) cb(this.ended)
      else {
        this.asking = cb
        this.more()
      }
    }
  }

  sink(read: Source<Buffer>): void {
    this.out.begin(read)
  }

  /** Once muxrpc is done with what made it end a stream. */
  private settleSoon(): void {
    if (this.settling) return
    this.settling = true
    queueMicrotask(() => {
      this.settling = false
      if (!this.asking || this.ended) return
      try {
        const endings = this.incoming.endings()
        if (endings) this.answer(null, endings)
      } catch (err) {
        this.breakOff(err as Error)
      }
    })
  }

  private more(): void {
    const endings = this.incoming.endings()
    if (endings) return this.answer(null, endings)
    const rest = this.rest
    this.rest = null
    if (rest) this.take(null, rest)
    else this.link.receive(this.take)
  }

  private readonly take: Callback<Buffer> = (end, chunk) => {
    if (chunk && !this.asking) {
      // what muxrpc waited for was the end of a stream: this is for when it asks again
      this.rest = chunk
      return
    }
    if (end || !chunk) return this.stop(end === true ? new Error('unexpected hangup') : (end ?? true))
    const opened = this.unboxer.open(chunk)
    if (!opened) return this.breakOff(new Error('box not authentic'))
    let plain: Buffer
    try {
      plain = this.incoming.take(opened.plain)
    } catch (err) {
      return this.breakOff(err as Error)
    }
    if (opened.ended) this.ended = true
    if (plain.length > 0) this.answer(null, plain)
    else if (opened.ended) this.answer(true)
    else this.more()
  }

  private breakOff(err: Error): void {
    this.meta.log.debug({ reason: err.message }, 'connection broken off')
    this.link.destroy()
    this.stop(err)
  }

  private stop(end: End): void {
    this.ended = end
    this.answer(end)
  }

  private answer(end: End, plain?: Buffer): void {
    const cb = this.asking
    this.asking = null
    cb?.(end, plain)
  }
}

/** Gathers all frames of one turn of the event loop into as few boxes, and one write, as they fit. */
class Outbox {
  private readonly plain = new ByteQueue()
  private readonly look: ReturnType<typeof createOutgoing>
  private read: Source<Buffer> | null = null
  private ended: End = null
  private reading = false
  private pumping = false
  private flushing = false

  constructor(
    private readonly link: Link,
    session: Session,
    private readonly boxer: Boxer,
    onStreamEnd: (request: number) => void,
  ) {
    this.look = createOutgoing((bytes) => session.outflow.left(bytes), onStreamEnd)
  }

  begin(read: Source<Buffer>): void {
    this.read = read
    this.link.onRoom(() => this.flushed() && this.pump())
    this.link.onClose(() => {
      this.ended ??= true
      this.plain.clear()
      read(true, () => {})
    })
    this.pump()
  }

  /** The end of a turn. */
  turn(): void {
    this.flushing = false
    if (this.flushed()) this.pump()
  }

  private pump(): void {
    const { read, link, plain } = this
    if (this.pumping || !read) return
    this.pumping = true
    do {
      while (!this.ended && !this.reading && !link.full && plain.size < TURN_BYTES) {
        this.reading = true
        read(null, this.take)
      }
    } while (plain.size >= TURN_BYTES && this.flushed() && !this.ended && !this.reading)
    this.pumping = false
    if (this.ended) this.flushed()
    else if (plain.size > 0 && !this.flushing) {
      this.flushing = true
      setImmediate(endTurn, this)
    }
  }

  private readonly take: Callback<Buffer> = (end, data) => {
    this.reading = false
    if (end || !data) this.ended ??= end ?? true
    else this.look(data, this.keep)
    this.pump()
  }

  private readonly keep = (chunk: Buffer): void => this.plain.add(chunk)

  /** Seals and sends what was gathered. @returns whether all of it went, and more may */
  private flushed(): boolean {
    const { link, plain } = this
    while (plain.size > 0 && !link.full && !link.closed) {
      const out = spare ?? Buffer.allocUnsafeSlow(sealedBytes(TURN_BYTES))
      spare = null
      const used = this.boxer.fill(out, plain)
      if (link.send(out.subarray(0, used))) spare = out
    }
    if (plain.size > 0 || link.closed) return false
    if (this.ended) this.finish()
    return !link.full
  }

  private finish(): void {
    if (!this.read) return
    this.read = null
    if (this.ended === true) this.link.send(this.boxer.goodbye())
    this.link.end()
  }
}

function endTurn(outbox: Outbox): void {
  outbox.turn()
}
