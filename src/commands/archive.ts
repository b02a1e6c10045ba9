// SPDX-License-Identifier: AGPL-3.0-or-later
// The archive of a backup: a tar file of known entries in a fixed order, so that reading it needs no seeking and no trust.
//
// | entry                            | content                                      |
// |----------------------------------|----------------------------------------------|
// | backup.json                      | BackupNote                                   |
// | secret, onion.key, matrix.key    | the keys, where the operator asked for them  |
// | rows/00000001, rows/00000002, …  | pages of rows (`store/backup-format.ts`)     |
// | end.json                         | BackupEnd                                    |

import { RelayError } from '../lib/errors.js'
import { KIB } from '../lib/limits.js'
import { PAGE_BYTES_MAX } from '../store/backup-format.js'
import { KEY_FILES } from '../store/restore.js'

export const NOTE_ENTRY = 'backup.json'
export const END_ENTRY = 'end.json'

/** The tar format works in blocks of this size. */
const BLOCK = 512
const SMALL_BYTES = 64 * KIB
/** Bytes of zeros after the last entry: tar programs fill up to 10 KiB blocks. */
const PADDING_BYTES_MAX = 64 * KIB
/** Fields of a ustar header: offset and length. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  sum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const

export interface Entry {
  name: string
  bytes: Buffer
}

/** Name of the page with a number, from 1 on. */
export function pageEntry(number: number): string {
  return `rows/${String(number).padStart(8, '0')}`
}

/** An entry as tar stores it. @param now Unix ms */
export function packEntry({ name, bytes }: Entry, now: number): Buffer {
  const head = Buffer.alloc(BLOCK)
  head.write(name)
  head.write('0000600\0', 100)
  head.write('0000000\0', 108)
  head.write('0000000\0', 116)
  head.write(`${octal(bytes.length, 11)}\0`, 124)
  head.write(`${octal(Math.max(0, Math.trunc(now / 1000)), 11)}\0`, 136)
  head.write('0', FIELD.type[0])
  head.write('ustar\u000000', FIELD.magic[0])
  head.write(`${octal(sumOf(head), 6)}\0 `, FIELD.sum[0])
  return Buffer.concat([head, bytes, Buffer.alloc(padding(bytes.length))])
}

/** What ends an archive. */
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK)

/**
 * Reads the entries of an archive, one in memory at a time.
 * Only regular files with the names above are accepted, in their order, each up to the size it may have.
 * @throws RelayError `backup_unusable`
 */
export async function* readEntries(chunks: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  const { read, rest } = createReader(chunks)
  let place = -1
  let pages = 0
  for (let head = await read(BLOCK); !isZero(head); head = await read(BLOCK)) {
    const { name, size } = parseHead(head)
    const isPage = name === pageEntry(pages + 1)
    const next = isPage ? PAGES_PLACE : ORDER.indexOf(name)
    if (next < 0 || next < place || (next === place && !isPage))
      throw unusable(`unexpected entry ${JSON.stringify(name.slice(0, 40))}`)
    if (place < 0 && next !== 0)
      throw unusable('this is no backup of Tidepool: it does not begin with its description')
    if (size > (isPage ? PAGE_BYTES_MAX : SMALL_BYTES)) throw unusable(`${name} is too large`)
    if (isPage) pages += 1
    place = next
    const bytes = await read(size)
    await read(padding(size))
    yield { name, bytes }
    if (name === END_ENTRY) {
      // to the end of the file: gzip's checksum comes last
      if (!isZero(await rest(PADDING_BYTES_MAX))) throw unusable('there is something after its end')
      return
    }
  }
  throw unusable('it is cut short')
}

/** The order of entries; the pages stand at `PAGES_PLACE`. */
const ORDER: readonly string[] = [NOTE_ENTRY, ...KEY_FILES, '', END_ENTRY]
const PAGES_PLACE = KEY_FILES.length + 1

function parseHead(head: Buffer): { name: string; size: number } {
  const field = ([at, length]: readonly [number, number]): string => head.toString('latin1', at, at + length)
  const sum = Number.parseInt(field(FIELD.sum), 8)
  if (sum !== sumOf(head)) throw unusable('a header is damaged')
  const isText = (value: string): boolean => /^[ -~]*\0*$/.test(value)
  const name = field(FIELD.name)
  if (!field(FIELD.magic).startsWith('ustar') || !isText(name)) throw unusable('a header is damaged')
  const isRegular = field(FIELD.type) === '0' && isZero(head.subarray(157, 257))
  if (!isRegular || field(FIELD.prefix).replaceAll('\0', '') !== '')
    throw unusable('an entry is not a regular file')
  const size = field(FIELD.size)
  if (!/^[0-7]{11}[\0 ]$/.test(size)) throw unusable('an entry has no size')
  return { name: name.replace(/\0+$/, ''), size: Number.parseInt(size, 8) }
}

interface Reader {
  /** Reads an exact number of bytes. */
  read(bytes: number): Promise<Buffer>
  /** Reads to the end, which may come after at most so many bytes. */
  rest(most: number): Promise<Buffer>
}

function createReader(chunks: AsyncIterable<Buffer>): Reader {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  return {
    async read(bytes) {
      const parts: Buffer[] = []
      let missing = bytes
      while (missing > 0) {
        if (held.length === 0) {
          const { value, done } = await source.next()
          if (done) throw unusable('it is cut short')
          held = value
          continue
        }
        const part = held.subarray(0, missing)
        parts.push(part)
        missing -= part.length
        held = held.subarray(part.length)
      }
      return Buffer.concat(parts)
    },
    async rest(most) {
      const parts = [held]
      let length = held.length
      while (length <= most) {
        const { value, done } = await source.next()
        if (done) return Buffer.concat(parts)
        parts.push(value)
        length += value.length
      }
      throw unusable('there is something after its end')
    },
  }
}

function sumOf(head: Buffer): number {
  let sum = 0
  const [from, length] = FIELD.sum
  // the sum is made with blanks in its own place
  for (const [i, byte] of head.entries()) sum += i >= from && i < from + length ? 32 : byte
  return sum
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
const padding = (bytes: number): number => (BLOCK - (bytes % BLOCK)) % BLOCK
const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)
const unusable = (detail: string): RelayError => new RelayError('backup_unusable', detail)
