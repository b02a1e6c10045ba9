// SPDX-License-Identifier: AGPL-3.0-or-later
// The permissions of each role, in one table. They are checked inside the transaction of the action.

import { RelayError } from '../lib/errors.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Role } from './roles.js'
import type { PrivacyMode } from './settings.js'

export interface Permission {
  /** lowest role that may do it */
  least: Role
  /** lowest role on the actor's own items, if lower */
  own?: Role
  /** lowest role in a restricted room, if higher */
  restricted?: Role
  /** only on targets of a lower role; admins may act on all */
  below?: boolean
  /** whether it can remove the last admin */
  unseats?: boolean
}

/** All actions of the dashboard, in the order of `docs/run-it.md`. */
export const PERMISSIONS = {
  'members.see': { least: 'member' },
  'knock.accept': { least: 'member', restricted: 'moderator' },
  'knock.decline': { least: 'member', restricted: 'moderator' },
  'invite.create': { least: 'member', restricted: 'moderator' },
  'invite.revoke': { least: 'moderator', own: 'member' },
  'alias.revoke': { least: 'moderator', own: 'member' },
  'feed.share': { least: 'admin', own: 'member' },
  'feed.unshare': { least: 'admin', own: 'member' },
  leave: { least: 'member', unseats: true },
  'member.add': { least: 'moderator' },
  'member.remove': { least: 'moderator', below: true, unseats: true },
  'blocks.see': { least: 'moderator' },
  'health.see': { least: 'moderator' },
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
  'question.save': { least: 'admin' },
  'question.delete': { least: 'admin' },
  'peer.add': { least: 'admin' },
  'peer.remove': { least: 'admin' },
  'audit.see': { least: 'admin' },
} as const satisfies Record<string, Permission>

export type Action = keyof typeof PERMISSIONS

/** A member, or the local operator, who may do everything. */
export type Actor = FeedId | 'operator'

/** The facts a permission check needs, read at the time of the action. */
export interface Standing {
  /** the actor's role; null if not a member */
  role: Role | null
  /** the target's role; null if not a member, or if the action has no target */
  target: Role | null
  /** whether the target is the actor, or owned by the actor */
  own: boolean
  mode: PrivacyMode
  /** whether there is only one admin */
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

/** Whether a role may do an action on a target's role, or without target: for what a page offers. */
export function mayDo(action: Action, role: Role, mode: PrivacyMode, target: Role | null = null): boolean {
  try {
    assertAllowed(action, { role, target, own: false, mode, oneAdmin: false })
    return true
  } catch {
    return false
  }
}
