// SPDX-License-Identifier: AGPL-3.0-or-later
// Access rules for methods, by caller class and privacy mode (docs/protocol.md, "Who may connect").

import { RelayError } from '../lib/errors.js'
import type { Access as AccessTo } from '../muxrpc/registry.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Members } from '../store/members.js'
import type { PrivacyMode } from '../store/settings.js'
import { type CallerClass, type Connection, isFollowed } from './connection.js'

export type Access = AccessTo<Connection>

/** The access rules that methods use. */
export interface AccessTable {
  everyone: Access
  guests: Access
  /** all except guests; external users can call an address that they know, and read no lists */
  users: Access
  internalUsers: Access
  members: Access
  /** members, except in restricted mode, which has no aliases */
  aliasOwners: Access
  /** members; in restricted mode moderators and admins */
  inviters: Access
}

/** True for internal users: callers with a tunnel address here (Rooms 2, "Internal user"). */
export function isInternal(callerClass: CallerClass, mode: PrivacyMode): boolean {
  return callerClass === 'stranger' ? mode === 'open' : callerClass !== 'guest'
}

/** @param mode read at every call, so that a change takes effect at once */
export function createAccess(mode: () => PrivacyMode): AccessTable {
  const when = (words: string, allows: (callerClass: CallerClass, mode: PrivacyMode) => boolean): Access => ({
    words,
    allows: ({ callerClass }) => allows(callerClass, mode()),
  })
  /** A stranger after a change to restricted mode, until its connection is closed. */
  const isOut = (callerClass: CallerClass, mode: PrivacyMode): boolean =>
    callerClass === 'stranger' && mode === 'restricted'
  return {
    everyone: when('all', (callerClass, mode) => !isOut(callerClass, mode)),
    guests: {
      ...when('guests', (callerClass) => callerClass === 'guest'),
      // The guest key of an unknown invite is a stranger's key. The error names the invite, as clients expect.
      refusal: ({ callerClass }) => (callerClass === 'stranger' ? new RelayError('invite_unknown') : null),
    },
    users: when(
      'all but guests',
      (callerClass, mode) => callerClass !== 'guest' && !isOut(callerClass, mode),
    ),
    internalUsers: when('internal users', isInternal),
    members: when('members', isFollowed),
    aliasOwners: when(
      'members, not in a restricted room',
      (callerClass, mode) => isFollowed(callerClass) && mode !== 'restricted',
    ),
    inviters: when(
      'members (restricted: moderators)',
      (callerClass, mode) => isFollowed(callerClass) && (mode !== 'restricted' || callerClass !== 'member'),
    ),
  }
}

/**
 * Creates the check whether members may read a feed, by any method: ours and those of members. A private feed and an
 * unknown one look the same.
 */
export function createFeedAccess(own: FeedId, members: Pick<Members, 'has'>): (feed: FeedId) => boolean {
  return (feed) => feed === own || members.has(feed)
}
