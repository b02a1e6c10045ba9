// SPDX-License-Identifier: AGPL-3.0-or-later
// The content of a backup: a note, pages of rows, and an end that proves that nothing is missing.
//
// Bytes of a page: length of the table's name (1), the name, then for each row the lengths of key (2, LE) and value
// (4, LE), the key and the value. Pages follow the tables' names and the keys in ascending order.

import { RelayError } from '../lib/errors.js'
import { BACKUP_PAGE_BYTES, MIB } from '../lib/limits.js'
import { type FeedId, isFeedId } from '../ssb/feed-id.js'
import { ENCODINGS, isReadable } from './layout.js'

/** Increased when the content of a backup changes. Other formats are rejected. */
export const FORMAT = 2

/** Maximum bytes of one page; a page holds at least one row of any size. */
export const PAGE_BYTES_MAX = 32 * MIB
/** Bytes of a key that LMDB accepts with pages of 4 KiB. */
const KEY_BYTES_MAX = 1978
const ROW_HEAD_BYTES = 6

/** The note at the start of a backup. */
export interface BackupNote {
  format: number
  /** the relay's identity; its secret is not part of the note */
  id: FeedId
  /** Unix ms */
  created: number
  schema: number
  /** highest sequence of the relay's own feed */
  latest: number
  messages: number
  /** of the database, for progress */
  bytes: number
}

/** The end of a backup. */
export interface BackupEnd {
  pages: number
  rows: number
  /** of all pages, in hex */
  sha256: string
}

export interface Row {
  key: Buffer
  value: Buffer
}

/** @throws RelayError `backup_unusable` */
export function parseNote(bytes: Buffer): BackupNote {
  const note = parseObject(bytes) as Partial<BackupNote>
  if (note.format !== FORMAT || !isReadable(note.schema))
    throw new RelayError(
      'backup_unusable',
      `its format is ${String(note.format)}, this version reads ${FORMAT}`,
    )
  if (!isFeedId(note.id) || ![note.created, note.latest, note.messages, note.bytes].every(isCount))
    throw new RelayError('backup_unusable', 'its description is damaged')
  return note as BackupNote
}

/** @throws RelayError `backup_unusable` */
export function parseEnd(bytes: Buffer): BackupEnd {
  const end = parseObject(bytes) as Partial<BackupEnd>
  if (!isCount(end.pages) || !isCount(end.rows) || typeof end.sha256 !== 'string')
    throw new RelayError('backup_unusable', 'its end is damaged')
  return end as BackupEnd
}

/** Packs rows of one table into a page. */
export function packPage(table: string, rows: Row[]): Buffer {
  const name = Buffer.from(table)
  const parts: Buffer[] = [Buffer.from([name.length]), name]
  for (const { key, value } of rows) {
    const head = Buffer.allocUnsafe(ROW_HEAD_BYTES)
    head.writeUInt16LE(key.length)
    head.writeUInt32LE(value.length, 2)
    parts.push(head, key, value)
  }
  return Buffer.concat(parts)
}

/**
 * Unpacks a page. Every length, table name, key and JSON value is checked before the page is used.
 * @throws RelayError `backup_unusable`
 */
export function unpackPage(page: Buffer): { table: string; rows: Row[] } {
  const damaged = (what: string): RelayError =>
    new RelayError('backup_unusable', `a page is damaged: ${what}`)
  const named = page.length > 0 ? 1 + page.readUInt8() : 1
  if (page.length < named) throw damaged('no table')
  const table = page.toString('utf8', 1, named)
  const encoding = ENCODINGS.get(table)
  if (!encoding) throw damaged('unknown table')
  const rows: Row[] = []
  for (let at = named; at < page.length; ) {
    if (at + ROW_HEAD_BYTES > page.length) throw damaged('a row is cut short')
    const [keyBytes, valueBytes] = [page.readUInt16LE(at), page.readUInt32LE(at + 2)]
    const from = at + ROW_HEAD_BYTES
    at = from + keyBytes + valueBytes
    if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX || at > page.length) throw damaged('a row is cut short')
    const value = page.subarray(from + keyBytes, at)
    if (encoding === 'json' && !isJson(value)) throw damaged('a record is no JSON')
    rows.push({ key: page.subarray(from, from + keyBytes), value })
  }
  if (rows.length === 0) throw damaged('no rows')
  return { table, rows }
}

/** True when a page with these bytes is sent before more rows are added. */
export function fillsPage(bytes: number): boolean {
  return bytes >= BACKUP_PAGE_BYTES
}

function parseObject(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // rejected below
  }
  throw new RelayError('backup_unusable', 'this is no backup of Tidepool: its description is missing')
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
