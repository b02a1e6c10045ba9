// SPDX-License-Identifier: AGPL-3.0-or-later
// Checks the database file before LMDB maps it: LMDB trusts every page, and a damaged one kills the process.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { WORD_BYTES } from '../lib/platform.js'

/** LMDB's magic number, format version, and flags of pages and nodes. */
const MAGIC = 0xbeefc0de
const FORMAT = 2
const PAGE = { branch: 1, leaf: 2, overflow: 4, meta: 8 }
const NODE = { big: 1, table: 2 }
const NODE_BYTES = 8
/** Bytes read of each meta page: all fields, on any machine. */
const META_BYTES = 256

/** Offsets in the file, which depend on the word size of the machine. */
interface Layout {
  word: 4 | 8
  /** bytes of a page's header */
  header: number
  /** from a meta's start: the two trees (unused pages, tables), the last page, the transaction */
  trees: [number, number]
  last: number
  txn: number
  /** of a tree's record: all of it, and where its root stands */
  tree: { bytes: number; root: number }
}

const WIDE: Layout = {
  word: 8,
  header: 24,
  trees: [24, 72],
  last: 120,
  txn: 128,
  tree: { bytes: 48, root: 40 },
}
const NARROW: Layout = {
  word: 4,
  header: 16,
  trees: [16, 44],
  last: 72,
  txn: 76,
  tree: { bytes: 28, root: 24 },
}

interface Meta {
  layout: Layout
  pageBytes: number
  lastPage: number
  txn: number
  roots: [free: number, tables: number]
}

/** Why a file is unusable. Used only inside this module. */
class Damage extends Error {}

/**
 * Checks that LMDB can open a file: its size, both meta pages, and the roots of its tables; every page if
 * `deep` is set, or if the file is shorter than it says, which is fine only if the missing pages are unused.
 * @param word bytes of a word on the machine that will read it
 * @returns what is wrong; null for a sound file, and for an empty or missing one, which LMDB creates
 */
export function examineFile(path: string, deep = false, word: 4 | 8 = WORD_BYTES): string | null {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw err
  }
  try {
    const { size } = fstatSync(fd)
    if (size > 0) walk(fd, size, readMeta(fd, size, word), deep)
    return null
  } catch (err) {
    if (err instanceof Damage) return err.message
    throw err
  } finally {
    closeSync(fd)
  }
}

/** Returns the newer of the two meta pages. Both must be sound, as LMDB checks only the first. */
function readMeta(fd: number, size: number, word: 4 | 8): Meta {
  if (endianness() !== 'LE') throw new Damage('only little-endian machines are supported')
  const [first, other] = word === 8 ? [WIDE, NARROW] : [NARROW, WIDE]
  const head = read(fd, 0, META_BYTES)
  if (head.readUInt32LE(first.header) !== MAGIC && head.readUInt32LE(other.header) === MAGIC)
    throw new Damage(`a machine of ${other.word * 8} bits wrote it, and this one has ${word * 8}`)
  const zero = parseMeta(head, first, 0)
  if (size < 2 * zero.pageBytes) throw new Damage(`it is cut short at ${size} bytes`)
  const one = parseMeta(read(fd, zero.pageBytes, META_BYTES), first, 1)
  if (one.pageBytes !== zero.pageBytes) throw new Damage('its two heads contradict each other')
  return one.txn > zero.txn ? one : zero
}

function parseMeta(bytes: Buffer, layout: Layout, number: number): Meta {
  const { header } = layout
  const wrong = (what: string): Damage => new Damage(`its ${number === 0 ? 'first' : 'second'} head ${what}`)
  if (bytes.every((byte) => byte === 0)) throw wrong('holds nothing but zeros')
  if (
    (flagsOf(bytes, layout) & PAGE.meta) === 0 ||
    bytes.readUInt32LE(header) !== MAGIC ||
    readWord(bytes, 0, layout) !== number
  )
    throw wrong('is not that of a database')
  if ((bytes.readUInt32LE(header + 4) & 0xffff) !== FORMAT) throw wrong('is of another format')
  const [free, tables] = layout.trees
  const pageBytes = bytes.readUInt32LE(header + free)
  const power = (pageBytes & (pageBytes - 1)) === 0
  if (!power || pageBytes < 512 || pageBytes > 65_536) throw wrong('gives no size of pages')
  const rootAt = (tree: number): number => readWord(bytes, header + tree + layout.tree.root, layout)
  return {
    layout,
    pageBytes,
    lastPage: readWord(bytes, header + layout.last, layout),
    txn: readWord(bytes, header + layout.txn, layout),
    roots: [rootAt(free), rootAt(tables)],
  }
}

/** Follows the trees from their roots. @throws Damage at the first page that is not what it should be */
function walk(fd: number, size: number, meta: Meta, deep: boolean): void {
  const { layout, pageBytes, lastPage, roots } = meta
  // A short file alone is no damage: the missing pages may be unused.
  const all = deep || size < (lastPage + 1) * pageBytes
  if (lastPage >= 2 ** 40) throw new Damage('its head names a last page that cannot be')
  const seen = new Set<number>()
  const [free, tables] = roots
  const left: Array<{ page: number; follow: boolean }> = []
  const add = (page: number, follow: boolean): void => {
    if (page === noPage(layout)) return
    if (page < 2 || page > lastPage) throw new Damage(`it points to page ${page} of ${lastPage}`)
    if (seen.has(page)) throw new Damage(`two places of it point to page ${page}`)
    if ((page + 1) * pageBytes > size)
      throw new Damage(`it is cut short at ${size} bytes: page ${page} is missing`)
    seen.add(page)
    left.push({ page, follow })
  }
  add(free, all)
  add(tables, true)
  for (let next = left.pop(); next; next = left.pop()) {
    const { page, follow } = next
    const bytes = read(fd, page * pageBytes, pageBytes)
    checkPage(bytes, page, meta)
    // Each record in the tree of tables is the root of a table. Pages below it are checked only if asked for.
    if (follow) for (const { at, table } of pointers(bytes, page, meta)) add(at, all || !table)
    if (all) checkBig(fd, size, bytes, page, meta)
  }
}

function checkPage(bytes: Buffer, page: number, { layout, txn, pageBytes }: Meta): void {
  const { header, word } = layout
  const kind = flagsOf(bytes, layout) & (PAGE.branch | PAGE.leaf | PAGE.overflow | PAGE.meta)
  const [lower, upper] = [bytes.readUInt16LE(header - 4), bytes.readUInt16LE(header - 2)]
  const sound =
    readWord(bytes, 0, layout) === page &&
    readWord(bytes, word, layout) <= txn &&
    (kind === PAGE.branch || kind === PAGE.leaf) &&
    lower % 2 === 0 &&
    lower <= upper &&
    upper <= pageBytes - header
  if (!sound) throw new Damage(`page ${page} is damaged`)
}

/** Offsets of the nodes of a page. */
function* nodes(bytes: Buffer, page: number, { layout: { header } }: Meta): Generator<number> {
  const lower = bytes.readUInt16LE(header - 4)
  for (let at = header; at < header + lower; at += 2) {
    const node = bytes.readUInt16LE(at) + header
    const fits = node >= header + lower && node + NODE_BYTES <= bytes.length
    if (!fits || node + NODE_BYTES + bytes.readUInt16LE(node + 6) > bytes.length)
      throw new Damage(`page ${page} is damaged`)
    yield node
  }
}

/** The pages that a page points to: children, or the roots of tables. */
function* pointers(bytes: Buffer, page: number, meta: Meta): Generator<{ at: number; table: boolean }> {
  const { layout } = meta
  const isBranch = (flagsOf(bytes, layout) & PAGE.branch) !== 0
  for (const node of nodes(bytes, page, meta)) {
    const low = bytes.readUInt32LE(node)
    const flags = bytes.readUInt16LE(node + 4)
    if (isBranch) {
      yield { at: layout.word === 8 ? low + flags * 2 ** 32 : low, table: false }
      continue
    }
    if ((flags & NODE.table) === 0) continue
    const record = node + NODE_BYTES + bytes.readUInt16LE(node + 6)
    if (record + layout.tree.bytes > bytes.length) throw new Damage(`page ${page} is damaged`)
    yield { at: readWord(bytes, record + layout.tree.root, layout), table: true }
  }
}

/** Checks values larger than a page, which are stored in consecutive overflow pages. */
function checkBig(fd: number, size: number, bytes: Buffer, page: number, meta: Meta): void {
  const { layout, pageBytes, lastPage } = meta
  const { header, word } = layout
  if ((flagsOf(bytes, layout) & PAGE.leaf) === 0) return
  for (const node of nodes(bytes, page, meta)) {
    const length = bytes.readUInt32LE(node)
    const value = node + NODE_BYTES + bytes.readUInt16LE(node + 6)
    const isBig = (bytes.readUInt16LE(node + 4) & NODE.big) !== 0
    if (value + (isBig ? 3 * word : length) > bytes.length) throw new Damage(`page ${page} is damaged`)
    if (!isBig) continue
    const first = readWord(bytes, value, layout)
    const count = readWord(bytes, value + 2 * word, layout)
    if (first < 2 || first + count - 1 > lastPage || count * pageBytes < length + header)
      throw new Damage(`page ${page} points to pages ${first} and on, which cannot be`)
    if ((first + count) * pageBytes > size)
      throw new Damage(`it is cut short at ${size} bytes: page ${first} is missing`)
    const head = read(fd, first * pageBytes, header)
    if (readWord(head, 0, layout) !== first || (flagsOf(head, layout) & PAGE.overflow) === 0)
      throw new Damage(`page ${first} is damaged`)
  }
}

/** The page number of a tree without a root. */
function noPage({ word }: Layout): number {
  return word === 8 ? Number(0xffff_ffff_ffff_ffffn) : 0xffff_ffff
}

function flagsOf(page: Buffer, { word }: Layout): number {
  return page.readUInt16LE(2 * word + 2)
}

function readWord(bytes: Buffer, at: number, { word }: Layout): number {
  return word === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at)
}

function read(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let got = 0
  while (got < length) {
    const more = readSync(fd, bytes, got, length - got, at + got)
    if (more === 0) throw new Damage(`it is cut short at ${at + got} bytes`)
    got += more
  }
  return bytes
}
