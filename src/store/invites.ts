// SPDX-License-Identifier: AGPL-3.0-or-later
// Invites: created with a seed that is not stored. A use is counted in the transaction of its follow.

import { randomBytes } from 'node:crypto'
import { requireClock } from '../lib/clock.js'
import { createDailyQuota } from '../lib/daily-quota.js'
import { RelayError } from '../lib/errors.js'
import {
  DAY,
  DEAD_INVITE_DAYS,
  DEAD_INVITES_PER_MEMBER,
  DIRECTED_PER_FEED,
  INVITE_DAYS,
  INVITE_USES,
  INVITES_KEPT,
  INVITES_PER_DAY,
  INVITES_PER_MEMBER,
  NOTE_CHARS,
} from '../lib/limits.js'
import { cleanText } from '../lib/text.js'
import { type FeedId, feedIdOf, isFeedId, keyOf } from '../ssb/feed-id.js'
import { guestKeyOf, SEED_BYTES } from '../ssb/invite-code.js'
import type { KeyedMessage } from '../ssb/message.js'
import { createInviteRows, endingNow } from './invite-rows.js'
import { createJoinQuota, type JoinLimit } from './join-quota.js'
import type { InviteRecord, Tables } from './layout.js'
import type { Members } from './members.js'
import { createProvisionalLives, type ProvisionalLives, trusting } from './provisional.js'
import type { AfterFlush, Precondition, Writer } from './writer.js'

export type InviteState = 'live' | 'used up' | 'expired' | 'revoked'

export interface Invite extends InviteRecord {
  /** the guest key as a feed id */
  id: FeedId
  state: InviteState
}

export interface NewInvite {
  /** how many feeds may use it; default 1 */
  uses?: number
  note?: string
  /** Unix ms */
  expires: number
  /** the maker: a member's id, `operator` or `captcha` */
  by: string
  /** directed invite: only this feed may use it, with the code or by connecting */
  for?: FeedId
}

export interface Invites {
  /**
   * Creates an invite. The seed is returned once and not stored.
   * @throws RelayError `bad_argument`, `quota_reached` (per maker and day, open per maker, per feed, or in total),
   * `not_allowed` if the maker is not a member, `already_following` if the directed feed is a member
   */
  create(options: NewInvite, before?: Precondition): Promise<{ invite: Invite; seed: Buffer }>
  /** The invite of a guest key, dead ones included; null if unknown. */
  get(guest: FeedId): Invite | null
  /**
   * Uses an invite: one transaction counts the use, signs the follow and indexes the member.
   * @throws RelayError `invite_unknown`, `invite_used_up`, `invite_expired`, `already_following`, `quota_reached` if
   * the maker's daily limit of joins is reached
   */
  use(guest: FeedId, feed: FeedId): Promise<KeyedMessage>
  /**
   * Uses an invite by its link. For a member it returns 'member' and counts no use.
   * @throws RelayError `invite_unknown`, `invite_used_up`, `invite_expired`, `quota_reached`
   */
  claim(guest: FeedId, feed: FeedId): Promise<'joined' | 'member'>
  /** Uses the live directed invite of a feed; returns the follow message, or null without one. */
  useDirected(feed: FeedId): Promise<KeyedMessage | null>
  /** The same inside a write. */
  useDirectedNow(feed: FeedId, afterFlush: AfterFlush): KeyedMessage | null
  /** Whether a live directed invite exists for a feed. */
  awaits(feed: FeedId): boolean
  /**
   * Revokes a live invite. @throws RelayError `invite_unknown` (also if revoked already), `invite_used_up`,
   * `invite_expired`
   */
  revoke(guest: FeedId, before?: Precondition): Promise<Invite>
  /** All invites, or those of one maker. */
  list(by?: FeedId): Invite[]
  /** Makers whose daily limit of joins is reached. */
  limited(): JoinLimit[]
  /**
   * Corrects the expiry of invites that were created while the clock was not trusted. Call it once the clock is
   * trusted.
   */
  settle(): Promise<void>
  /** Removes invites that have been dead for `DEAD_INVITE_DAYS`; returns their number. */
  sweep(): Promise<number>
}

/**
 * @param own            our id: an invite must not make the relay follow itself
 * @param now            Unix ms
 * @param lives          lifetimes of invites created while the clock is not trusted
 * @param onJoinsLimited called for each join that the maker's daily limit rejects
 */
export function createInvites(
  tables: Tables,
  writer: Writer,
  members: Members,
  own: FeedId,
  now: () => number,
  onJoinsLimited: (limit: JoinLimit) => void = () => {},
  lives: ProvisionalLives = createProvisionalLives(trusting(now)),
): Invites {
  const { invites, knocks } = tables
  const rows = createInviteRows(tables, now)
  const joins = createJoinQuota(now, onJoinsLimited)
  const spendToday = createDailyQuota(INVITES_PER_DAY, now, 'invites_per_day')

  function stateOf(id: FeedId, { revoked, spent, expires }: InviteRecord): InviteState {
    if (revoked !== null) return 'revoked'
    if (spent !== null) return 'used up'
    return lives.hasExpired(id, expires) ? 'expired' : 'live'
  }
  const view = (id: FeedId, record: InviteRecord): Invite => ({ id, ...record, state: stateOf(id, record) })

  function get(guest: FeedId): Invite | null {
    const record = rows.get(guest)
    return record ? view(guest, record) : null
  }

  function consume(guest: FeedId, record: InviteRecord, feed: FeedId, afterFlush: AfterFlush): KeyedMessage {
    // directed and captcha invites have one use each and are limited when they are created
    const counted = record.for === undefined && record.by !== 'captcha'
    if (counted) joins.check(record.by)
    const used = record.used + 1
    rows.put(guest, { ...record, used, spent: used < record.uses ? null : endingNow(record, now()) })
    const followed = members.followNow(feed, { by: 'invite', voucher: null, note: record.note }, afterFlush)
    if (counted) joins.count(record.by)
    return followed
  }

  /** @throws RelayError with the code for a dead invite */
  function needLive(id: FeedId, record: InviteRecord): void {
    const state = stateOf(id, record)
    if (state === 'revoked') throw new RelayError('invite_unknown')
    if (state === 'used up') throw new RelayError('invite_used_up')
    if (state === 'expired') throw new RelayError('invite_expired')
  }

  function useNow(guest: FeedId, feed: FeedId, afterFlush: AfterFlush): KeyedMessage {
    const record = rows.get(guest)
    if (!record || record.revoked !== null) throw new RelayError('invite_unknown')
    // checked before a use is counted: a client that retries after a lost reply learns that it is a member
    if (members.isSettled(feed)) throw new RelayError('already_following')
    needLive(guest, record)
    // a blocked feed gets the error of an unknown code, so that it does not learn of the block
    if (members.isBlocked(feed) || feed === own || feed === guest) throw new RelayError('invite_unknown')
    // another feed that found the code gets the error of an unknown code
    if (record.for && record.for !== feed) throw new RelayError('invite_unknown')
    return consume(guest, record, feed, afterFlush)
  }

  /** The directed invite of a feed that expires first. Called in each handshake. */
  const standing = (feed: FeedId): FeedId | undefined => rows.live('directed', feed, 1)[0]

  function useDirectedNow(feed: FeedId, afterFlush: AfterFlush): KeyedMessage | null {
    const guest = standing(feed)
    const record = guest && rows.get(guest)
    if (!record || members.isSettled(feed) || members.isBlocked(feed)) return null
    return consume(guest, record, feed, afterFlush)
  }

  /** Checks the maker's limit, and removes the dead invite that ended first if the table is full. */
  function makeRoom(by: string): void {
    if (isFeedId(by)) {
      // checked inside the write: the maker may have been removed while this waited in the queue
      if (!members.has(by)) throw new RelayError('not_allowed')
      if (rows.countLive('made', by) >= INVITES_PER_MEMBER)
        throw new RelayError('quota_reached', 'you have too many open invites', {
          limit: 'invites_per_member',
        })
      const dead = rows.dead('made', by)
      for (const guest of dead.slice(0, Math.max(0, dead.length - DEAD_INVITES_PER_MEMBER)))
        rows.remove(guest)
    }
    if ((invites.getStats() as { entryCount: number }).entryCount < INVITES_KEPT) return
    const [first] = rows.dead('ends', undefined, 1)
    if (!first)
      throw new RelayError('quota_reached', 'the relay has too many open invites', { limit: 'invites' })
    rows.remove(first)
  }

  return {
    get,
    awaits: (feed) => standing(feed) !== undefined,
    limited: joins.reached,
    useDirectedNow,
    useDirected: (feed) => writer.submit((afterFlush) => useDirectedNow(feed, afterFlush)),

    async create({ uses = 1, note: said = '', expires, by, ...more }, before) {
      requireClock(now())
      const note = cleanText(said)
      if (!Number.isSafeInteger(uses) || uses < 1 || uses > INVITE_USES) {
        throw new RelayError('bad_argument', `uses must be a whole number from 1 to ${INVITE_USES}`)
      }
      if (note.length > NOTE_CHARS)
        throw new RelayError('bad_argument', `note must have at most ${NOTE_CHARS} characters`)
      if (!Number.isSafeInteger(expires) || expires <= now() || expires > now() + INVITE_DAYS * DAY)
        throw new RelayError('bad_argument', `an invite is valid for at most ${INVITE_DAYS} days`)
      // before the queue, so that a flood of requests delays no other writes
      if (isFeedId(by)) spendToday(by)
      const seed = randomBytes(SEED_BYTES)
      const guest = feedIdOf(guestKeyOf(seed))
      const record: InviteRecord = {
        uses,
        used: 0,
        note,
        created: now(),
        expires,
        revoked: null,
        spent: null,
        by,
        ...more,
      }
      await writer.submit((afterFlush) => {
        makeRoom(by)
        // the invite would stay until the member is removed, and then let it in again
        if (record.for && members.has(record.for)) throw new RelayError('already_following')
        if (record.for && rows.countLive('directed', record.for) >= DIRECTED_PER_FEED)
          throw new RelayError('quota_reached', 'that feed has too many open invites', {
            limit: 'directed_per_feed',
          })
        rows.put(guest, record)
        lives.begin(guest, expires)
        if (!record.for) return
        // A knock asks to join, so the invite is accepted for that feed at once (the join workflow).
        const knock = knocks.get(keyOf(record.for))
        if (knock && knock.expires > now()) useDirectedNow(record.for, afterFlush)
      }, before)
      return { invite: get(guest) ?? view(guest, record), seed }
    },

    use: (guest, feed) => writer.submit((afterFlush) => useNow(guest, feed, afterFlush)),

    claim: (guest, feed) =>
      writer.submit((afterFlush) => {
        try {
          useNow(guest, feed, afterFlush)
          return 'joined'
        } catch (thrown) {
          // thrown before any write
          if (thrown instanceof RelayError && thrown.code === 'already_following') return 'member'
          throw thrown
        }
      }),

    revoke: (guest, before) =>
      writer.submit(() => {
        const record = rows.get(guest)
        if (!record) throw new RelayError('invite_unknown')
        // a dead invite is an error, so that no audit entry is written
        needLive(guest, record)
        const revoked = { ...record, revoked: endingNow(record, now()) }
        rows.put(guest, revoked)
        return view(guest, revoked)
      }, before),

    list: (by) =>
      by === undefined
        ? [...invites.getRange({})].map(({ key, value }) => view(feedIdOf(key), value))
        : rows.all('made', by).flatMap((guest) => get(guest) ?? []),

    settle: () =>
      writer.submit(() => {
        for (const { id, expires } of lives.settle()) {
          const record = rows.get(id)
          if (record && stateOf(id, record) !== 'revoked') rows.put(id, { ...record, expires })
        }
      }),

    sweep: () =>
      writer.submit(() => {
        const dead = rows.endedBefore(now() - DEAD_INVITE_DAYS * DAY)
        for (const guest of dead) rows.remove(guest)
        return dead.length
      }),
  }
}
