// SPDX-License-Identifier: AGPL-3.0-or-later
// Knocks: requests to join, each with a note, until a member answers or the knock expires.

import { requireClock } from '../lib/clock.js'
import { RelayError } from '../lib/errors.js'
import { KNOCKS_KEPT, NOTE_CHARS } from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { type FeedId, feedIdOf, keyOf } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import type { Invites } from './invites.js'
import type { KnockRecord, Tables } from './layout.js'
import type { Members } from './members.js'
import { createProvisionalLives, type ProvisionalLives, trusting } from './provisional.js'
import type { Precondition, Writer } from './writer.js'

export interface Knock extends KnockRecord {
  feed: FeedId
}

export interface Knocks {
  /**
   * Stores a knock, or renews a waiting one. A feed with a live directed invite joins at once.
   * A blocked feed gets 'waiting' like any other, so that it does not learn of the block.
   * @throws RelayError `already_following`, `bad_argument`, `busy` if too many knocks wait
   */
  leave(feed: FeedId, note: string, expires: number): Promise<'waiting' | 'joined'>
  /** Waiting knocks, oldest first. */
  list(): Knock[]
  /** Accepts a knock: the relay follows the feed. @throws RelayError `not_found` */
  accept(feed: FeedId, before?: Precondition): Promise<KeyedMessage>
  /** @throws RelayError `not_found` */
  decline(feed: FeedId, before?: Precondition): Promise<void>
  /**
   * Corrects the expiry of knocks that were left while the clock was not trusted. Call it once the clock is trusted.
   */
  settle(): Promise<void>
  /** Removes expired knocks; returns their number. */
  sweep(): Promise<number>
}

/** @param now Unix ms */
export function createKnocks(
  { knocks }: Tables,
  writer: Writer,
  members: Members,
  invites: Invites,
  now: () => number,
  lives: ProvisionalLives = createProvisionalLives(trusting(now)),
): Knocks {
  const waiting = (feed: FeedId, record: KnockRecord | undefined): record is KnockRecord =>
    record !== undefined && !lives.hasExpired(feed, record.expires)

  function take(feed: FeedId): KnockRecord {
    const record = knocks.get(keyOf(feed))
    if (!waiting(feed, record)) throw new RelayError('not_found', 'no knock of that id is waiting')
    knocks.removeSync(keyOf(feed))
    return record
  }

  return {
    leave: (feed, said, expires) =>
      writer.submit((afterFlush) => {
        const note = cleanText(said)
        if (note.length > NOTE_CHARS)
          throw new RelayError('bad_argument', `note must have at most ${NOTE_CHARS} characters`)
        if (members.has(feed)) throw new RelayError('already_following')
        if (members.isBlocked(feed)) return 'waiting'
        if (invites.useDirectedNow(feed, afterFlush)) {
          knocks.removeSync(keyOf(feed))
          return 'joined'
        }
        requireClock(now())
        const held = knocks.get(keyOf(feed))
        if (!held && (knocks.getStats() as { entryCount: number }).entryCount >= KNOCKS_KEPT)
          throw new RelayError('busy', undefined, { limit: 'knocks' })
        knocks.putSync(keyOf(feed), { note, since: waiting(feed, held) ? held.since : now(), expires })
        lives.begin(feed, expires)
        return 'waiting'
      }),

    list: () =>
      [...knocks.getRange({})]
        .filter(({ key, value }) => waiting(feedIdOf(key), value))
        .map(({ key, value }) => ({ feed: feedIdOf(key), ...value }))
        .sort((a, b) => a.since - b.since),

    accept: (feed, before) =>
      writer.submit((afterFlush) => {
        const { note } = take(feed)
        return members.followNow(feed, { by: 'knock', voucher: null, note }, afterFlush)
      }, before),

    decline: (feed, before) => writer.submit(() => void take(feed), before),

    settle: () =>
      writer.submit(() => {
        for (const { id, expires } of lives.settle()) {
          const record = knocks.get(keyOf(id))
          if (record) knocks.putSync(keyOf(id), { ...record, expires })
        }
      }),

    sweep: () =>
      writer.submit(() => {
        const dead = [...knocks.getRange({})]
          .filter(({ value }) => value.expires <= now())
          .map(({ key }) => key)
        for (const key of dead) knocks.removeSync(key)
        return dead.length
      }),
  }
}
