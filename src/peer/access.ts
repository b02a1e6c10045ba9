// SPDX-License-Identifier: AGPL-3.0-or-later
// Access rules for methods, by caller class and privacy mode (docs/protocol.md, "Who may connect").

import { RelayError } from '../lib/errors.js'
import type { Access as AccessTo } from '../muxrpc/registry.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { PrivacyMode } from '../store/settings.js'
import type { Store } from '../store/store.js'
import { type CallerClass, type Connection, isFollowed, isMember } from './connection.js'

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
  /** members, and other relays that feeds are kept with */
  readers: Access
  /** inviters, and other relays that feeds are kept with */
  vouchers: Access
}

/** True for internal users: callers with a tunnel address here (Rooms 2, "Internal user"). */
export function isInternal(callerClass: CallerClass, mode: PrivacyMode): boolean {
  return callerClass === 'stranger' ? mode === 'open' : isMember(callerClass)
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
  const isInviter = (callerClass: CallerClass, mode: PrivacyMode): boolean =>
    isMember(callerClass) && (mode !== 'restricted' || callerClass !== 'member')
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
    members: when('members', isMember),
    readers: when('members and relays', isFollowed),
    aliasOwners: when(
      'members, not in a restricted room',
      (callerClass, mode) => isMember(callerClass) && mode !== 'restricted',
    ),
    inviters: when('members (restricted: moderators)', isInviter),
    vouchers: when(
      'members, in a restricted room moderators, and relays',
      (callerClass, mode) => callerClass === 'peer' || isInviter(callerClass, mode),
    ),
  }
}

/**
 * Creates the check whether a caller may read a feed, by any method: members read ours and those of members, another
 * relay reads ours and those that it was offered or vouches for. A private feed and an unknown one look the same.
 */
export function createFeedAccess(
  own: FeedId,
  { members, peers }: Pick<Store, 'members' | 'peers'>,
): (caller: Pick<Connection, 'id' | 'callerClass'>, feed: FeedId) => boolean {
  return ({ id, callerClass }, feed) =>
    feed === own || (members.has(feed) && (callerClass !== 'peer' || peers.mayRead(id, feed)))
}
