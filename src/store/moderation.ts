// SPDX-License-Identifier: AGPL-3.0-or-later
// Moderation for the dashboard and the operator: permission check, change and audit entry are one transaction.

import { RelayError } from '../lib/errors.js'
import { DESCRIPTION_CHARS, NAME_CHARS } from '../lib/limits.js'
import type { Question } from '../lib/question.js'
import { cleanText } from '../lib/text.js'
import { type FeedId, isFeedId, keyOf } from '../ssb/feed-id.js'
import type { KeyedMessage } from '../ssb/message.js'
import type { Aliases } from './aliases.js'
import type { Audit } from './audit.js'
import type { Feeds } from './feeds.js'
import type { Invite, Invites, NewInvite } from './invites.js'
import type { Knocks } from './knocks.js'
import type { PeerRecord, Tables } from './layout.js'
import type { Members } from './members.js'
import type { NewNotice, Notices } from './notices.js'
import type { Peers, Sharing } from './peers.js'
import { type Action, type Actor, assertAllowed } from './permissions.js'
import type { Role, Roles } from './roles.js'
import { type PrivacyMode, type Settings, withoutQuestion, withQuestion } from './settings.js'
import type { SignIns } from './sign-ins.js'
import type { Precondition } from './writer.js'

/** The actions of one actor. Each rejects with `not_allowed` if the actor's current role does not permit it. */
export interface ModerationActions {
  /** @throws RelayError `already_following`, `not_allowed` for a blocked feed */
  addMember(feed: FeedId, note: string): Promise<KeyedMessage>
  /** @throws RelayError `not_following`, `last_admin` */
  removeMember(feed: FeedId): Promise<KeyedMessage>
  /** @throws RelayError `not_following`, `last_admin` */
  setRole(feed: FeedId, role: Role): Promise<void>
  /** Returns whether it was not blocked before. @throws RelayError `last_admin` */
  block(feed: FeedId, reason: string): Promise<boolean>
  /** @throws RelayError `not_found` */
  unblock(feed: FeedId): Promise<void>
  /** @throws RelayError `not_found` */
  acceptKnock(feed: FeedId): Promise<KeyedMessage>
  /** @throws RelayError `not_found` */
  declineKnock(feed: FeedId): Promise<void>
  /** @throws RelayError `bad_argument`, `quota_reached` */
  createInvite(invite: Omit<NewInvite, 'by'>): Promise<{ invite: Invite; seed: Buffer }>
  /**
   * @throws RelayError `invite_unknown` (also if the actor may not see the invite), `invite_used_up`,
   * `invite_expired`
   */
  revokeInvite(id: FeedId): Promise<Invite>
  /** @throws RelayError `not_found` */
  revokeAlias(alias: string): Promise<void>
  /** Whether other relays may keep a member's feed. @throws RelayError `not_following` */
  share(feed: FeedId, on: boolean): Promise<void>
  /** Adds another relay to keep feeds with, or changes it. @throws RelayError `not_allowed`, `quota_reached` */
  putPeer(peer: FeedId, record: Omit<PeerRecord, 'since'>): Promise<void>
  /** Stops keeping feeds with another relay, and unfollows it. @throws RelayError `not_found` */
  removePeer(peer: FeedId): Promise<void>
  /** Creates a one-time login link. @throws RelayError `not_following` */
  link(feed: FeedId): Promise<{ token: string; expires: number }>
  /** Sets name and description, which also completes the room's set-up. @throws RelayError `bad_argument` */
  describe(room: { name: string; description: string; ebt?: boolean | undefined }): Promise<void>
  setMode(mode: PrivacyMode): Promise<void>
  /**
   * Sets the question in a language, and if given, whether the picture can be solved instead of any question.
   * @throws RelayError `bad_argument`, `quota_reached`
   */
  saveQuestion(language: string, question: Question, picture?: boolean): Promise<void>
  /** @throws RelayError `not_found` */
  removeQuestion(language: string): Promise<void>
  /** @throws RelayError `bad_argument`, `quota_reached` */
  saveNotice(notice: NewNotice): Promise<void>
  /** Removes a notice, or its text in one language. @throws RelayError `not_found` */
  removeNotice(name: string, language?: string): Promise<void>
  /** Ends the actor's membership; with `forget` the relay also removes its feed. @throws RelayError `last_admin` */
  leave(forget: boolean): Promise<void>
}

export interface Moderation {
  as(actor: Actor): ModerationActions
  /** Checks the permission inside a write, without audit entry: for actions that an app makes by itself. */
  permitting(actor: FeedId, action: Action): Precondition
  /** Checks the permission and adds the audit entry inside a write: for changes outside this module. */
  noting(actor: Actor, action: Action, about: { whom?: string; detail?: string }): Precondition
}

export interface ModerationComponents {
  tables: Pick<Tables, 'roles' | 'blocks'>
  audit: Audit
  members: Members
  roles: Roles
  settings: Settings
  knocks: Knocks
  invites: Invites
  aliases: Aliases
  notices: Notices
  feeds: Feeds
  signIns: SignIns
  peers: Peers
  sharing: Sharing
}

interface About {
  whom?: string
  detail?: string
  /** the owner of the target, read inside the write, as it may change before */
  owner?: () => FeedId | undefined
  /** false if this call cannot remove an admin */
  unseats?: boolean
  /** read inside the write: true if the call changes nothing, so that no audit entry is written */
  idle?: () => boolean
}

export function createModeration(components: ModerationComponents): Moderation {
  const {
    tables,
    audit,
    members,
    roles,
    settings,
    knocks,
    invites,
    aliases,
    notices,
    feeds,
    signIns,
    peers,
    sharing,
  } = components

  const roleNow = (feed: string | undefined): Role | null =>
    isFeedId(feed) && members.has(feed) ? (tables.roles.get(keyOf(feed)) ?? 'member') : null

  function oneAdmin(): boolean {
    return [...tables.roles.getRange({})].filter(({ value }) => value === 'admin').length === 1
  }

  function ask(actor: Actor, action: Action, { whom, owner, unseats = true }: About): void {
    if (actor === 'operator') return
    assertAllowed(action, {
      role: roleNow(actor),
      target: roleNow(whom),
      own: owner?.() === actor,
      mode: settings.modeNow(),
      oneAdmin: unseats && oneAdmin(),
    })
  }

  /** The precondition of an action, inside its transaction: checks the permission and adds the audit entry. */
  const before =
    (actor: Actor, action: Action, about: About = {}): Precondition =>
    () => {
      ask(actor, action, about)
      const { whom = '', detail = '', owner, idle } = about
      if (idle?.()) return
      const small = actor !== 'operator' && (owner?.() === actor || roleNow(actor) === 'member')
      audit.noteNow({ who: actor, what: action, whom, detail }, small ? 'own' : 'room')
    }

  function as(actor: Actor): ModerationActions {
    return {
      addMember: (feed, note) =>
        members.follow(
          feed,
          { by: 'operator', voucher: null, note },
          before(actor, 'member.add', { whom: feed, detail: note }),
        ),
      removeMember: (feed) =>
        members.unfollow(feed, undefined, before(actor, 'member.remove', { whom: feed })),
      setRole: (feed, role) =>
        roles.set(
          feed,
          role,
          before(actor, 'member.role', {
            whom: feed,
            detail: role,
            unseats: role !== 'admin',
            idle: () => roleNow(feed) === role,
          }),
        ),
      block: (feed, reason) =>
        members.block(
          feed,
          reason,
          before(actor, 'feed.block', {
            whom: feed,
            detail: reason,
            idle: () => {
              const held = tables.blocks.get(keyOf(feed))
              return held !== undefined && ['', held.reason].includes(cleanText(reason))
            },
          }),
        ),
      unblock: (feed) => members.unblock(feed, before(actor, 'feed.unblock', { whom: feed })),
      acceptKnock: (feed) => knocks.accept(feed, before(actor, 'knock.accept', { whom: feed })),
      declineKnock: (feed) => knocks.decline(feed, before(actor, 'knock.decline', { whom: feed })),
      createInvite: (invite) =>
        invites.create(
          { ...invite, by: actor },
          before(actor, 'invite.create', {
            whom: invite.for ?? '',
            detail: invite.note ?? '',
            owner: () => actor,
          }),
        ),
      async revokeInvite(id) {
        const owner = () => invites.get(id)?.by
        return invites.revoke(id, before(actor, 'invite.revoke', { whom: id, owner })).catch((err) => {
          // the same error as for an unknown invite
          throw isRefusal(err) ? new RelayError('invite_unknown') : err
        })
      },
      revokeAlias: (alias) =>
        aliases.revoke(
          alias,
          undefined,
          before(actor, 'alias.revoke', { whom: alias, owner: () => aliases.get(alias)?.owner }),
        ),
      share: (feed, on) =>
        sharing.set(
          feed,
          on,
          before(actor, on ? 'feed.share' : 'feed.unshare', {
            whom: feed,
            owner: () => feed,
            idle: () => sharing.has(feed) === on,
          }),
        ),
      putPeer: (peer, record) =>
        peers.put(peer, record, before(actor, 'peer.add', { whom: peer, detail: record.feeds })),
      async removePeer(peer) {
        const noted = before(actor, 'peer.remove', { whom: peer })
        // its row goes with its membership
        await members.unfollow(peer, undefined, (afterFlush) => {
          noted(afterFlush)
          if (!peers.has(peer)) throw new RelayError('not_found')
        })
      },
      link: (feed) => signIns.link(feed, before(actor, 'member.link', { whom: feed })),
      async describe({ name, description, ebt }) {
        const [named, described] = [[...name].length, [...description].length]
        if (named < 1 || named > NAME_CHARS)
          throw new RelayError('bad_argument', `a name has 1 to ${NAME_CHARS} characters`)
        if (described > DESCRIPTION_CHARS)
          throw new RelayError('bad_argument', `a description has at most ${DESCRIPTION_CHARS} characters`)
        await settings.change(
          { name, description, setUp: true, ...(ebt === undefined ? {} : { ebt }) },
          before(actor, 'room.describe', { whom: name }),
        )
      },
      setMode: (mode) =>
        settings.change(
          { mode },
          before(actor, 'room.mode', { whom: mode, idle: () => settings.modeNow() === mode }),
        ),
      saveQuestion: (language, question, picture) =>
        settings.change(
          (current) => ({
            ...withQuestion(current, language, question),
            ...(picture === undefined ? {} : { picture }),
          }),
          before(actor, 'question.save', { whom: language, detail: question.text }),
        ),
      removeQuestion: (language) =>
        settings.change(
          (current) => withoutQuestion(current, language),
          before(actor, 'question.delete', { whom: language }),
        ),
      saveNotice: (notice) =>
        notices.save(
          { ...notice, by: actor },
          before(actor, 'notice.save', {
            whom: notice.name,
            detail: notice.title,
            idle: () => notices.says(notice),
          }),
        ),
      removeNotice: (name, language) =>
        notices.remove(
          name,
          language,
          before(actor, 'notice.delete', { whom: name, detail: language ?? '' }),
        ),
      async leave(forget) {
        const detail = forget ? 'feed deleted' : ''
        const leaving = before(actor, 'leave', { whom: actor, detail, owner: () => actor })
        await members.unfollow(actor, undefined, (afterFlush) => {
          leaving(afterFlush)
          if (forget) feeds.removeNow(actor, afterFlush)
        })
        // again, for messages that were being written in the meantime
        if (forget) await feeds.remove(actor)
      },
    }
  }

  return { as, permitting: (actor, action) => () => ask(actor, action, {}), noting: before }
}

const isRefusal = (err: unknown): boolean => err instanceof RelayError && err.code === 'not_allowed'
