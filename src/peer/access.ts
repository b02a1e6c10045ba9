// Who may call a method, in which mode: the rows of the admission table (docs/protocol.md, "Who may connect").

import { RelayError } from '../lib/errors.js'
import type { Access as AccessTo } from '../muxrpc/registry.js'
import type { PrivacyMode } from '../store/settings.js'
import { type CallerClass, type Connection, isFollowed } from './connection.js'

export type Access = AccessTo<Connection>

/** The kinds of callers that methods name. */
export interface AccessTable {
  everyone: Access
  guests: Access
  /** all but guests: also external users, who may call an address they know and read no list */
  users: Access
  internalUsers: Access
  members: Access
  /** members where there are aliases: not in a restricted room */
  aliasOwners: Access
  /** who may bring people in: members, and in a restricted room moderators alone */
  inviters: Access
}

/** True for those who have a tunnel address here (Rooms 2, "Internal user"). */
export function isInternal(callerClass: CallerClass, mode: PrivacyMode): boolean {
  return callerClass === 'stranger' ? mode === 'open' : callerClass !== 'guest'
}

/** @param mode read at every call: a change of mode holds for calls that come after it */
export function createAccess(mode: () => PrivacyMode): AccessTable {
  const when = (words: string, allows: (callerClass: CallerClass, mode: PrivacyMode) => boolean): Access => ({
    words,
    allows: ({ callerClass }) => allows(callerClass, mode()),
  })
  /** A stranger of a room that has just become restricted, in the moment before its connection is closed. */
  const isOut = (callerClass: CallerClass, mode: PrivacyMode): boolean =>
    callerClass === 'stranger' && mode === 'restricted'
  return {
    everyone: when('all', (callerClass, mode) => !isOut(callerClass, mode)),
    guests: {
      ...when('guests', (callerClass) => callerClass === 'guest'),
      // The key of a code that we do not know makes its holder a stranger here: the words are about the code.
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
