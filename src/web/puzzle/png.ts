// SPDX-License-Identifier: AGPL-3.0-or-later
// Encodes a picture as a PNG of sixteen greys. Tor Browser at Safest shows no SVG, and PNG needs only Node's zlib.

import { deflateSync } from 'node:zlib'

/** CRC-32 of four bits each: `zlib.crc32` is missing in the oldest Node that is supported. */
const CRC = Uint32Array.from({ length: 16 }, (_, nibble) => {
  let crc = nibble
  for (let bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/**
 * Encodes grey values as a PNG.
 * @param greys row by row, 0 (black) to 255
 * @param width an even number of pixels
 */
export function encodePng(greys: Uint8Array, width: number): Buffer {
  const height = greys.length / width
  const rowBytes = width / 2 + 1
  // each row begins with its filter: none
  const rows = Buffer.alloc(rowBytes * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x += 2) {
      const at = y * width + x
      rows[y * rowBytes + 1 + x / 2] = ((greys[at] as number) & 0xf0) | ((greys[at + 1] as number) >> 4)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // four bits a pixel; then grey, deflate, no filters, not interlaced: zeros
  header[8] = 4
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  let crc = 0xffffffff
  for (const byte of body) {
    crc ^= byte
    crc = (crc >>> 4) ^ (CRC[crc & 15] as number)
    crc = (crc >>> 4) ^ (CRC[crc & 15] as number)
  }
  sum.writeUInt32BE(~crc >>> 0)
  return Buffer.concat([length, body, sum])
}
