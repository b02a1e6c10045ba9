// The box stream (protocol guide, "Box stream"): plain bytes to boxes and back, as few and as large as come at once.

import { MAC_BYTES, type Sealing } from './sealing.js'

/** The longest body of one box; longer plain text goes out as several. */
export const BODY_BYTES = 4096
/** A box's sealed header: authenticator, then length (2) and the body's authenticator (16). */
const HEADER_BYTES = MAC_BYTES + 2 + MAC_BYTES
const NONCE_BYTES = 24

/** Adds one to a big-endian nonce, in place. */
function increment(nonce: Buffer): void {
  let at = NONCE_BYTES - 1
  while (at >= 0 && nonce[at] === 255) nonce[at--] = 0
  if (at >= 0) nonce[at] = (nonce[at] as number) + 1
}

/** Encrypts; `seal` answers the boxes of any amount of plain text, `goodbye` the final one. */
export function createBoxer(sealing: Sealing, key: Buffer, firstNonce: Buffer) {
  const nonce = Buffer.from(firstNonce.subarray(0, NONCE_BYTES))
  const header = Buffer.alloc(2 + MAC_BYTES)
  // Each box takes two nonces in a row: the first for its header, the second for its body. The body goes first,
  // because its authenticator stands in the header.
  const bodyNonce = Buffer.alloc(NONCE_BYTES)

  function sealHeader(out: Buffer): void {
    sealing.seal(out.subarray(MAC_BYTES, HEADER_BYTES), out.subarray(0, MAC_BYTES), header, nonce, key)
  }

  return {
    seal(plain: Buffer): Buffer {
      const boxes = Math.ceil(plain.length / BODY_BYTES)
      const out = Buffer.allocUnsafe(plain.length + boxes * HEADER_BYTES)
      let at = 0
      for (let from = 0; from < plain.length; from += BODY_BYTES) {
        const body = plain.subarray(from, from + BODY_BYTES)
        const box = out.subarray(at, at + HEADER_BYTES + body.length)
        nonce.copy(bodyNonce)
        increment(bodyNonce)
        header.writeUInt16BE(body.length, 0)
        sealing.seal(box.subarray(HEADER_BYTES), header.subarray(2), body, bodyNonce, key)
        sealHeader(box)
        bodyNonce.copy(nonce)
        increment(nonce)
        at += box.length
      }
      return out
    },
    goodbye(): Buffer {
      const out = Buffer.allocUnsafe(HEADER_BYTES)
      header.fill(0)
      sealHeader(out)
      return out
    },
  }
}

export type Boxer = ReturnType<typeof createBoxer>

/** What one chunk of sealed bytes yielded. */
export interface Unboxed {
  /** all plain text that is complete; may be empty */
  plain: Buffer
  /** the peer's goodbye has come: nothing may follow */
  ended: boolean
}

const NOTHING = Buffer.alloc(0)

/** Decrypts a stream of sealed bytes, however it is cut. @returns null for a box that was tampered with */
export function createUnboxer(
  sealing: Sealing,
  key: Buffer,
  firstNonce: Buffer,
): (chunk: Buffer) => Unboxed | null {
  const nonce = Buffer.from(firstNonce.subarray(0, NONCE_BYTES))
  const header = Buffer.alloc(2 + MAC_BYTES)
  let rest = NOTHING
  /** length of the body whose header is open already, or -1 */
  let expected = -1

  return (chunk) => {
    const input = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const bodies: Buffer[] = []
    let at = 0
    for (;;) {
      if (expected < 0) {
        if (input.length - at < HEADER_BYTES) break
        const mac = input.subarray(at, at + MAC_BYTES)
        if (!sealing.open(header, input.subarray(at + MAC_BYTES, at + HEADER_BYTES), mac, nonce, key))
          return null
        at += HEADER_BYTES
        increment(nonce)
        if (header.every((byte) => byte === 0)) return { plain: Buffer.concat(bodies), ended: true }
        expected = header.readUInt16BE(0)
      }
      if (input.length - at < expected) break
      const body = Buffer.allocUnsafe(expected)
      if (!sealing.open(body, input.subarray(at, at + expected), header.subarray(2), nonce, key)) return null
      increment(nonce)
      bodies.push(body)
      at += expected
      expected = -1
    }
    // Copied, so that a few waiting bytes do not keep a whole socket buffer alive.
    rest = at < input.length ? Buffer.from(input.subarray(at)) : NOTHING
    return { plain: bodies.length === 1 ? (bodies[0] as Buffer) : Buffer.concat(bodies), ended: false }
  }
}
