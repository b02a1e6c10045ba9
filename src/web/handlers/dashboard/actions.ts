// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's actions: fields, confirmation and store call of each form.

import { RelayError } from '../../../lib/errors.js'
import { DAY, NOTE_CHARS } from '../../../lib/limits.js'
import { isFeedId } from '../../../ssb/feed-id.js'
import { tokenOf } from '../../../ssb/invite-code.js'
import type { ModerationActions } from '../../../store/moderation.js'
import type { Action } from '../../../store/permissions.js'
import { ROLES, type Role } from '../../../store/roles.js'
import { PRIVACY_MODES, type PrivacyMode } from '../../../store/settings.js'
import type { Store } from '../../../store/store.js'
import type { WebLobby } from '../../contract.js'
import { slugOf } from '../../format.js'
import { inviteFormats, type ReachedAt } from '../../share-formats.js'
import type { SignedIn } from '../../state.js'
import type { View } from '../../views.js'

/** A submitted form and what its action needs. */
export interface ActionRequest {
  given: Record<string, string>
  member: SignedIn
  actions: ModerationActions
  store: Store
  /** how the page was reached; invite links name it */
  reachedAt: ReachedAt
  now: number
  /** the Matrix lobby as this member, or null where it is off */
  lobby: ReturnType<WebLobby['as']> | null
}

/** A redirect, or a page whose content can be shown only once. */
export type Outcome = { to: string } | { view: View; tab: string; values: Record<string, unknown> }

export interface PostAction {
  fields: readonly string[]
  /** where Cancel on the confirmation page leads; without it there is no confirmation */
  cancelTo?: string
  run(request: ActionRequest): Promise<Outcome>
}

const to = (path: string): Outcome => ({ to: path })

/** @throws RelayError `bad_feed_id` */
function feedIn({ given }: ActionRequest, field = 'feed'): string {
  const { [field]: id = '' } = given
  if (!isFeedId(id)) throw new RelayError('bad_feed_id')
  return id
}

/** An integer field. @throws RelayError `bad_argument` */
function numberIn({ given }: ActionRequest, field: string, fallback: number): number {
  const text = given[field] || String(fallback)
  if (!/^\d{1,6}$/.test(text)) throw new RelayError('bad_argument', field)
  return Number(text)
}

/** An action on a feed that redirects to a list. */
const toFeed = (
  back: string,
  needsConfirm: boolean,
  run: (request: ActionRequest, feed: string) => Promise<unknown>,
): PostAction => ({
  fields: ['feed', 'note', 'reason', 'role'],
  ...(needsConfirm ? { cancelTo: back } : {}),
  async run(request) {
    await run(request, feedIn(request))
    return to(back)
  },
})

const LOBBY = '/dashboard/lobby'

/** An action in the lobby that redirects to the lobby page. */
const inLobby = (
  needsConfirm: boolean,
  run: (lobby: ReturnType<WebLobby['as']>, given: Record<string, string>) => Promise<unknown>,
): PostAction => ({
  fields: ['user', 'glob', 'text'],
  ...(needsConfirm ? { cancelTo: LOBBY } : {}),
  async run({ lobby, given }) {
    if (!lobby) throw new RelayError('not_found')
    await run(lobby, given)
    return to(LOBBY)
  },
})

const MEMBERS = '/dashboard/members'

/** All actions, by the NAME in `/dashboard/do/NAME`. */
export const ACTIONS = {
  'knock.accept': toFeed('/dashboard/knocks', false, ({ actions }, feed) => actions.acceptKnock(feed)),
  'knock.decline': toFeed('/dashboard/knocks', true, ({ actions }, feed) => actions.declineKnock(feed)),
  'member.add': toFeed(MEMBERS, false, ({ actions, given }, feed) =>
    actions.addMember(feed, (given.note ?? '').slice(0, NOTE_CHARS)),
  ),
  'member.remove': toFeed(MEMBERS, true, ({ actions }, feed) => actions.removeMember(feed)),
  'feed.block': toFeed('/dashboard/blocked', true, ({ actions, given }, feed) =>
    actions.block(feed, (given.reason ?? '').slice(0, NOTE_CHARS)),
  ),
  'feed.unblock': toFeed('/dashboard/blocked', false, ({ actions }, feed) => actions.unblock(feed)),
  'feed.share': {
    fields: [],
    async run({ actions, member }) {
      await actions.share(member.feed, true)
      return to('/dashboard/me')
    },
  },
  'feed.unshare': {
    fields: [],
    async run({ actions, member }) {
      await actions.share(member.feed, false)
      return to('/dashboard/me')
    },
  },
  'member.role': {
    fields: ['feed', 'role'],
    cancelTo: MEMBERS,
    async run(request) {
      const [feed, role = ''] = [feedIn(request), request.given.role]
      if (!ROLES.includes(role as Role)) throw new RelayError('bad_argument', 'role')
      await request.actions.setRole(feed, role as Role)
      return to(`${MEMBERS}/${slugOf(feed)}`)
    },
  },
  'member.link': {
    fields: ['feed'],
    cancelTo: MEMBERS,
    async run(request) {
      const feed = feedIn(request)
      const { token, expires } = await request.actions.link(feed)
      const link = `${request.reachedAt.origin}/login/link?token=${token}`
      return { view: 'dashboard/link.njk', tab: 'members', values: { feed, link, expires } }
    },
  },
  'invite.create': {
    fields: ['uses', 'days', 'note', 'for'],
    async run(request) {
      const { given, actions, now, reachedAt } = request
      const target = given.for ? feedIn(request, 'for') : undefined
      const { invite, seed } = await actions.createInvite({
        uses: target ? 1 : numberIn(request, 'uses', 1),
        note: given.note ?? '',
        expires: now + numberIn(request, 'days', 7) * DAY,
        ...(target ? { for: target } : {}),
      })
      return {
        ...{ view: 'dashboard/invited.njk', tab: 'invites' },
        values: { formats: inviteFormats(reachedAt, tokenOf(seed)), invite },
      }
    },
  },
  'invite.revoke': {
    fields: ['invite'],
    cancelTo: '/dashboard/invites',
    async run(request) {
      await request.actions.revokeInvite(feedIn(request, 'invite'))
      return to('/dashboard/invites')
    },
  },
  'lobby.say': inLobby(false, (lobby, { text = '' }) => lobby.say(text)),
  'lobby.invite': inLobby(false, (lobby, { user = '' }) => lobby.invite(user.trim())),
  'lobby.accept': inLobby(false, (lobby, { user = '' }) => lobby.accept(user)),
  'lobby.decline': inLobby(true, (lobby, { user = '' }) => lobby.decline(user)),
  'lobby.kick': inLobby(true, (lobby, { user = '' }) => lobby.kick(user)),
  'lobby.ban': inLobby(true, (lobby, { user = '' }) => lobby.ban(user)),
  'lobby.unban': inLobby(false, (lobby, { user = '' }) => lobby.unban(user)),
  'lobby.server_ban': inLobby(true, (lobby, { glob = '' }) => lobby.serverBan(glob.trim())),
  'alias.revoke': {
    fields: ['alias'],
    cancelTo: '/dashboard/aliases',
    async run({ actions, given }) {
      await actions.revokeAlias(given.alias ?? '')
      return to('/dashboard/aliases')
    },
  },
  'notice.save': {
    fields: ['name', 'language', 'replaces', 'title', 'text'],
    async run({ actions, given: { name = '', title = '', text = '', language, replaces } }) {
      // the form of a text that exists says which
      const isNew = replaces === undefined
      await actions.saveNotice({ name, title, text, language: language?.trim(), replaces, isNew })
      return to('/dashboard/notices')
    },
  },
  'notice.delete': {
    fields: ['name', 'language'],
    cancelTo: '/dashboard/notices',
    async run({ actions, given: { name = '', language } }) {
      await actions.removeNotice(name, language)
      return to('/dashboard/notices')
    },
  },
  'room.describe': {
    fields: ['name', 'description', 'ebt'],
    async run({ actions, given: { name = '', description = '', ebt } }) {
      await actions.describe({ name: name.replace(/\s+/g, ' '), description, ebt: ebt === 'on' })
      return to('/dashboard/room')
    },
  },
  'room.mode': {
    fields: ['mode'],
    cancelTo: '/dashboard/room',
    async run({ actions, given: { mode = '' } }) {
      if (!PRIVACY_MODES.includes(mode as PrivacyMode)) throw new RelayError('bad_argument', 'mode')
      await actions.setMode(mode as PrivacyMode)
      return to('/dashboard/room')
    },
  },
  'question.save': {
    fields: ['language', 'text', 'answers', 'picture'],
    async run({ actions, given: { language = '', text = '', answers = '', picture } }) {
      const each = answers.split('\n').map((answer) => answer.trim())
      const question = { text: text.replace(/\s+/g, ' '), answers: each.filter((answer) => answer !== '') }
      await actions.saveQuestion(language.trim().toLowerCase(), question, picture === 'on')
      return to('/dashboard/room')
    },
  },
  'question.delete': {
    fields: ['language'],
    cancelTo: '/dashboard/room',
    async run({ actions, given: { language = '' } }) {
      await actions.removeQuestion(language)
      return to('/dashboard/room')
    },
  },
  leave: {
    fields: ['forget'],
    cancelTo: '/dashboard/me',
    async run({ actions, given }) {
      await actions.leave(given.forget === 'yes')
      return to('/')
    },
  },
  'session.close': {
    fields: ['session'],
    cancelTo: '/dashboard/me',
    async run({ store, member, given }) {
      await store.signIns.close(given.session ?? '', member.feed)
      return to('/dashboard/me')
    },
  },
  'session.closeAll': {
    fields: [],
    cancelTo: '/dashboard/me',
    async run({ store, member }) {
      await store.signIns.closeAll(member.feed)
      return to('/login')
    },
  },
} as const satisfies Partial<Record<Action, PostAction>> & Record<string, PostAction>

export type ActionName = keyof typeof ACTIONS

/** The action of a name, or undefined. */
export function actionOf(name: string): PostAction | undefined {
  return Object.hasOwn(ACTIONS, name) ? ACTIONS[name as ActionName] : undefined
}
