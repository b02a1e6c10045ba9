// SPDX-License-Identifier: AGPL-3.0-or-later
// Members: followed and blocked feeds. The rows index our contact messages and are written with them.

import { isClockSet } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { PEER_FEEDS, SEEN_STEP_MS, VOUCHED_PER_MEMBER } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { type FeedId, feedIdOf, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import { followContent, memberRow } from './contacts.js'
import { createInviteRows, endingNow, indexInvites } from './invite-rows.js'
import { type BlockRecord, type MemberRecord, type Tables, vouchKey } from './layout.js'
import { dropPeer, endSharing } from './peer-rows.js'
import { type OnStoreProgress, type RebuildParts, rebuildIndex } from './rebuild.js'
import type { RelayFeed } from './relay-feed.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

export type FollowReason = Pick<MemberRecord, 'by' | 'voucher' | 'note'>

/** A change that live connections must follow at once; reported after it is on disk. */
export type MemberChange = {
  feed: FeedId
  now: 'followed' | 'unfollowed' | 'blocked' | 'unblocked'
  /** for an unfollow: whether a member had vouched for the feed */
  vouched?: boolean
}

export interface Members {
  has(feed: FeedId): boolean
  /** Whether a feed is a member by itself or through one, not only kept for another relay. */
  isSettled(feed: FeedId): boolean
  get(feed: FeedId): MemberRecord | null
  list(): Array<{ feed: FeedId } & MemberRecord>
  /** Up to `count` members in key order, after a given one. */
  page(after: FeedId | null, count: number): FeedId[]
  count(): number
  /** The feeds a member has vouched for. */
  vouchedBy(voucher: FeedId): FeedId[]
  /**
   * Follows a feed.
   * @throws RelayError `already_following`, `quota_reached` (per voucher), `not_allowed` (a blocked feed, our feed,
   * or a voucher who is not a member)
   */
  follow(feed: FeedId, reason: FollowReason, before?: Precondition): Promise<KeyedMessage>
  /** The same inside a write, for methods that do more in the same transaction. */
  followNow(feed: FeedId, reason: FollowReason, afterFlush: AfterFlush): KeyedMessage
  /**
   * Stops following. With a voucher, only feeds that this member vouched for and that have no role.
   * @throws RelayError `not_following`, `not_allowed` (the voucher is not a member)
   */
  unfollow(feed: FeedId, voucher?: FeedId, before?: Precondition): Promise<KeyedMessage>
  /**
   * Blocks and unfollows a feed; returns whether it was not blocked before. Blocking again only changes the reason,
   * and an empty reason leaves it unchanged.
   */
  block(feed: FeedId, reason: string, before?: Precondition): Promise<boolean>
  /** @throws RelayError `not_found` if it is not blocked */
  unblock(feed: FeedId, before?: Precondition): Promise<void>
  isBlocked(feed: FeedId): boolean
  blocked(): Array<{ feed: FeedId } & BlockRecord>
  /**
   * Rebuilds the tables from our feed, and the indexes of the invites. Returns the ids of all wrong rows, and the
   * number of wrong index rows.
   */
  rebuild(
    onProgress?: OnStoreProgress,
  ): Promise<{ differences: FeedId[]; members: number; blocks: number; marks: number }>
  onChange(listener: (change: MemberChange) => void): () => void
  /** Records that a member was connected; written at most once per `SEEN_STEP_MS`. */
  recordSeen(feed: FeedId): Promise<void>
  /** Unix ms of the last connection, accurate to `SEEN_STEP_MS`; null if never. */
  lastSeen(feed: FeedId): number | null
}

/**
 * @param now     Unix ms
 * @param letGo   inside a write: removes the stored messages of a feed
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
    // roles, aliases and sign-ins end with the membership: a feed that joins again starts without them
    roles.removeSync(keyOf(feed))
    endSharing(tables, feed)
    dropPeer(tables, feed)
    for (const { key, value } of [...aliases.getRange({})]) if (value.owner === feed) aliases.removeSync(key)
    for (const table of [signIns, links])
      for (const { key, value } of [...table.getRange({})]) if (value.feed === feed) table.removeSync(key)
    seen.removeSync(keyOf(feed))
    // Invites that this feed made or that were made for it end too: with one of these it could join again, with a
    // directed one just by connecting.
    endInvites([...invites.open('made', feed), ...invites.open('directed', feed)], 'revoked')
  }

  function endInvites(guests: FeedId[], how: 'revoked' | 'spent'): void {
    for (const guest of guests) {
      const record = invites.get(guest)
      if (record) invites.put(guest, { ...record, [how]: endingNow(record, now()) })
    }
  }

  /** Checked inside the write: the voucher may have been removed while this waited in the queue. */
  function needMember(voucher: FeedId): void {
    if (!has(voucher)) throw new RelayError('not_allowed')
  }

  /** A relay that feeds are kept with vouches for those of its members. */
  function needRoom(voucher: FeedId): void {
    const isPeer = tables.peers.doesExist(keyOf(voucher))
    const vouched = vouchedBy(voucher).length
    if (isPeer && vouched >= PEER_FEEDS)
      throw new RelayError('quota_reached', undefined, { limit: 'peer_feeds' })
    if (!isPeer && vouched >= VOUCHED_PER_MEMBER)
      throw new RelayError('quota_reached', undefined, { limit: 'vouched_per_member' })
  }

  function isSettled(feed: FeedId): boolean {
    const row = members.get(keyOf(feed))
    if (!row?.voucher) return row !== undefined
    // the voucher can also be a relay that was removed
    return has(row.voucher) && !tables.peers.doesExist(keyOf(row.voucher))
  }

  function followNow(feed: FeedId, reason: FollowReason, afterFlush: AfterFlush): KeyedMessage {
    if (reason.voucher) needMember(reason.voucher)
    if (feed === own.id || isBlocked(feed)) throw new RelayError('not_allowed')
    if (has(feed) && (reason.voucher || isSettled(feed))) throw new RelayError('already_following')
    dropVouch(feed)
    if (reason.voucher) needRoom(reason.voucher)
    const note = cleanText(reason.note)
    const message = own.publish(followContent(feed, { ...reason, note }), afterFlush)
    putRow(feed, memberRow(message))
    // a member needs no answer to its knock, in whichever way it joined
    knocks.removeSync(keyOf(feed))
    // other invites for this feed count as used up: their makers' limits get the places back
    endInvites(invites.live('directed', feed), 'spent')
    afterFlush(tell({ feed, now: 'followed' }))
    return message
  }

  return {
    has,
    isSettled,
    get: (feed) => members.get(keyOf(feed)) ?? null,
    page(after, count) {
      // one byte longer than a key: the first position after it
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
        // the same error if the feed is not followed or another member vouched for it, which stays private
        const theirs = row?.voucher === voucher && !roles.doesExist(keyOf(feed))
        if (!row || (voucher && !theirs)) throw new RelayError('not_following')
        const message = own.publish({ type: 'contact', contact: feed, following: false }, afterFlush)
        dropRow(feed)
        // A vouched or blocked feed must not keep using storage. Feeds of other removed members are kept: they may
        // return.
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
      // first, as the later steps use these indexes
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
      // a time in the future is of a wrong clock
      const isFresh = last <= now() && now() - last < SEEN_STEP_MS
      if (isFresh || !isClockSet(now())) return
      await writer.submit(() => {
        if (has(feed)) seen.putSync(keyOf(feed), now())
      })
    },
  }
}
