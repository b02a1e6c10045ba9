// An invite's rows: its record, and three indexes in the order in which invites end, so that nobody reads them all.

import { isClockSet } from '../lib/clock.js'
import { INVITES_KEPT } from '../lib/limits.js'
import { type FeedId, feedIdOf, isFeedId, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import { endKey, type InviteRecord, type Tables, TIME_MAX } from './layout.js'

/** Which invites: `ends` has all of them, `made` those of a maker, `directed` those for a feed. */
type Index = 'ends' | 'made' | 'directed'

/**
 * What one index holds of one feed, of all for `ends`. An invite expires without a write, so what is live is not noted
 * but a range: first come those used up or taken back, then the others by when they expire, and now is a place in there.
 */
export interface InviteRows {
  get(guest: FeedId): InviteRecord | null
  /** Writes a record, and what points to it. */
  put(guest: FeedId, record: InviteRecord): void
  /** Drops a record, and what points to it. */
  remove(guest: FeedId): void
  /** Guests of live ones, the next to expire first. */
  live(index: Index, of?: FeedId, most?: number): FeedId[]
  countLive(index: Index, of: FeedId): number
  /** Guests of dead ones: the used up and taken back, then the expired, of each the first to end first. */
  dead(index: Index, of?: FeedId, most?: number): FeedId[]
  /** Guests of those neither used up nor taken back, expired ones included. */
  open(index: Index, of?: FeedId): FeedId[]
  all(index: Index, of?: FeedId): FeedId[]
  /** Guests of those that had ended before a time in Unix ms. */
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
  /** Places in an index: before all, before what nothing but time ends, after what has expired, and after all. */
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

/** When an invite that ends now ends. By a clock that was never set it would be forgotten as soon as that is right. */
export function endingNow(
  { created, expires }: Pick<InviteRecord, 'created' | 'expires'>,
  now: number,
): number {
  return isClockSet(now) ? Math.max(now, created) : expires
}

const INDEXES = ['ends', 'made', 'directed'] as const

/**
 * Writes the indexes anew from the records, which in the layout before ours had none, and no word of when one was used up.
 * @returns how many rows were wrong
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
