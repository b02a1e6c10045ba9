// What each role may do in the room: the one table. It is asked inside the transaction of the action, not before it.

import { RelayError } from '../lib/errors.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Role } from './roles.js'
import type { PrivacyMode } from './settings.js'

export interface Permission {
  /** the least role that may do it */
  least: Role
  /** the least role that may do it to what is one's own, where that is less */
  own?: Role
  /** the least role in a restricted room, where that is more */
  restricted?: Role
  /** only to those of a lower role than one's own; admins may to everyone */
  below?: boolean
  /** whether it could take the last admin away */
  unseats?: boolean
}

/** Every action of the dashboard, in the order in which `docs/run-it.md` has them. */
export const PERMISSIONS = {
  'members.see': { least: 'member' },
  'knock.accept': { least: 'member', restricted: 'moderator' },
  'knock.decline': { least: 'member', restricted: 'moderator' },
  'invite.create': { least: 'member', restricted: 'moderator' },
  'invite.revoke': { least: 'moderator', own: 'member' },
  'alias.revoke': { least: 'moderator', own: 'member' },
  leave: { least: 'member', unseats: true },
  'member.add': { least: 'moderator' },
  'member.remove': { least: 'moderator', below: true, unseats: true },
  'blocks.see': { least: 'moderator' },
  'feed.block': { least: 'moderator', below: true, unseats: true },
  'feed.unblock': { least: 'moderator' },
  'notice.save': { least: 'moderator' },
  'notice.delete': { least: 'moderator' },
  'lobby.say': { least: 'member' },
  'lobby.invite': { least: 'member', restricted: 'moderator' },
  'lobby.kick': { least: 'moderator' },
  'lobby.ban': { least: 'moderator' },
  'lobby.unban': { least: 'moderator' },
  'lobby.server_ban': { least: 'moderator' },
  'lobby.join': { least: 'moderator' },
  'lobby.leave': { least: 'moderator' },
  'member.role': { least: 'admin', unseats: true },
  'member.link': { least: 'admin' },
  'room.describe': { least: 'admin' },
  'room.mode': { least: 'admin' },
  'audit.see': { least: 'admin' },
} as const satisfies Record<string, Permission>

export type Action = keyof typeof PERMISSIONS

/** Who does something: a member, or the local operator, who may do everything. */
export type Actor = FeedId | 'operator'

/** What is known of the actor and of whom it is done to, at the moment of the action. */
export interface Standing {
  /** null for one that is no member */
  role: Role | null
  /** of the feed it is done to; null for one that is no member, or where it is done to no feed */
  target: Role | null
  /** whether it is done to oneself, or to what is one's own */
  own: boolean
  mode: PrivacyMode
  /** whether there is but one admin */
  oneAdmin: boolean
}

const RANKS: Record<Role, number> = { member: 1, moderator: 2, admin: 3 }

/** @throws RelayError `not_allowed`, `last_admin` */
export function assertAllowed(action: Action, { role, target, own, mode, oneAdmin }: Standing): void {
  const power: Permission = PERMISSIONS[action]
  const least =
    (own ? power.own : undefined) ?? (mode === 'restricted' ? power.restricted : undefined) ?? power.least
  if (!role || RANKS[role] < RANKS[least]) throw new RelayError('not_allowed')
  if (power.below && target && role !== 'admin' && RANKS[target] >= RANKS[role])
    throw new RelayError('not_allowed')
  if (power.unseats && target === 'admin' && oneAdmin) throw new RelayError('last_admin')
}

/** Whether a role may do something to somebody of another role, or to nobody in particular: for what a page offers. */
export function mayDo(action: Action, role: Role, mode: PrivacyMode, target: Role | null = null): boolean {
  try {
    assertAllowed(action, { role, target, own: false, mode, oneAdmin: false })
    return true
  } catch {
    return false
  }
}
