// follow: a member vouches for another feed (co-optation), or takes back its word.

import type { Clock } from '../../lib/clock.js'
import { createDailyQuota } from '../../lib/daily-quota.js'
import { VOUCHES_PER_DAY } from '../../lib/limits.js'
import type { Store } from '../../store/store.js'
import { answering, asObject, booleanField, feedField } from '../arguments.js'

/**
 * The method: `follow({feed, following = true})`, or a bare feed id. Answers the relay's contact message.
 * Errors: `already following`, `quota reached`, `not following` (also for what others vouched for), `not allowed`.
 */
export function createFollow({ store, clock }: { store: Store; clock: Clock }) {
  const spendToday = createDailyQuota(VOUCHES_PER_DAY, clock.uptime)

  return answering(async (session, argument) => {
    const options = asObject(typeof argument === 'string' ? { feed: argument } : argument)
    const feed = feedField(options, 'feed')
    const following = booleanField(options, 'following', true)
    spendToday(session.id)
    // to vouch is to bring people in, as one does by invites: the same power
    const permitted = store.moderation.permitting(session.id, 'invite.create')
    return following
      ? store.members.follow(feed, { by: 'voucher', voucher: session.id, note: '' }, permitted)
      : store.members.unfollow(feed, session.id, permitted)
  })
}
