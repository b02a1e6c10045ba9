// SPDX-License-Identifier: AGPL-3.0-or-later
// The box stream (protocol guide, "Box stream"): encrypts plain bytes into boxes and decrypts boxes.

import type { ByteQueue } from './byte-queue.js'
import { MAC_BYTES, type Secretbox } from './secretbox.js'

/** Maximum body bytes of one box; longer plain text is split. */
export const BODY_BYTES = 4096
/** A box's sealed header: authenticator, then length (2) and the body's authenticator (16). */
export const HEADER_BYTES = MAC_BYTES + 2 + MAC_BYTES
const NONCE_BYTES = 24
const BOX_BYTES = HEADER_BYTES + BODY_BYTES

// Scratch buffers shared by all connections: nothing here is asynchronous, and one set per connection would cost 1 KB.
const header = Buffer.alloc(2 + MAC_BYTES)
const bodyMac = header.subarray(2)
const sealedHeader = Buffer.alloc(HEADER_BYTES)
const headerMac = sealedHeader.subarray(0, MAC_BYTES)
const headerText = sealedHeader.subarray(MAC_BYTES)
// Each box uses two consecutive nonces: the first for its header, the second for its body. The body is encrypted first,
// because the header contains its authenticator.
const bodyNonce = Buffer.alloc(NONCE_BYTES)

/** Adds one to a big-endian nonce, in place. */
function increment(nonce: Buffer): void {
  let at = NONCE_BYTES - 1
  while (at >= 0 && nonce[at] === 255) nonce[at--] = 0
  if (at >= 0) nonce[at] = (nonce[at] as number) + 1
}

/** Bytes of the boxes for contiguous plain text of this length. */
export function sealedBytes(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / BODY_BYTES) * HEADER_BYTES
}

/** Encrypts one direction of one connection. Keeps `key` and `nonce`, and increments the nonce in place. */
export class Boxer {
  constructor(
    private readonly secretbox: Secretbox,
    private readonly key: Buffer,
    private readonly nonce: Buffer,
  ) {}

  /** Encrypts as much of `plain` as fits into `out`. @returns the bytes written to `out` */
  fill(out: Buffer, plain: ByteQueue): number {
    const { secretbox, key, nonce } = this
    let at = 0
    while (plain.size > 0) {
      const room = out.length - at - HEADER_BYTES
      if (room <= 0) break
      const bytes = plain.take(Math.min(BODY_BYTES, room))
      const { length } = bytes
      const from = at + HEADER_BYTES
      nonce.copy(bodyNonce)
      increment(bodyNonce)
      header[0] = length >> 8
      header[1] = length & 255
      secretbox.seal(out.subarray(from, from + length), bodyMac, bytes, bodyNonce, key)
      secretbox.seal(headerText, headerMac, header, nonce, key)
      sealedHeader.copy(out, at)
      bodyNonce.copy(nonce)
      increment(nonce)
      at = from + length
    }
    return at
  }

  /** The goodbye box, which ends the stream. */
  goodbye(): Buffer {
    header.fill(0)
    this.secretbox.seal(headerText, headerMac, header, this.nonce, this.key)
    return Buffer.from(sealedHeader)
  }
}

/** The result of opening one chunk. */
export type Opened = 'open' | 'goodbye' | 'forged'

/** Receives decrypted bytes. An object, as a closure for each connection would cost memory. */
export interface PlainSink {
  /** The next plain bytes. The buffer is reused: valid during the call only. */
  plain(bytes: Buffer): void
}

/** Buffers for incomplete boxes, kept for reuse. */
const spare: Buffer[] = []
const SPARE_BOXES = 64

/** Decrypts one direction of one connection. Keeps `key` and `nonce`, and increments the nonce in place. */
export class Unboxer {
  /** an incomplete box; its header is decrypted in place as soon as it is complete */
  private box: Buffer | null = null
  /** bytes of it received */
  private held = 0
  /** its body length, or -1 while its header is incomplete */
  private length = -1

  constructor(
    private readonly secretbox: Secretbox,
    private readonly key: Buffer,
    private readonly nonce: Buffer,
  ) {}

  /** Decrypts a chunk in place. */
  open(chunk: Buffer, sink: PlainSink): Opened {
    let at = 0
    if (this.box) {
      const step = this.complete(chunk, sink)
      if (typeof step === 'string') return step
      at = step
    }
    let end = at
    const begin = at
    let outcome: Opened = 'open'
    while (chunk.length - at >= HEADER_BYTES) {
      chunk.copy(sealedHeader, 0, at, at + HEADER_BYTES)
      if (!this.secretbox.open(header, headerText, headerMac, this.nonce, this.key)) return 'forged'
      const length = ((header[0] as number) << 8) | (header[1] as number)
      if (length === 0 || length > BODY_BYTES) {
        outcome = isGoodbye() ? 'goodbye' : 'forged'
        at = chunk.length
        break
      }
      const from = at + HEADER_BYTES
      if (chunk.length - from < length) break
      this.nonce.copy(bodyNonce)
      increment(bodyNonce)
      const sealed = chunk.subarray(from, from + length)
      // decrypted to the end of the previous plain text, so that frames across boxes are contiguous
      const body = chunk.subarray(end, end + length)
      if (!this.secretbox.open(body, sealed, bodyMac, bodyNonce, this.key)) return 'forged'
      bodyNonce.copy(this.nonce)
      increment(this.nonce)
      end += length
      at = from + length
    }
    // before the sink is called, as it may end the connection
    if (at < chunk.length) this.keep(chunk, at)
    if (end > begin) sink.plain(chunk.subarray(begin, end))
    return outcome
  }

  /** Frees the buffer when the connection is closed. */
  clear(): void {
    if (this.box) giveBack(this.box)
    this.box = null
  }

  /** Continues the incomplete box. @returns its end in the chunk, or why the stream ended */
  private complete(chunk: Buffer, sink: PlainSink): number | Opened {
    const box = this.box as Buffer
    let at = 0
    if (this.length < 0) {
      const step = Math.min(HEADER_BYTES - this.held, chunk.length)
      chunk.copy(box, this.held, 0, step)
      this.held += step
      at = step
      if (this.held < HEADER_BYTES) return at
      box.copy(sealedHeader, 0, 0, HEADER_BYTES)
      if (!this.secretbox.open(header, headerText, headerMac, this.nonce, this.key)) return 'forged'
      const length = ((header[0] as number) << 8) | (header[1] as number)
      if (length === 0 || length > BODY_BYTES) return isGoodbye() ? 'goodbye' : 'forged'
      header.copy(box, 0)
      this.length = length
    }
    const whole = HEADER_BYTES + this.length
    const step = Math.min(whole - this.held, chunk.length - at)
    chunk.copy(box, this.held, at, at + step)
    this.held += step
    at += step
    if (this.held < whole) return at
    this.nonce.copy(bodyNonce)
    increment(bodyNonce)
    const body = box.subarray(HEADER_BYTES, whole)
    if (!this.secretbox.open(body, body, box.subarray(2, 2 + MAC_BYTES), bodyNonce, this.key)) return 'forged'
    bodyNonce.copy(this.nonce)
    increment(this.nonce)
    this.box = null
    this.length = -1
    sink.plain(body)
    giveBack(box)
    return at
  }

  /** Copies an incomplete box from the end of a chunk. */
  private keep(chunk: Buffer, at: number): void {
    const box = spare.pop() ?? Buffer.allocUnsafeSlow(BOX_BYTES)
    chunk.copy(box, 0, at)
    this.box = box
    this.held = chunk.length - at
    this.length = -1
    if (this.held < HEADER_BYTES) return
    // the header is decrypted already: keep its plain text
    header.copy(box, 0)
    this.length = ((header[0] as number) << 8) | (header[1] as number)
  }
}

function giveBack(box: Buffer): void {
  if (spare.length < SPARE_BOXES) spare.push(box)
}

function isGoodbye(): boolean {
  for (let at = 0; at < header.length; at++) if (header[at] !== 0) return false
  return true
}
