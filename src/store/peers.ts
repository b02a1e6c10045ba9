// SPDX-License-Identifier: AGPL-3.0-or-later
// Other relays that this one keeps feeds with, and the feeds offered to each.

import { createDailyQuota } from '../lib/daily-quota.js'
import { RelayError } from '../lib/errors.js'
import { PEERS, SHARE_CHANGES_PER_DAY } from '../lib/limits.js'
import { type FeedId, feedIdOf, KEY_BYTES, keyOf } from '../ssb/feed-id.js'
import { type PeerFeeds, type PeerRecord, type Tables, vouchKey } from './layout.js'
import type { Members } from './members.js'
import { endSharing, offersOf, withdrawAll } from './peer-rows.js'
import type { Precondition, Writer } from './writer.js'

export interface Peers {
  has(peer: FeedId): boolean
  get(peer: FeedId): PeerRecord | null
  list(): Array<{ peer: FeedId } & PeerRecord>
  /**
   * Adds a relay, or changes how it is called and whose feeds are kept. The relay follows it, if it does not yet.
   * @throws RelayError `quota_reached`, `not_allowed` (blocked, or this relay itself)
   */
  put(peer: FeedId, record: Omit<PeerRecord, 'since'>, before?: Precondition): Promise<void>
  /** Whether this relay takes feeds of the other one's members. */
  givesTheirs(peer: FeedId): boolean
  /** Whether the other relay may read a feed: it was offered to it, or it vouches for the feed here. */
  mayRead(peer: FeedId, feed: FeedId): boolean
  /** Whether a feed is offered to another relay; false if it is to be withdrawn there, null if neither. */
  offerOf(peer: FeedId, feed: FeedId): boolean | null
  /** Feeds offered to another relay, or with `false`, those to be withdrawn there. */
  offered(peer: FeedId, standing?: boolean): FeedId[]
  /** Notes that feeds are offered, so that the other relay may read them. */
  offer(peer: FeedId, feeds: readonly FeedId[]): Promise<void>
  /** Forgets offers that the other relay refused, or that are withdrawn there. */
  forget(peer: FeedId, feeds: readonly FeedId[]): Promise<void>
  onChange(listener: (peer: FeedId) => void): () => void
}

/** Whether members let other relays keep their feeds. */
export interface Sharing {
  has(feed: FeedId): boolean
  /** Up to `count` members who do, in key order, after a given one. */
  page(after: FeedId | null, count: number): FeedId[]
  /** @throws RelayError `not_following` if the feed is not a member, `quota_reached` */
  set(feed: FeedId, on: boolean, before?: Precondition): Promise<void>
  onChange(listener: (feed: FeedId) => void): () => void
}

/** @param now Unix ms */
export function createPeers(tables: Tables, writer: Writer, members: Members, now: () => number): Peers {
  const { peers, offers } = tables
  const listeners = new Set<(peer: FeedId) => void>()
  const get = (peer: FeedId): PeerRecord | null => peers.get(keyOf(peer)) ?? null
  const isFor = (peer: FeedId, feeds: PeerFeeds): boolean => {
    const chosen = get(peer)?.feeds
    return chosen === feeds || chosen === 'both'
  }

  return {
    has: (peer) => peers.doesExist(keyOf(peer)),
    get,
    list: () => [...peers.getRange({})].map(({ key, value }) => ({ peer: feedIdOf(key), ...value })),
    put: (peer, { address, feeds }, before) =>
      writer.submit((afterFlush) => {
        const held = get(peer)
        if (!held && (peers.getStats() as { entryCount: number }).entryCount >= PEERS)
          throw new RelayError('quota_reached', `at most ${PEERS} relays`, { limit: 'peers' })
        if (!members.has(peer))
          members.followNow(peer, { by: 'operator', voucher: null, note: PEER_NOTE }, afterFlush)
        peers.putSync(keyOf(peer), { address, feeds, since: held?.since ?? now() })
        if (feeds === 'theirs') withdrawAll(tables, peer)
        afterFlush(() => {
          for (const listener of listeners) listener(peer)
        })
      }, before),
    givesTheirs: (peer) => isFor(peer, 'theirs'),
    mayRead: (peer, feed) =>
      offers.get(vouchKey(keyOf(peer), keyOf(feed))) === true || members.get(feed)?.voucher === peer,
    offerOf: (peer, feed) => offers.get(vouchKey(keyOf(peer), keyOf(feed))) ?? null,
    offered: (peer, standing = true) =>
      offersOf(tables, peer)
        .filter(({ value }) => value === standing)
        .map(({ key }) => feedIdOf(key.subarray(KEY_BYTES))),
    offer: (peer, feeds) =>
      writer.submit(() => {
        // checked inside the write: the relay or the member may have been removed in the meantime
        if (!isFor(peer, 'ours')) return
        for (const feed of feeds)
          if (tables.shared.doesExist(keyOf(feed))) offers.putSync(vouchKey(keyOf(peer), keyOf(feed)), true)
      }),
    forget: (peer, feeds) =>
      writer.submit(() => {
        for (const feed of feeds) offers.removeSync(vouchKey(keyOf(peer), keyOf(feed)))
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Note of the contact message, published like that of any member. */
const PEER_NOTE = 'relay'

/** @param uptime milliseconds */
export function createSharing(tables: Tables, writer: Writer, uptime: () => number): Sharing {
  const spendToday = createDailyQuota(SHARE_CHANGES_PER_DAY, uptime, 'share_changes_per_day')
  const { shared, members } = tables
  const listeners = new Set<(feed: FeedId) => void>()
  return {
    has: (feed) => shared.doesExist(keyOf(feed)),
    page(after, count) {
      // one byte longer than a key: the first position after it
      const start = after === null ? Buffer.alloc(0) : Buffer.concat([keyOf(after), Buffer.alloc(1)])
      return [...shared.getKeys({ start, limit: count })].map((key) => feedIdOf(key))
    },
    set: (feed, on, before) =>
      writer.submit((afterFlush) => {
        if (!members.doesExist(keyOf(feed))) throw new RelayError('not_following')
        if (shared.doesExist(keyOf(feed)) === on) return
        // each change is published by the other relays
        spendToday(feed)
        if (on) shared.putSync(keyOf(feed), true)
        else endSharing(tables, feed)
        afterFlush(() => {
          for (const listener of listeners) listener(feed)
        })
      }, before),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
