// A connection after its handshake: plain bytes on one side, boxes and the socket on the other.

import { RelayError } from '../lib/errors.js'
import { Boxer, type PlainSink, sealedBytes, Unboxer } from './box-stream.js'
import { ByteQueue, FLUSH_BYTES } from './byte-queue.js'
import type { BoxKeys } from './handshake.js'
import type { Secretbox } from './secretbox.js'
import type { Receiver, TcpConnection } from './tcp-connection.js'

/** What the plain bytes of a connection are given to. */
export interface PlainReceiver {
  /** Plain text in order, cut anywhere; valid during the call. What is thrown ends the connection. */
  receive(plain: Buffer): void
  /** So many bytes have left the queue for the socket. */
  flushed(bytes: number): void
  /** The peer has said goodbye or hung up, or the connection is gone. Called once. */
  closed(err: Error | null): void
}

/** What is sealed into, of all connections: free again as soon as the kernel has taken what was sealed. */
let spare: Buffer | null = null

/** Connections with something to send at the end of this turn. */
let waiting: EncryptedConnection[] = []

function flushAll(): void {
  const connections = waiting
  waiting = []
  for (const connection of connections) connection.tcp.guard(() => connection.flushTurn())
}

export class EncryptedConnection implements Receiver, PlainSink {
  /** the client's public key */
  readonly remote: Buffer
  receiver: PlainReceiver | null = null
  private readonly boxer: Boxer
  private readonly unboxer: Unboxer
  private readonly queue = new ByteQueue()
  private scheduled = false
  private ending = false
  private over = false
  private hasSent = false

  constructor(
    readonly tcp: TcpConnection,
    secretbox: Secretbox,
    keys: BoxKeys,
  ) {
    this.remote = keys.remote
    this.boxer = new Boxer(secretbox, keys.encryptKey, keys.encryptNonce)
    this.unboxer = new Unboxer(secretbox, keys.decryptKey, keys.decryptNonce)
    tcp.receiver = this
  }

  /**
   * Queues bytes, in one piece or two; all that is queued in one turn of the event loop leaves together, in as few boxes
   * as it fits.
   */
  write(bytes: Uint8Array, more: Uint8Array | null = null): void {
    if (this.over || this.ending) return
    this.queue.add(bytes)
    if (more) this.queue.add(more)
    if (this.scheduled || this.tcp.full) return
    this.scheduled = true
    if (waiting.length === 0) process.nextTick(flushAll)
    waiting.push(this)
  }

  /** Sends what is queued, then the goodbye, and ends. */
  end(): void {
    if (this.ending || this.over) return
    this.ending = true
    this.flush()
  }

  /** Cuts the connection now. */
  destroy(): void {
    this.tcp.destroy()
  }

  receive(chunk: Buffer): void {
    // after a goodbye, the peer's or ours, nothing more is heard
    if (this.receiver === null || this.ending) return
    const opened = this.unboxer.open(chunk, this)
    if (opened === 'forged') throw new RelayError('bad_argument', 'a box is not authentic')
    if (opened === 'goodbye') {
      this.finish(null)
      this.end()
    }
  }

  room(): void {
    this.flush()
  }

  closed(err: Error | null): void {
    this.finish(err)
    this.over = true
    this.queue.clear()
    this.unboxer.clear()
  }

  /** @internal */
  flushTurn(): void {
    this.scheduled = false
    this.flush()
  }

  /** @internal */
  plain(bytes: Buffer): void {
    if (!this.tcp.closed) this.receiver?.receive(bytes)
  }

  private finish(err: Error | null): void {
    const { receiver } = this
    this.receiver = null
    receiver?.closed(err)
  }

  /** Seals and sends until all is gone or the socket is full. */
  private flush(): void {
    const { queue, tcp } = this
    while (queue.size > 0 && !tcp.full && !tcp.closed) {
      const out = spare ?? Buffer.allocUnsafeSlow(sealedBytes(FLUSH_BYTES))
      spare = null
      if (!this.hasSent) tcp.setNoDelay()
      this.hasSent = true
      const before = queue.size
      const used = this.boxer.fill(out, queue)
      if (tcp.send(out.subarray(0, used))) spare = out
      this.receiver?.flushed(before - queue.size)
    }
    if (queue.size > 0) queue.compact()
    if (this.ending && queue.size === 0 && !this.over && !tcp.closed) {
      this.over = true
      tcp.send(this.boxer.goodbye())
      tcp.end()
    }
  }
}
