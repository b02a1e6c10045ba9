// follow: a member vouches for another feed (co-optation), or takes back its word.

import type { Clock } from '../clock.js'
import { RelayError } from '../errors.js'
import { DAY, VOUCHES_PER_DAY } from '../limits.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import { answering, asObject, booleanField, feedField } from './methods.js'

/**
 * The method: `follow({feed, following = true})`, or a bare feed id. Answers the relay's contact message.
 * Errors: `already following`, `quota reached`, `not following` (also for what others vouched for), `not allowed`.
 */
export function createFollow({ store, clock }: { store: Store; clock: Clock }) {
  /** changes made today, by member; forgotten with the day */
  const made = new Map<FeedId, number>()
  let day = 0

  function spend(member: FeedId): void {
    const today = Math.floor(clock.uptime() / DAY)
    if (today !== day) made.clear()
    day = today
    const count = made.get(member) ?? 0
    if (count >= VOUCHES_PER_DAY) throw new RelayError('quota_reached', 'enough for today')
    made.set(member, count + 1)
  }

  return answering(async (session, argument) => {
    const options = asObject(typeof argument === 'string' ? { feed: argument } : argument)
    const feed = feedField(options, 'feed')
    const following = booleanField(options, 'following', true)
    spend(session.id)
    // to vouch is to bring people in, as one does by invites: the same power
    const permitted = store.moderation.permitting(session.id, 'invite.create')
    return following
      ? store.members.follow(feed, { by: 'voucher', voucher: session.id, note: '' }, permitted)
      : store.members.unfollow(feed, session.id, permitted)
  })
}
