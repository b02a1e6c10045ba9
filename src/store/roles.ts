// SPDX-License-Identifier: AGPL-3.0-or-later
// Roles of members who moderate or administer. Without a row the role is 'member'.

import { RelayError } from '../lib/errors.js'
import { type FeedId, feedIdOf, keyOf } from '../ssb/feed-id.js'
import type { Tables } from './layout.js'
import type { Precondition, Writer } from './writer.js'

export type Role = 'member' | 'moderator' | 'admin'

/** From the lowest to the highest. */
export const ROLES: readonly Role[] = ['member', 'moderator', 'admin']

export interface Roles {
  /** The role of a member; meaningless for other feeds, which the caller must exclude. */
  of(feed: FeedId): Role
  /** @throws RelayError `not_following` if the feed is not a member */
  set(feed: FeedId, role: Role, before?: Precondition): Promise<void>
  list(): Array<{ feed: FeedId; role: Role }>
  onChange(listener: (feed: FeedId) => void): () => void
}

export function createRoles({ roles, members }: Tables, writer: Writer): Roles {
  const listeners = new Set<(feed: FeedId) => void>()
  return {
    of: (feed) => roles.get(keyOf(feed)) ?? 'member',
    list: () => [...roles.getRange({})].map(({ key, value }) => ({ feed: feedIdOf(key), role: value })),
    set: (feed, role, before) =>
      writer.submit((afterFlush) => {
        if (!members.doesExist(keyOf(feed))) throw new RelayError('not_following')
        if (role === 'member') roles.removeSync(keyOf(feed))
        else roles.putSync(keyOf(feed), role)
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
