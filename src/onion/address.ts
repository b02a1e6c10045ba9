// SPDX-License-Identifier: AGPL-3.0-or-later
// Computes an onion address from its secret key (rend-spec-v3, 6 [ONIONADDRESS]).

import { createHash } from 'node:crypto'

/** The field, the curve's constant and its base point (RFC 8032, 5.1). */
const P = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const BASE: Point = [
  15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  46316835694926478169428394003475163141307993866256225615783033603165251855960n,
  1n,
]

/** Projective coordinates: x = [0] / [2], y = [1] / [2]. */
type Point = readonly [bigint, bigint, bigint]

/** Version byte of an address. */
const VERSION = Buffer.from([3])

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * The public key of an expanded secret key. Node's crypto needs the seed, which tor's format does not contain, so the
 * scalar multiplication is done here, once per start in some milliseconds. It is not constant-time.
 * @param expanded tor's 64 bytes: the scalar, then the prefix for signatures
 */
export function publicKeyOf(expanded: Buffer): Buffer {
  let scalar = littleEndian(expanded.subarray(0, 32))
  let sum: Point = [0n, 1n, 1n]
  for (let double = BASE; scalar > 0n; scalar >>= 1n) {
    if (scalar & 1n) sum = add(sum, double)
    double = add(double, double)
  }
  const inverse = power(sum[2], P - 2n)
  const x = (sum[0] * inverse) % P
  const y = (sum[1] * inverse) % P
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  bytes[31] = (bytes[31] as number) | (Number(x & 1n) << 7)
  return bytes
}

/** The host name for a public key: 56 characters and `.onion`. */
export function onionAddress(publicKey: Buffer): string {
  const checksum = createHash('sha3-256')
    .update(Buffer.concat([Buffer.from('.onion checksum'), publicKey, VERSION]))
    .digest()
  return `${base32(Buffer.concat([publicKey, checksum.subarray(0, 2), VERSION]))}.onion`
}

/** Complete addition: also valid for doubling. */
function add([x1, y1, z1]: Point, [x2, y2, z2]: Point): Point {
  const a = (z1 * z2) % P
  const b = (a * a) % P
  const c = (x1 * x2) % P
  const d = (y1 * y2) % P
  const e = (D * c * d) % P
  const f = b - e + P
  const g = b + e
  const cross = (x1 + y1) * (x2 + y2) - c - d
  return [(a * f * cross) % P, (a * g * (c + d)) % P, (f * g) % P]
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = ((base % P) + P) % P
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return text
}
