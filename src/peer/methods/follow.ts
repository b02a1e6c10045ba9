// SPDX-License-Identifier: AGPL-3.0-or-later
// follow: a member vouches for another feed (co-optation), or withdraws the voucher.

import type { Clock } from '../../lib/clock.js'
import { createDailyQuota } from '../../lib/daily-quota.js'
import { VOUCHES_PER_DAY } from '../../lib/limits.js'
import type { Methods } from '../../muxrpc/registry.js'
import type { Store } from '../../store/store.js'
import type { AccessTable } from '../access.js'
import { asObject, booleanField, feedField } from '../arguments.js'
import type { Connection } from '../connection.js'

/**
 * `follow({feed, following = true})`, or a bare feed id. Returns the relay's contact message.
 * Errors: `already following`, `quota reached`, `not following` (also if another member vouched), `not allowed`.
 */
export function followMethods(
  { inviters }: AccessTable,
  { store, clock }: { store: Store; clock: Clock },
): Methods<Connection> {
  const spendToday = createDailyQuota(VOUCHES_PER_DAY, clock.uptime, 'vouches_per_day')

  async function follow({ id }: Connection, argument: unknown): Promise<unknown> {
    const options = asObject(typeof argument === 'string' ? { feed: argument } : argument)
    const feed = feedField(options, 'feed')
    const following = booleanField(options, 'following', true)
    spendToday(id)
    // the permission for invites: vouching also adds members
    const permitted = store.moderation.permitting(id, 'invite.create')
    return following
      ? store.members.follow(feed, { by: 'voucher', voucher: id, note: '' }, permitted)
      : store.members.unfollow(feed, id, permitted)
  }

  return { follow: { type: 'async', access: inviters, call: follow } }
}
