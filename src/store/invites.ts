// Invites: made with a seed we hand out and forget, used exactly once per use in the transaction of the follow.

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
  /** how many feeds may come in by it; 1 unless said otherwise */
  uses?: number
  note?: string
  /** Unix ms */
  expires: number
  /** who asked: a member's id, `operator` or `captcha` */
  by: string
  /** a directed invite: only this feed may use it, by the code or just by connecting */
  for?: FeedId
}

export interface Invites {
  /**
   * Makes an invite; the seed is returned once and not kept.
   * @throws RelayError `bad_argument`, `quota_reached` (a maker's, of the day or open, one feed's, or everybody's),
   * `not_allowed` for a maker who is no member (any more), `already_following` where it is for a member
   */
  create(options: NewInvite, before?: Precondition): Promise<{ invite: Invite; seed: Buffer }>
  /** What is known of a guest key, dead invites included; null when it is no guest of ours. */
  get(guest: FeedId): Invite | null
  /**
   * Uses an invite: one transaction consumes it, signs the follow and indexes the member.
   * @throws RelayError `invite_unknown`, `invite_used_up`, `invite_expired`, `already_following`, `quota_reached` where
   * enough have come in today by invites of its maker
   */
  use(guest: FeedId, feed: FeedId): Promise<KeyedMessage>
  /**
   * The same by the invite's link, where whoever is a member already is let in again: 'member', and nothing is consumed.
   * @throws RelayError `invite_unknown`, `invite_used_up`, `invite_expired`, `quota_reached`
   */
  claim(guest: FeedId, feed: FeedId): Promise<'joined' | 'member'>
  /** Uses the directed invite that stands for a feed, if one does: answers the follow, or null. */
  useDirected(feed: FeedId): Promise<KeyedMessage | null>
  /** The same inside a write. */
  useDirectedNow(feed: FeedId, afterFlush: AfterFlush): KeyedMessage | null
  /** True while a directed invite stands for a feed. */
  awaits(feed: FeedId): boolean
  /** Takes a live one back. @throws RelayError `invite_unknown` (also for one taken back before), `invite_used_up`, `invite_expired` */
  revoke(guest: FeedId, before?: Precondition): Promise<Invite>
  /** All of them, or those that one member made. */
  list(by?: FeedId): Invite[]
  /** Makers whose invites let nobody in until tomorrow, as enough have come in by them today. */
  limited(): JoinLimit[]
  /** Writes when what was made while the clock was not trusted really ends: called once it is. */
  settle(): Promise<void>
  /** Forgets invites that have been dead for `DEAD_INVITE_DAYS`; answers how many. */
  sweep(): Promise<number>
}

/**
 * @param own our own id: no invite lets the relay follow itself
 * @param now            Unix ms
 * @param lives          of those made while the clock is not trusted
 * @param onJoinsLimited told of a join that was refused as enough have come in by that maker's invites today
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
    // those for one feed, and the web's, are one use each, and bounded where they are made
    const counted = record.for === undefined && record.by !== 'captcha'
    if (counted) joins.check(record.by)
    const used = record.used + 1
    rows.put(guest, { ...record, used, spent: used < record.uses ? null : endingNow(record, now()) })
    const followed = members.followNow(feed, { by: 'invite', voucher: null, note: record.note }, afterFlush)
    if (counted) joins.count(record.by)
    return followed
  }

  /** @throws RelayError the words for what became of a dead one */
  function needLive(id: FeedId, record: InviteRecord): void {
    const state = stateOf(id, record)
    if (state === 'revoked') throw new RelayError('invite_unknown')
    if (state === 'used up') throw new RelayError('invite_used_up')
    if (state === 'expired') throw new RelayError('invite_expired')
  }

  function useNow(guest: FeedId, feed: FeedId, afterFlush: AfterFlush): KeyedMessage {
    const record = rows.get(guest)
    if (!record || record.revoked !== null) throw new RelayError('invite_unknown')
    // Asked before anything is consumed: a client that lost our answer and tries again learns it is in.
    if (members.has(feed)) throw new RelayError('already_following')
    needLive(guest, record)
    // A blocked feed learns nothing of its block: the words are those of a code that does not exist.
    if (members.isBlocked(feed) || feed === own || feed === guest) throw new RelayError('invite_unknown')
    // Meant for somebody else: whoever found the code is told that there is none.
    if (record.for && record.for !== feed) throw new RelayError('invite_unknown')
    return consume(guest, record, feed, afterFlush)
  }

  /** Of the invites that stand for a feed the one that is the first to expire: it is asked for in every handshake. */
  const standing = (feed: FeedId): FeedId | undefined => rows.live('directed', feed, 1)[0]

  function useDirectedNow(feed: FeedId, afterFlush: AfterFlush): KeyedMessage | null {
    const guest = standing(feed)
    const record = guest && rows.get(guest)
    if (!record || members.has(feed) || members.isBlocked(feed)) return null
    return consume(guest, record, feed, afterFlush)
  }

  /** Refuses one maker's flood, and lets the first dead invite go when the table is full. */
  function makeRoom(by: string): void {
    if (isFeedId(by)) {
      // asked here and not only before the queue: nobody leaves a way in who was shut out while waiting in it
      if (!members.has(by)) throw new RelayError('not_allowed')
      if (rows.countLive('made', by) >= INVITES_PER_MEMBER)
        throw new RelayError('quota_reached', 'too many invites of yours are still open', {
          limit: 'invites_per_member',
        })
      const dead = rows.dead('made', by)
      for (const guest of dead.slice(0, Math.max(0, dead.length - DEAD_INVITES_PER_MEMBER)))
        rows.remove(guest)
    }
    if ((invites.getStats() as { entryCount: number }).entryCount < INVITES_KEPT) return
    const [first] = rows.dead('ends', undefined, 1)
    if (!first) throw new RelayError('quota_reached', 'too many invites outstanding', { limit: 'invites' })
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
        throw new RelayError('bad_argument', `uses is a whole number from 1 to ${INVITE_USES}`)
      }
      if (note.length > NOTE_CHARS)
        throw new RelayError('bad_argument', `note is at most ${NOTE_CHARS} characters`)
      if (!Number.isSafeInteger(expires) || expires <= now() || expires > now() + INVITE_DAYS * DAY)
        throw new RelayError('bad_argument', `an invite is good for at most ${INVITE_DAYS} days`)
      // before the queue, so that who asks without end keeps nobody waiting
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
        // it would wait until they are let go, and then undo that
        if (record.for && members.has(record.for)) throw new RelayError('already_following')
        if (record.for && rows.countLive('directed', record.for) >= DIRECTED_PER_FEED)
          throw new RelayError('quota_reached', 'too many invites stand for that feed', {
            limit: 'directed_per_feed',
          })
        rows.put(guest, record)
        lives.begin(guest, expires)
        if (!record.for) return
        // Who has knocked has said that they want in: the invitation is accepted on their behalf (the join workflow).
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
          // thrown before anything was written
          if (thrown instanceof RelayError && thrown.code === 'already_following') return 'member'
          throw thrown
        }
      }),

    revoke: (guest, before) =>
      writer.submit(() => {
        const record = rows.get(guest)
        if (!record) throw new RelayError('invite_unknown')
        // what is dead already is no action, and nothing to note
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
