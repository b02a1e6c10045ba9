// SPDX-License-Identifier: AGPL-3.0-or-later
// An invite's rows: its record, and three indexes ordered by end, so that queries do not scan all invites.

import { isClockSet } from '../lib/clock.js'
import { INVITES_KEPT } from '../lib/limits.js'
import { type FeedId, feedIdOf, isFeedId, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import type { InviteRecord, Tables } from './layout.js'

/** `ends` indexes all invites, `made` the invites of a maker, `directed` the invites for a feed. */
type Index = 'ends' | 'made' | 'directed'

/**
 * Queries over one index, for one feed (`of`), or for all in `ends`. An invite expires without a write, so the live
 * ones are a key range: used up and revoked invites come first, then the others by expiry, and the current time
 * divides these into expired and live ones.
 */
export interface InviteRows {
  get(guest: FeedId): InviteRecord | null
  /** Writes a record and its index rows. */
  put(guest: FeedId, record: InviteRecord): void
  /** Removes a record and its index rows. */
  remove(guest: FeedId): void
  /** Guest keys of live invites, the next to expire first. */
  live(index: Index, of?: FeedId, most?: number): FeedId[]
  countLive(index: Index, of: FeedId): number
  /** Guest keys of dead invites: first used up and revoked, then expired; each by time of end. */
  dead(index: Index, of?: FeedId, most?: number): FeedId[]
  /** Guest keys of invites that are neither used up nor revoked, including expired ones. */
  open(index: Index, of?: FeedId): FeedId[]
  all(index: Index, of?: FeedId): FeedId[]
  /** Guest keys of invites that ended before a time in Unix ms. */
  endedBefore(time: number): FeedId[]
}

/** @param now Unix ms */
export function createInviteRows(tables: Tables, now: () => number): InviteRows {
  const { invites } = tables

  /** The index rows of a record. */
  function marksOf(guest: Buffer, record: InviteRecord): Array<[Index, Buffer]> {
    const over = record.revoked ?? record.spent
    const at = Math.min(record.expires, over ?? Number.POSITIVE_INFINITY)
    const mark = (index: Index, of?: FeedId): [Index, Buffer] => [index, endKey(of, over !== null, at, guest)]
    return [
      mark('ends'),
      ...(isFeedId(record.by) ? [mark('made', record.by)] : []),
      ...(record.for ? [mark('directed', record.for)] : []),
    ]
  }

  function remove(guest: FeedId): void {
    const key = keyOf(guest)
    const record = invites.get(key)
    if (!record) return
    for (const [index, mark] of marksOf(key, record)) tables[index].removeSync(mark)
    invites.removeSync(key)
  }

  function guests(index: Index, start: Buffer, end: Buffer, limit = INVITES_KEPT): FeedId[] {
    return [...tables[index].getKeys({ start, end, limit })].map((key) => feedIdOf(key.subarray(-KEY_BYTES)))
  }
  /** Positions in an index: the start, before the first not used up or revoked, after the last expired, the end. */
  const first = (of?: FeedId) => endKey(of, true, 0)
  const opened = (of?: FeedId) => endKey(of, false, 0)
  const present = (of?: FeedId) => endKey(of, false, now() + 1)
  const last = (of?: FeedId) => endKey(of, false, TIME_MAX)

  return {
    get: (guest) => invites.get(keyOf(guest)) ?? null,
    remove,
    put(guest, record) {
      const key = keyOf(guest)
      remove(guest)
      invites.putSync(key, record)
      for (const [index, mark] of marksOf(key, record)) tables[index].putSync(mark, true)
    },
    live: (index, of, most) => guests(index, present(of), last(of), most),
    countLive: (index, of) => tables[index].getKeysCount({ start: present(of), end: last(of) }),
    dead: (index, of, most) => guests(index, first(of), present(of), most),
    open: (index, of) => guests(index, opened(of), last(of)),
    all: (index, of) => guests(index, first(of), last(of)),
    endedBefore: (time) =>
      [true, false].flatMap((over) =>
        guests('ends', endKey(undefined, over, 0), endKey(undefined, over, time)),
      ),
  }
}

/**
 * The time of end for an invite that ends now. An unset clock would date it too early, and it would be swept too
 * soon.
 */
export function endingNow(
  { created, expires }: Pick<InviteRecord, 'created' | 'expires'>,
  now: number,
): number {
  return isClockSet(now) ? Math.max(now, created) : expires
}

const INDEXES = ['ends', 'made', 'directed'] as const

/**
 * Rebuilds the indexes from the records. Schema 1 had no indexes, and did not store when an invite was used up.
 * @returns the number of wrong rows
 */
export function indexInvites(tables: Tables, now: () => number): number {
  const rows = createInviteRows(tables, now)
  const keys = (): Set<string> =>
    new Set(
      INDEXES.flatMap((index) => [...tables[index].getKeys({})].map((key) => index + key.toString('hex'))),
    )
  const before = keys()
  for (const index of INDEXES) tables[index].clearSync()
  for (const { key, value } of [...tables.invites.getRange({})])
    rows.put(feedIdOf(key), {
      ...value,
      spent: value.spent ?? (value.used < value.uses ? null : endingNow(value, now())),
    })
  const after = keys()
  return [...before, ...after].filter((key) => before.has(key) !== after.has(key)).length
}

const TIME_BYTES = 6
/** Higher than any time in a key. */
const TIME_MAX = 2 ** (8 * TIME_BYTES) - 1

/**
 * Key of an invite's index row, or without `guest` a position between rows. Used up and revoked invites (`over`) come
 * first, then the others. Both are ordered by end, so the current time divides expired from live ones.
 * @param of  whose invites, in an index by feed
 * @param end Unix ms
 */
function endKey(of: FeedId | undefined, over: boolean, end: number, guest?: Buffer): Buffer {
  const at = Buffer.alloc(1 + TIME_BYTES)
  at.writeUInt8(over ? 0 : 1)
  at.writeUIntBE(end, 1, TIME_BYTES)
  return Buffer.concat([...(of ? [keyOf(of)] : []), at, ...(guest ? [guest] : [])])
}
