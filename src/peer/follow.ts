// follow: a member vouches for another feed (co-optation), or takes back its word.

import type { Store } from '../store/store.js'
import { answering, asObject, booleanField, feedField } from './methods.js'

/**
 * The method: `follow({feed, following = true})`, or a bare feed id. Answers the relay's contact message.
 * Errors: `already following`, `quota reached`, `not following` (also for what others vouched for), `not allowed`.
 */
export function createFollow(store: Store) {
  return answering(async (session, argument) => {
    const options = asObject(typeof argument === 'string' ? { feed: argument } : argument)
    const feed = feedField(options, 'feed')
    return booleanField(options, 'following', true)
      ? store.members.follow(feed, { by: 'voucher', voucher: session.id, note: '' })
      : store.members.unfollow(feed, session.id)
  })
}
