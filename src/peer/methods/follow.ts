// SPDX-License-Identifier: AGPL-3.0-or-later
// follow: a member vouches for another feed (co-optation), or withdraws the voucher.

import type { Clock } from '../../lib/clock.js'
import { createDailyQuota } from '../../lib/daily-quota.js'
import { RelayError } from '../../lib/errors.js'
import { PEER_VOUCHES_PER_DAY, VOUCHES_PER_DAY } from '../../lib/limits.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { AccessTable } from '../access.js'
import { asObject, booleanField, feedField } from '../arguments.js'
import type { Connection } from '../connection.js'

/** Notified of feeds that another relay offers, so that they are requested from it. */
export interface OfferListener {
  offered(caller: Connection, feed: FeedId): void
}

/**
 * `follow({feed, following = true})`, or a bare feed id. Returns the relay's contact message.
 * Errors: `already following`, `quota reached`, `not following` (also if another member vouched), `not allowed`.
 */
export function followMethods(
  { vouchers }: AccessTable,
  { store, clock, backlog }: { store: Store; clock: Clock; backlog: OfferListener },
): Methods<Connection> {
  const { members, peers, moderation } = store
  const spendToday = createDailyQuota(VOUCHES_PER_DAY, clock.uptime, 'vouches_per_day')

  const spendPeersToday = createDailyQuota(PEER_VOUCHES_PER_DAY, clock.uptime, 'peer_vouches_per_day')

  /** Another relay offers the feeds of its members again at each connection. */
  async function followForPeer(caller: Connection, feed: FeedId, following: boolean): Promise<unknown> {
    const { id } = caller
    // what it had vouched for can always be let go, except for a feed that uses this relay itself
    if (!following) {
      if (members.lastSeen(feed) !== null) throw new RelayError('not_following')
      return members.unfollow(feed, id)
    }
    const permitted = (): void => {
      if (!peers.givesTheirs(id)) throw new RelayError('not_allowed')
    }
    permitted()
    if (members.has(feed)) {
      backlog.offered(caller, feed)
      throw new RelayError('already_following')
    }
    spendPeersToday(id)
    return members.follow(feed, { by: 'voucher', voucher: id, note: '' }, permitted)
  }

  async function follow(caller: Connection, argument: unknown): Promise<unknown> {
    const options = asObject(typeof argument === 'string' ? { feed: argument } : argument)
    const feed = feedField(options, 'feed')
    const following = booleanField(options, 'following', true)
    const { id } = caller
    if (caller.callerClass === 'peer') return followForPeer(caller, feed, following)
    spendToday(id)
    // the permission for invites: vouching also adds members
    const permitted = moderation.permitting(id, 'invite.create')
    return following
      ? members.follow(feed, { by: 'voucher', voucher: id, note: '' }, permitted)
      : members.unfollow(feed, id, permitted)
  }

  return { follow: { type: 'async', access: vouchers, call: follow } }
}
