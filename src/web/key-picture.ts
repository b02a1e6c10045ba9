// SPDX-License-Identifier: AGPL-3.0-or-later
// Draws a small picture from a feed's key, to tell people with one name apart. It proves nothing: compare the key.

import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { type FeedId, keyOf } from '../ssb/feed-id.js'

/** Squares in a row; the right half mirrors the left one. */
const SIDE = 7
const HUES = 16

/** A picture as a `data:` URL: a PNG of some 150 bytes. The same key gives the same picture on every relay. */
export function keyPicture(feed: FeedId): string {
  const bits = createHash('sha256').update(keyOf(feed)).digest()
  const [first = 0, second = 0] = bits
  const rows = Array.from({ length: SIDE }, (_, y) => {
    const row = bits[2 + y] as number
    return Array.from({ length: SIDE }, (_, x) => (row >> Math.min(x, SIDE - 1 - x)) & 1)
  })
  const paper = colour((first % HUES) / HUES, 0.45, 0.88)
  const ink = colour((second % HUES) / HUES, 0.6, 0.32)
  return `data:image/png;base64,${png(rows, [...paper, ...ink]).toString('base64')}`
}

/** Red, green and blue of a colour. @param hue 0 to 1, like the others */
function colour(hue: number, saturation: number, lightness: number): number[] {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  return [0, 8, 4].map((offset) => {
    const at = (offset + hue * 12) % 12
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))))
  })
}

/** A PNG with a palette, one bit for each square. */
function png(rows: number[][], palette: number[]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIDE, 0)
  header.writeUInt32BE(SIDE, 4)
  // one bit a pixel, from a palette
  header.set([1, 3], 8)
  const pixels = rows.map((row) => [0, row.reduce((byte, bit, x) => byte | (bit << (7 - x)), 0)])
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette)),
    chunk('IDAT', deflateSync(Buffer.from(pixels.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

/** The checksum of PNG chunks. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
