// SPDX-License-Identifier: AGPL-3.0-or-later
// A connection after its handshake: converts between plain bytes and boxes on the socket.

import { RelayError } from '../lib/errors.js'
import { Boxer, type PlainSink, sealedBytes, Unboxer } from './box-stream.js'
import { ByteQueue, FLUSH_BYTES } from './byte-queue.js'
import type { Receiver, WireConnection } from './connection.js'
import type { BoxKeys } from './handshake.js'
import type { Secretbox } from './secretbox.js'

/** Receives the plain bytes of a connection. */
export interface PlainReceiver {
  /** The next plain bytes, in chunks of any size; valid during the call only. An exception ends the connection. */
  receive(plain: Buffer): void
  /** This many bytes were moved from the queue to the socket. */
  flushed(bytes: number): void
  /** The peer sent a goodbye or closed the connection, or the connection failed. Called once. */
  closed(err: Error | null): void
}

/** Output buffer shared by all connections; reused as soon as the kernel has copied it. */
let spare: Buffer | null = null

/** Connections that have bytes to send at the end of this turn. */
let waiting: EncryptedConnection[] = []

function flushAll(): void {
  const connections = waiting
  waiting = []
  for (const connection of connections) connection.wire.guard(() => connection.flushTurn())
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
    readonly wire: WireConnection,
    secretbox: Secretbox,
    keys: BoxKeys,
  ) {
    this.remote = keys.remote
    this.boxer = new Boxer(secretbox, keys.encryptKey, keys.encryptNonce)
    this.unboxer = new Unboxer(secretbox, keys.decryptKey, keys.decryptNonce)
    wire.receiver = this
  }

  /**
   * Queues one or two buffers, which are copied. All bytes of one turn of the event loop are sent together, in as few
   * boxes as possible.
   */
  write(bytes: Uint8Array, more: Uint8Array | null = null): void {
    if (this.over || this.ending) return
    this.queue.add(bytes)
    if (more) this.queue.add(more)
    if (this.scheduled || this.wire.full) return
    this.scheduled = true
    if (waiting.length === 0) process.nextTick(flushAll)
    waiting.push(this)
  }

  /** Sends the queued bytes and a goodbye, then closes. */
  end(): void {
    if (this.ending || this.over) return
    this.ending = true
    this.flush()
  }

  /** Closes the connection now; queued bytes are lost. */
  destroy(): void {
    this.wire.destroy()
  }

  receive(chunk: Buffer): void {
    // bytes after a goodbye, the peer's or ours, are ignored
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
    if (!this.wire.closed) this.receiver?.receive(bytes)
  }

  private finish(err: Error | null): void {
    const { receiver } = this
    this.receiver = null
    receiver?.closed(err)
  }

  /** Encrypts and sends until the queue is empty or the socket is full. */
  private flush(): void {
    const { queue, wire } = this
    while (queue.size > 0 && !wire.full && !wire.closed) {
      const out = spare ?? Buffer.allocUnsafeSlow(sealedBytes(FLUSH_BYTES))
      spare = null
      if (!this.hasSent) wire.setNoDelay()
      this.hasSent = true
      const before = queue.size
      const used = this.boxer.fill(out, queue)
      if (wire.send(out.subarray(0, used))) spare = out
      this.receiver?.flushed(before - queue.size)
    }
    if (queue.size > 0) queue.compact()
    if (this.ending && queue.size === 0 && !this.over && !wire.closed) {
      this.over = true
      wire.send(this.boxer.goodbye())
      wire.end()
    }
  }
}
