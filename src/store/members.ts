// Members: whom the relay follows, and whom it blocks. Rows are an index over our contact messages, written with them.

import { isClockSet } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { SEEN_STEP_MS, VOUCHED_PER_MEMBER } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { type FeedId, feedIdOf, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import { followContent, memberRow } from './contacts.js'
import { createInviteRows, endingNow, indexInvites } from './invite-rows.js'
import { type BlockRecord, type MemberRecord, type Tables, vouchKey } from './layout.js'
import { type OnStoreProgress, type RebuildParts, rebuildIndex } from './rebuild.js'
import type { RelayFeed } from './relay-feed.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

export type FollowReason = Pick<MemberRecord, 'by' | 'voucher' | 'note'>

/** A change that live connections must feel at once; told after it is on disk. */
export type MemberChange = {
  feed: FeedId
  now: 'followed' | 'unfollowed' | 'blocked' | 'unblocked'
  /** of an unfollow: whether it was a feed that a member had vouched for */
  vouched?: boolean
}

export interface Members {
  has(feed: FeedId): boolean
  get(feed: FeedId): MemberRecord | null
  list(): Array<{ feed: FeedId } & MemberRecord>
  /** Up to `count` members in the order of their keys, from after one on. */
  page(after: FeedId | null, count: number): FeedId[]
  count(): number
  /** The feeds one member answers for. */
  vouchedBy(voucher: FeedId): FeedId[]
  /** Follows; @throws RelayError `already_following`, `quota_reached` (a voucher's), `not_allowed` (blocked, us, or a voucher who is none) */
  follow(feed: FeedId, reason: FollowReason, before?: Precondition): Promise<KeyedMessage>
  /** The same inside a write, for verbs that do more in the same transaction. */
  followNow(feed: FeedId, reason: FollowReason, afterFlush: AfterFlush): KeyedMessage
  /**
   * Stops following; with a voucher, only what that member vouched for, and nobody who has been given a role since.
   * @throws RelayError `not_following`, `not_allowed` (a voucher who is no member any more)
   */
  unfollow(feed: FeedId, voucher?: FeedId, before?: Precondition): Promise<KeyedMessage>
  /**
   * Blocks (and unfollows) a feed; answers whether it was not blocked before. Blocking again only changes the reason, and
   * an empty one leaves that as it was: who blocks twice takes nothing back.
   */
  block(feed: FeedId, reason: string, before?: Precondition): Promise<boolean>
  /** @throws RelayError `not_found` when it is not blocked */
  unblock(feed: FeedId, before?: Precondition): Promise<void>
  isBlocked(feed: FeedId): boolean
  blocked(): Array<{ feed: FeedId } & BlockRecord>
  /**
   * Folds our feed into the tables anew, and the invites into their indexes; answers the ids of every row that was wrong,
   * and how many marks of invites were.
   */
  rebuild(
    onProgress?: OnStoreProgress,
  ): Promise<{ differences: FeedId[]; members: number; blocks: number; marks: number }>
  onChange(listener: (change: MemberChange) => void): () => void
  /** Remembers that a member was here; written at most once in `SEEN_STEP_MS`. */
  recordSeen(feed: FeedId): Promise<void>
  /** Unix ms of the last time, to within `SEEN_STEP_MS`; null if never. */
  lastSeen(feed: FeedId): number | null
}

/**
 * @param now     Unix ms
 * @param letGo   inside a write: gives up what is stored of a feed
 */
export function createMembers(
  tables: Tables,
  writer: Writer,
  own: RelayFeed,
  now: () => number,
  letGo: (feed: FeedId, afterFlush: AfterFlush) => void = () => {},
): Members {
  const { members, vouches, blocks, roles, aliases, knocks, signIns, links, seen } = tables
  const invites = createInviteRows(tables, now)
  const listeners = new Set<(change: MemberChange) => void>()

  const has = (feed: FeedId): boolean => members.doesExist(keyOf(feed))
  const isBlocked = (feed: FeedId): boolean => blocks.doesExist(keyOf(feed))
  const tell = (change: MemberChange) => (): void => {
    for (const listener of listeners) listener(change)
  }

  function vouchedBy(voucher: FeedId): FeedId[] {
    const start = vouchKey(keyOf(voucher), Buffer.alloc(0))
    const end = vouchKey(keyOf(voucher), Buffer.alloc(KEY_BYTES + 1, 0xff))
    return [...vouches.getKeys({ start, end })].map((key) => feedIdOf(key.subarray(KEY_BYTES)))
  }

  function putRow(feed: FeedId, row: MemberRecord): void {
    members.putSync(keyOf(feed), row)
    if (row.voucher) vouches.putSync(vouchKey(keyOf(row.voucher), keyOf(feed)), true)
  }

  function dropVouch(feed: FeedId): void {
    const row = members.get(keyOf(feed))
    if (row?.voucher) vouches.removeSync(vouchKey(keyOf(row.voucher), keyOf(feed)))
  }

  function dropRow(feed: FeedId): void {
    dropVouch(feed)
    members.removeSync(keyOf(feed))
    dropStanding(feed)
  }

  function dropStanding(feed: FeedId): void {
    // What came with membership goes with it: who is let in again is not an admin again, and names are free.
    roles.removeSync(keyOf(feed))
    for (const { key, value } of [...aliases.getRange({})]) if (value.owner === feed) aliases.removeSync(key)
    for (const table of [signIns, links])
      for (const { key, value } of [...table.getRange({})]) if (value.feed === feed) table.removeSync(key)
    seen.removeSync(keyOf(feed))
    // Nor does who was shut out come back under another name by an invite of their own, or by one that was made for
    // them before: with that their app would be let in again just by connecting.
    endInvites([...invites.open('made', feed), ...invites.open('directed', feed)], 'revoked')
  }

  function endInvites(guests: FeedId[], how: 'revoked' | 'spent'): void {
    for (const guest of guests) {
      const record = invites.get(guest)
      if (record) invites.put(guest, { ...record, [how]: endingNow(record, now()) })
    }
  }

  /** Asked inside the write and not only before the queue: who was shut out while waiting in it has no word here. */
  function needMember(voucher: FeedId): void {
    if (!has(voucher)) throw new RelayError('not_allowed')
  }

  function followNow(feed: FeedId, reason: FollowReason, afterFlush: AfterFlush): KeyedMessage {
    if (reason.voucher) needMember(reason.voucher)
    if (feed === own.id || isBlocked(feed)) throw new RelayError('not_allowed')
    if (has(feed)) throw new RelayError('already_following')
    if (reason.voucher && vouchedBy(reason.voucher).length >= VOUCHED_PER_MEMBER)
      throw new RelayError('quota_reached', undefined, { limit: 'vouched_per_member' })
    const note = cleanText(reason.note)
    const message = own.publish(followContent(feed, { ...reason, note }), afterFlush)
    putRow(feed, memberRow(message))
    // whatever door they came in by, nobody need answer their knock
    knocks.removeSync(keyOf(feed))
    // nor use what else was made for them: used up, its holder is told that they are in, and its maker has the place back
    endInvites(invites.live('directed', feed), 'spent')
    afterFlush(tell({ feed, now: 'followed' }))
    return message
  }

  return {
    has,
    get: (feed) => members.get(keyOf(feed)) ?? null,
    page(after, count) {
      // a byte more than a key has: the first that comes after it
      const start = after === null ? Buffer.alloc(0) : Buffer.concat([keyOf(after), Buffer.alloc(1)])
      return [...members.getKeys({ start, limit: count })].map(feedIdOf)
    },
    list: () => [...members.getRange({})].map(({ key, value }) => ({ feed: feedIdOf(key), ...value })),
    count: () => (members.getStats() as { entryCount: number }).entryCount,
    vouchedBy,
    followNow,
    follow: (feed, reason, before) =>
      writer.submit((afterFlush) => followNow(feed, reason, afterFlush), before),

    unfollow: (feed, voucher, before) =>
      writer.submit((afterFlush) => {
        if (voucher) needMember(voucher)
        const row = members.get(keyOf(feed))
        // The same words whether nobody follows it or somebody else vouched: a member learns of no other's vouching.
        const theirs = row?.voucher === voucher && !roles.doesExist(keyOf(feed))
        if (!row || (voucher && !theirs)) throw new RelayError('not_following')
        const message = own.publish({ type: 'contact', contact: feed, following: false }, afterFlush)
        dropRow(feed)
        // What a feed left that its voucher no longer answers for, or that is blocked, must not go on taking others'
        // room. A member that the operator lets go is kept on disk: it may come back.
        if (row.by === 'voucher') letGo(feed, afterFlush)
        afterFlush(tell({ feed, now: 'unfollowed', vouched: row.by === 'voucher' }))
        return message
      }, before),

    block: (feed, said, before) =>
      writer.submit((afterFlush) => {
        const reason = cleanText(said)
        if (feed === own.id) throw new RelayError('not_allowed')
        const held = blocks.get(keyOf(feed))
        if (held) {
          if (reason !== '') blocks.putSync(keyOf(feed), { ...held, reason })
          return false
        }
        const content = { type: 'contact', contact: feed, following: false, blocking: true }
        const { value } = own.publish(content, afterFlush)
        dropRow(feed)
        knocks.removeSync(keyOf(feed))
        blocks.putSync(keyOf(feed), { since: value.timestamp, reason, contact: value.sequence })
        letGo(feed, afterFlush)
        afterFlush(tell({ feed, now: 'blocked' }))
        return true
      }, before),

    unblock: (feed, before) =>
      writer.submit((afterFlush) => {
        if (!isBlocked(feed)) throw new RelayError('not_found', 'not blocked')
        own.publish({ type: 'contact', contact: feed, following: false, blocking: false }, afterFlush)
        blocks.removeSync(keyOf(feed))
        afterFlush(tell({ feed, now: 'unblocked' }))
      }, before),

    isBlocked,
    blocked: () => [...blocks.getRange({})].map(({ key, value }) => ({ feed: feedIdOf(key), ...value })),

    async rebuild(onProgress = () => {}) {
      // first: what follows goes by them
      const marks = await writer.submit(() => indexInvites(tables, now))
      const parts: RebuildParts = {
        tables,
        writer,
        own,
        putRow(feed, row) {
          dropVouch(feed)
          if (row) return putRow(feed, row)
          members.removeSync(keyOf(feed))
          dropStanding(feed)
        },
        tell: (feed, change, afterFlush) => afterFlush(tell({ feed, now: change })),
      }
      const rebuilt = await rebuildIndex(parts, onProgress)
      const { differences } = rebuilt
      return { differences, members: rebuilt.members.size, blocks: rebuilt.blocks.size, marks }
    },

    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    lastSeen: (feed) => seen.get(keyOf(feed)) ?? null,
    async recordSeen(feed) {
      const last = seen.get(keyOf(feed)) ?? 0
      // one that lies ahead is of a clock that was wrong
      const isFresh = last <= now() && now() - last < SEEN_STEP_MS
      if (isFresh || !isClockSet(now())) return
      await writer.submit(() => {
        if (has(feed)) seen.putSync(keyOf(feed), now())
      })
    },
  }
}
