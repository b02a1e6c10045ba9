// SPDX-License-Identifier: AGPL-3.0-or-later
// Stores messages: the newest of each feed as single rows, which are packed into chunks as soon as they fill one.

import { DELETE_STEP_CHUNKS, DELETE_STEP_ROWS, REPACK_STEP_ROWS } from '../lib/limits.js'
import { chunkBytes, chunkCount, cutChunks, fillsChunk, packChunk, unpackChunk } from './chunk.js'
import { endOfMessages, type FeedRecord, messageKey, sequenceOf, type Tables } from './layout.js'

export interface StoredMessage {
  sequence: number
  /** the keyed message's JSON */
  bytes: Buffer
}

/** One generation of one feed: the prefix of its keys. */
export interface Place {
  author: Buffer
  generation: number
}

/** Result of one deletion step. */
export interface Deleted {
  messages: number
  bytes: number
  /** whether nothing is left */
  done: boolean
}

export interface FeedMessages {
  /** One message, or undefined. */
  at(place: Place, sequence: number): Buffer | undefined
  /**
   * Up to `count` messages from a sequence on, ascending, before `end`. Fewer at the end of a chunk; none only at the
   * end.
   */
  read(place: Place, from: number, count: number, end?: number): StoredMessage[]
  /**
   * Inside a write: stores new messages, ascending, and packs full chunks. Changes the record.
   * @param record its `latest` includes these messages already
   */
  put(place: Place, record: FeedRecord, messages: StoredMessage[], latestBefore: number): void
  /** Inside a write: deletes a bounded number of messages. */
  deleteSome(place: Place): Deleted
  /**
   * Inside a write: packs a bounded number of single rows, from a sequence on. Changes the record.
   * @returns the sequence to continue at; null at the end
   */
  packSome(place: Place, record: FeedRecord, from: number): number | null
}

/** Opens the messages over the store's tables. */
export function createFeedMessages({
  messages: rows,
  chunks,
}: Pick<Tables, 'messages' | 'chunks'>): FeedMessages {
  const keyAt = ({ author, generation }: Place, sequence: number): Buffer =>
    messageKey(author, generation, sequence)
  const endOf = ({ author, generation }: Place): Buffer => endOfMessages(author, generation)

  /** The chunk that begins with a sequence; null if missing or damaged. */
  function soundAt(place: Place, sequence: number): Buffer | null {
    const chunk = chunks.get(keyAt(place, sequence))
    return chunk && chunkCount(chunk) > 0 ? chunk : null
  }

  /** The chunk that contains a sequence. */
  function chunkAt(place: Place, sequence: number): { first: number; chunk: Buffer } | null {
    const exact = soundAt(place, sequence)
    if (exact) return { first: sequence, chunk: exact }
    const range = { start: keyAt(place, sequence), end: keyAt(place, 0), reverse: true, limit: 1 }
    for (const { key, value } of chunks.getRange(range)) {
      const first = sequenceOf(key)
      return sequence < first + chunkCount(value) ? { first, chunk: value } : null
    }
    return null
  }

  function nextChunk(place: Place, from: number): number | null {
    for (const key of chunks.getKeys({ start: keyAt(place, from), end: endOf(place), limit: 1 }))
      return sequenceOf(key)
    return null
  }

  function readRows(place: Place, from: number, count: number, end: number | null): StoredMessage[] {
    const range = {
      start: keyAt(place, from),
      end: end === null ? endOf(place) : keyAt(place, end),
      limit: count,
    }
    return [...rows.getRange(range)].map(({ key, value }) => ({ sequence: sequenceOf(key), bytes: value }))
  }

  function read(place: Place, from: number, count: number, end = Number.POSITIVE_INFINITY): StoredMessage[] {
    const found: StoredMessage[] = []
    let at = from
    let packed = chunkAt(place, at)
    while (found.length < count && at < end) {
      if (packed) {
        const { first, chunk } = packed
        for (const bytes of unpackChunk(chunk, at - first)) {
          if (found.length === count || at >= end) return found
          found.push({ sequence: at, bytes })
          at += 1
        }
        // the next read can begin with this chunk, so it is not read twice
        if (found.length + chunkCount(chunk) > count) return found
        const following = soundAt(place, at)
        packed = following ? { first: at, chunk: following } : null
        continue
      }
      // no chunk begins here, or a damaged one
      const next = nextChunk(place, at + 1)
      const until = Math.min(next ?? end, end)
      found.push(
        ...readRows(place, at, count - found.length, until === Number.POSITIVE_INFINITY ? null : until),
      )
      if (next === null || next >= end) break
      at = next
      packed = found.length < count ? chunkAt(place, at) : null
    }
    return found
  }

  function putRows(place: Place, run: StoredMessage[]): void {
    for (const { sequence, bytes } of run) rows.putSync(keyAt(place, sequence), bytes)
  }

  /** Packs consecutive messages into full chunks. @returns the rest */
  function pack(place: Place, run: StoredMessage[]): StoredMessage[] {
    const { chunks: full, packed } = cutChunks(run.map(({ bytes }) => bytes))
    let at = 0
    for (const bodies of full) {
      chunks.putSync(keyAt(place, (run[at] as StoredMessage).sequence), packChunk(bodies))
      at += bodies.length
    }
    return run.slice(packed)
  }

  /** Stores consecutive messages at the end of a feed, packed together with the unpacked tail before them. */
  function putTail(place: Place, record: FeedRecord, run: StoredMessage[], latestBefore: number): void {
    const { sequence: from } = run[0] as StoredMessage
    const tail = record.tail && from === latestBefore + 1 ? record.tail : { from, bytes: 0 }
    const grown = { from: tail.from, bytes: tail.bytes + bytesOf(run) }
    const count = (run.at(-1) as StoredMessage).sequence - tail.from + 1
    if (!fillsChunk(count, grown.bytes)) {
      putRows(place, run)
      record.tail = grown
      return
    }
    const before = tail.from < from ? readRows(place, tail.from, from - tail.from, from) : []
    const rest = pack(place, [...before, ...run])
    const [first] = rest as [StoredMessage]
    for (const { sequence } of before) if (sequence < first.sequence) rows.removeSync(keyAt(place, sequence))
    putRows(
      place,
      rest.filter(({ sequence }) => sequence >= from),
    )
    record.tail = { from: first.sequence, bytes: bytesOf(rest) }
  }

  return {
    at(place, sequence) {
      const row = rows.get(keyAt(place, sequence))
      if (row) return row
      const packed = chunkAt(place, sequence)
      return packed ? unpackChunk(packed.chunk, sequence - packed.first)[0] : undefined
    },
    read,

    put(place, record, messages, latestBefore) {
      for (const run of runsOf(messages)) {
        if (run.at(-1)?.sequence === record.latest) putTail(place, record, run, latestBefore)
        else putRows(place, run)
      }
    },

    deleteSome(place) {
      const range = { start: keyAt(place, 0), end: endOf(place) }
      let [messages, bytes] = [0, 0]
      const packed = [...chunks.getRange({ ...range, limit: DELETE_STEP_CHUNKS })]
      for (const { key, value } of packed) {
        messages += chunkCount(value)
        bytes += chunkBytes(value)
        chunks.removeSync(key)
      }
      if (packed.length === DELETE_STEP_CHUNKS) return { messages, bytes, done: false }
      const single = [...rows.getRange({ ...range, limit: DELETE_STEP_ROWS })]
      for (const { key, value } of single) {
        messages += 1
        bytes += value.length
        rows.removeSync(key)
      }
      return { messages, bytes, done: single.length < DELETE_STEP_ROWS }
    },

    packSome(place, record, from) {
      const end = record.tail?.from ?? null
      const found = readRows(place, from, REPACK_STEP_ROWS, end)
      const isLast = found.length < REPACK_STEP_ROWS
      let next = from
      for (const run of runsOf(found)) {
        const rest = pack(place, run)
        for (const { sequence } of run.slice(0, run.length - rest.length))
          rows.removeSync(keyAt(place, sequence))
        const last = (run.at(-1) as StoredMessage).sequence
        const [first] = rest as [StoredMessage]
        next = last + 1
        if (last === record.latest) record.tail = { from: first.sequence, bytes: bytesOf(rest) }
        // a run that continues after this step is packed together with the next messages
        else if (last === found.at(-1)?.sequence && rest.length < run.length) next = first.sequence
      }
      return isLast ? null : next
    },
  }
}

const bytesOf = (run: StoredMessage[]): number => run.reduce((sum, { bytes }) => sum + bytes.length, 0)

/** Groups ascending messages into runs without gaps. */
function runsOf(messages: StoredMessage[]): StoredMessage[][] {
  const runs: StoredMessage[][] = []
  for (const message of messages) {
    const run = runs.at(-1)
    if (run && run.at(-1)?.sequence === message.sequence - 1) run.push(message)
    else runs.push([message])
  }
  return runs
}
