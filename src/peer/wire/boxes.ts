// The box stream (protocol guide, "Box stream"): plain bytes to boxes and back, as few and as large as come at once.

import { MAC_BYTES, type Secretbox } from './sealing.js'

/** The longest body of one box; longer plain text goes out as several. */
export const BODY_BYTES = 4096
/** A box's sealed header: authenticator, then length (2) and the body's authenticator (16). */
export const HEADER_BYTES = MAC_BYTES + 2 + MAC_BYTES
const NONCE_BYTES = 24

// Work space of all connections: nothing here is asynchronous, and a thousand of each would be a megabyte.
const header = Buffer.alloc(2 + MAC_BYTES)
const bodyMac = header.subarray(2)
const sealedHeader = Buffer.alloc(HEADER_BYTES)
const headerMac = sealedHeader.subarray(0, MAC_BYTES)
const headerText = sealedHeader.subarray(MAC_BYTES)
// Each box takes two nonces in a row: the first for its header, the second for its body. Going out the body comes
// first, because its authenticator stands in the header.
const bodyNonce = Buffer.alloc(NONCE_BYTES)

/** Adds one to a big-endian nonce, in place. */
function increment(nonce: Buffer): void {
  let at = NONCE_BYTES - 1
  while (at >= 0 && nonce[at] === 255) nonce[at--] = 0
  if (at >= 0) nonce[at] = (nonce[at] as number) + 1
}

/** Plain bytes on their way into boxes, in the pieces they came in. */
export class ByteQueue {
  size = 0
  private pieces: Buffer[] = []
  /** pieces that have gone already, and bytes of the one after them */
  private first = 0
  private gone = 0

  add(piece: Buffer): void {
    this.pieces.push(piece)
    this.size += piece.length
  }

  /** Moves bytes from the front into `out`. */
  take(out: Buffer, at: number, length: number): void {
    for (let left = length; left > 0; ) {
      const piece = this.pieces[this.first] as Buffer
      const step = Math.min(left, piece.length - this.gone)
      piece.copy(out, at, this.gone, this.gone + step)
      at += step
      left -= step
      this.gone += step
      if (this.gone < piece.length) continue
      this.gone = 0
      this.first += 1
    }
    this.size -= length
    if (this.size === 0) this.clear()
  }

  /** The next bytes where they are, if one piece holds them all; they are gone with this. */
  whole(length: number): Buffer | null {
    const piece = this.pieces[this.first] as Buffer
    const end = this.gone + length
    if (end > piece.length) return null
    const bytes = piece.subarray(this.gone, end)
    this.gone = end < piece.length ? end : 0
    if (this.gone === 0) this.first += 1
    this.size -= length
    if (this.size === 0) this.clear()
    return bytes
  }

  clear(): void {
    this.size = 0
    // a new array: one that was emptied keeps its room, which a thousand idle connections would pay for
    this.pieces = []
    this.first = 0
    this.gone = 0
  }
}

/** Bytes that boxes of so much plain text fill. */
export function sealedBytes(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / BODY_BYTES) * HEADER_BYTES
}

/** Encrypts one direction of one connection. `key` and `nonce` are held, and the nonce is counted on in place. */
export class Boxer {
  constructor(
    private readonly sealing: Secretbox,
    private readonly key: Buffer,
    private readonly nonce: Buffer,
  ) {}

  /** Moves as much of `plain` into boxes as `out` has room for. @returns the bytes of `out` that were filled */
  fill(out: Buffer, plain: ByteQueue): number {
    let at = 0
    while (plain.size > 0) {
      const length = Math.min(plain.size, BODY_BYTES, out.length - at - HEADER_BYTES)
      if (length <= 0) break
      const from = at + HEADER_BYTES
      const body = out.subarray(from, from + length)
      // A large piece is sealed from where it is; what comes in crumbs is gathered in its place first.
      const bytes = plain.whole(length) ?? body
      if (bytes === body) plain.take(out, from, length)
      this.nonce.copy(bodyNonce)
      increment(bodyNonce)
      header[0] = length >> 8
      header[1] = length & 255
      this.sealing.seal(body, bodyMac, bytes, bodyNonce, this.key)
      this.sealing.seal(headerText, headerMac, header, this.nonce, this.key)
      sealedHeader.copy(out, at)
      bodyNonce.copy(this.nonce)
      increment(this.nonce)
      at = from + length
    }
    return at
  }

  /** The boxes of one piece of plain text. */
  seal(piece: Buffer): Buffer {
    const plain = new ByteQueue()
    plain.add(piece)
    const out = Buffer.allocUnsafe(sealedBytes(piece.length))
    this.fill(out, plain)
    return out
  }

  /** The final box, after which nothing may follow. */
  goodbye(): Buffer {
    header.fill(0)
    this.sealing.seal(headerText, headerMac, header, this.nonce, this.key)
    return Buffer.from(sealedHeader)
  }
}

export function createBoxer(sealing: Secretbox, key: Buffer, firstNonce: Buffer): Boxer {
  return new Boxer(sealing, key, Buffer.from(firstNonce.subarray(0, NONCE_BYTES)))
}

/** What one chunk of sealed bytes yielded. */
export interface Unboxed {
  /** all plain text that is complete; may be empty */
  plain: Buffer
  /** the peer's goodbye has come: nothing may follow */
  ended: boolean
}

/** Decrypts one direction of one connection. `key` and `nonce` are held, and the nonce is counted on in place. */
export class Unboxer {
  /** a box that has not come whole */
  private rest: Buffer | null = null

  constructor(
    private readonly sealing: Secretbox,
    private readonly key: Buffer,
    private readonly nonce: Buffer,
  ) {}

  /**
   * Opens what has come, in place: the chunk becomes the plain text.
   * @returns null for a box that was tampered with
   */
  open(chunk: Buffer): Unboxed | null {
    const input = this.rest ? Buffer.concat([this.rest, chunk]) : chunk
    let at = 0
    let end = HEADER_BYTES
    let ended = false
    while (input.length - at >= HEADER_BYTES) {
      input.copy(sealedHeader, 0, at, at + HEADER_BYTES)
      if (!this.sealing.open(header, headerText, headerMac, this.nonce, this.key)) return null
      if (isGoodbye()) {
        ended = true
        at = input.length
        break
      }
      const from = at + HEADER_BYTES
      const length = ((header[0] as number) << 8) | (header[1] as number)
      // A header whose body has not come is opened again when it has: so nothing of it has to be kept open.
      if (input.length - from < length) break
      this.nonce.copy(bodyNonce)
      increment(bodyNonce)
      const sealed = input.subarray(from, from + length)
      const body = end === from ? sealed : input.subarray(end, end + length)
      if (!this.sealing.open(body, sealed, bodyMac, bodyNonce, this.key)) return null
      bodyNonce.copy(this.nonce)
      increment(this.nonce)
      end += length
      at = from + length
    }
    // Copied, so that a few waiting bytes do not keep a whole socket buffer alive.
    this.rest = at < input.length ? Buffer.from(input.subarray(at)) : null
    return { plain: end > HEADER_BYTES ? input.subarray(HEADER_BYTES, end) : NOTHING, ended }
  }
}

const NOTHING = Buffer.alloc(0)

function isGoodbye(): boolean {
  for (let at = 0; at < header.length; at++) if (header[at] !== 0) return false
  return true
}

/** Decrypts a stream of sealed bytes, however it is cut; each chunk is overwritten. */
export function createUnboxer(
  sealing: Secretbox,
  key: Buffer,
  firstNonce: Buffer,
): (chunk: Buffer) => Unboxed | null {
  const unboxer = new Unboxer(sealing, key, Buffer.from(firstNonce.subarray(0, NONCE_BYTES)))
  return (chunk) => unboxer.open(chunk)
}
