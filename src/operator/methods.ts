// SPDX-License-Identifier: AGPL-3.0-or-later
// The local operator's methods, which the control socket calls.

import { RelayError } from '../lib/errors.js'
import { isDialable } from '../lib/host.js'
import { AUDIT_TOLD, DAY } from '../lib/limits.js'
import type { MatrixOperator } from '../matrix/contract.js'
import { asObject, numberField, textField } from '../peer/arguments.js'
import type { Peer } from '../peer/peer.js'
import { isFeedId, readFeedId } from '../ssb/feed-id.js'
import { formatInviteCode, guestIdOf, type HostPort, parseInviteCode } from '../ssb/invite-code.js'
import { inviteLink, seedOfLink } from '../ssb/links.js'
import type { Invite } from '../store/invites.js'
import { ROLES, type Role } from '../store/roles.js'
import { PRIVACY_MODES, type PrivacyMode } from '../store/settings.js'
import type { Store } from '../store/store.js'
import type { Call } from './call.js'
import { isMatrixUser, matrixKnocks, matrixMethods } from './matrix.js'
import { noticeMethods } from './notices.js'
import { feedOr, peerMethods } from './peers.js'
import type { DoctorReport, InviteInfo, Operator, QuestionInfo, RelayStatus } from './protocol.js'
import type { Setup } from './room-setup.js'

/** Every method of `Operator` as the control socket calls it: with unchecked parameters. */
export type OperatorHandlers = {
  [Name in keyof Operator]: (params: readonly unknown[], call: Call) => ReturnType<Operator[Name]>
}

export interface OperatorComponents {
  store: Store
  peer: Peer
  now: () => number
  status(): RelayStatus
  doctor(options: { rebuild: boolean; quick: boolean }, call: Call): Promise<DoctorReport>
  reload: Operator['reload']
  backups: Pick<OperatorHandlers, 'backup' | 'backupNext'>
  metrics: Operator['metrics']
  recoveryFinish: Operator['recoveryFinish']
  setup: Setup
  /** the lobby on Matrix; null if it is off */
  matrix?: () => MatrixOperator | null
  /** the address in an invite: of the given host, or else the relay's best address */
  address(host?: string): HostPort
  /** URL of the pages, without a path */
  webUrl(host?: string): string
  /** default validity of an invite, in days */
  expiresDays(): number
}

/** Default number of audit log entries. */
const AUDIT_SHOWN = 100

const isPrivacyMode = (value: unknown): value is PrivacyMode => PRIVACY_MODES.some((mode) => mode === value)
const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value)

/** Creates the methods. */
export function createOperator(components: OperatorComponents): OperatorHandlers {
  const { store, peer, now } = components
  const { members, invites, feeds, knocks, roles, aliases } = store
  const actions = store.moderation.as('operator')
  const matrix = components.matrix ?? (() => null)
  const onMatrix = matrixMethods(matrix)

  /** Replaces `not_allowed` by its reason: a block is hidden from strangers, but not from the operator. */
  async function withReason<T>(feed: unknown, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (thrown) {
      if (!(thrown instanceof RelayError) || thrown.code !== 'not_allowed') throw thrown
      if (readFeedId(feed) === peer.id) throw new RelayError('bad_argument', 'that is the relay itself')
      const id = readFeedId(feed)
      throw id && members.isBlocked(id) ? new RelayError('not_allowed', `${feed} is blocked`) : thrown
    }
  }

  function questions(): QuestionInfo[] {
    const { questions: all, picture } = store.settings.get()
    return Object.entries(all).map(([language, question]) => ({ language, ...question, picture }))
  }

  return {
    ...onMatrix,
    ...peerMethods({ store, peer }),
    status: async () => components.status(),
    doctor([options], call) {
      const { rebuild, quick } = asObject(options ?? {})
      return components.doctor({ rebuild: rebuild === true, quick: quick === true }, call)
    },
    metrics: () => components.metrics(),
    reload: () => components.reload(),
    ...components.backups,
    recoveryFinish: () => components.recoveryFinish(),

    async inviteCreate([asked]) {
      const options = asObject(asked ?? {})
      const host = options.host ?? undefined
      const wanted = 'a name such as relay.example.org or an IP address without a zone, and no port'
      if (host !== undefined && (typeof host !== 'string' || !isDialable(host)))
        throw new RelayError('bad_argument', `host must be ${wanted}: apps accept nothing else in a code`)
      const address = components.address(host)
      if (!isDialable(address.host))
        throw new RelayError(
          'bad_argument',
          `apps cannot read a code with ${address.host}: host must be ${wanted}`,
        )
      const days = numberField(options, 'expires_days') ?? components.expiresDays()
      const target = options.for === undefined || options.for === null ? undefined : feedOr(options.for)
      const { invite, seed } = await actions.createInvite({
        uses: numberField(options, 'uses') ?? 1,
        note: textField(options, 'note') ?? '',
        expires: Math.trunc(now() + days * DAY),
        ...(target ? { for: target } : {}),
      })
      const code = formatInviteCode({ ...address, relay: peer.id, seed })
      const timed = components.status().time === 'unconfirmed' ? { timed_by: 'uptime' as const } : {}
      return { ...info(invite), code, link: inviteLink(components.webUrl(host), seed), ...timed }
    },

    inviteList: async () =>
      invites
        .list()
        .map(info)
        .sort((a, b) => a.created - b.created),

    async inviteRevoke([id]) {
      const text = textOr(id, 'id')
      const named = readFeedId(text) ?? guestIdOf(seedOfLink(text) ?? parseInviteCode(text).seed)
      return info(await actions.revokeInvite(named))
    },

    async membersList() {
      const online = new Set(peer.online())
      const nameOf = store.names.reader()
      return members.list().map(({ feed, since, by, voucher, note }) => {
        const { latest, messages, bytes, forked } = feeds.info(feed)
        return {
          id: feed,
          name: nameOf(feed),
          role: roles.of(feed),
          since,
          by,
          voucher,
          note,
          online: online.has(feed),
          shared: store.sharing.has(feed),
          seen: members.lastSeen(feed),
          latest,
          messages,
          bytes,
          forked,
          refused: store.refusals.of(feed),
        }
      })
    },

    membersAdd: async ([id, note]) =>
      withReason(id, () => actions.addMember(feedOr(id), textOr(note, 'note'))),
    membersRemove: async ([id]) => actions.removeMember(feedOr(id)),
    membersReset: async ([id]) => {
      const feed = feedOr(id)
      return feeds.reset(feed, () => {
        if (!members.has(feed)) throw new RelayError('not_following')
      })
    },
    block: async ([id, reason]) => ({
      already: !(await withReason(id, () => actions.block(feedOr(id), textOr(reason, 'reason')))),
    }),
    unblock: async ([id]) => actions.unblock(feedOr(id)),
    settings: async () => components.setup.info(),
    async setup([asked]) {
      const answers = asObject(asked)
      return withReason(answers.admin, () => components.setup.answer(answers))
    },
    mode: async ([mode]) => {
      if (!isPrivacyMode(mode))
        throw new RelayError('bad_argument', `mode must be one of ${PRIVACY_MODES.join(', ')}`)
      await actions.setMode(mode)
      return components.setup.info()
    },
    membersRole: async ([id, role]) => {
      if (!isRole(role)) throw new RelayError('bad_argument', `role must be one of ${ROLES.join(', ')}`)
      await actions.setRole(feedOr(id), role)
    },
    async membersLink([id]) {
      const { token, expires } = await actions.link(feedOr(id))
      return { url: `${components.webUrl()}/login/link?token=${token}`, expires }
    },
    audit: async ([asked]) => {
      const count = (asked ?? AUDIT_SHOWN) as number
      if (!Number.isSafeInteger(count) || count < 1)
        throw new RelayError('bad_argument', 'count must be a whole number above 0')
      const named = store.names.reader()
      const nameOf = (id: string): string | null => (isFeedId(id) ? named(id) : null)
      return store.audit.list(Math.min(count, AUDIT_TOLD)).map(({ at, who, what, whom, detail }) => ({
        ...{ at, who, who_name: nameOf(who), what, whom, whom_name: nameOf(whom), detail },
      }))
    },
    async knocksList() {
      const nameOf = store.names.reader()
      const ours = knocks.list().map(({ feed, note, since, expires }) => ({
        ...{ id: feed, name: nameOf(feed), note, since, expires },
      }))
      return [...ours, ...matrixKnocks(matrix).map((knock) => ({ name: null, ...knock }))]
    },
    knockAccept: async ([id], call) =>
      isMatrixUser(id) ? onMatrix.matrixAccept([id], call) : actions.acceptKnock(feedOr(id)),
    knockDecline: async ([id], call) =>
      isMatrixUser(id) ? onMatrix.matrixDecline([id], call) : actions.declineKnock(feedOr(id)),
    aliasList: async () => aliases.list().map(({ alias, owner, since }) => ({ alias, owner, since })),
    aliasRevoke: async ([alias]) => actions.revokeAlias(textOr(alias, 'alias')),
    questionList: async () => questions(),
    async questionSet([asked]) {
      const { answers, picture, ...given } = asObject(asked)
      if (!Array.isArray(answers) || !answers.every((answer) => typeof answer === 'string'))
        throw new RelayError('bad_argument', 'answers must be a list of texts')
      const text = textOr(given.text, 'text')
      if (picture !== undefined && typeof picture !== 'boolean')
        throw new RelayError('bad_argument', 'picture must be true or false')
      await actions.saveQuestion(textOr(given.language, 'language'), { text, answers }, picture)
      return questions()
    },
    async questionRemove([language]) {
      await actions.removeQuestion(textOr(language, 'language'))
      return questions()
    },
    ...noticeMethods(store),
    blockedList: async () =>
      members.blocked().map(({ feed, since, reason }) => ({ id: feed, since, reason })),
  }
}

function info({ id, uses, used, note, created, expires, state, by, ...more }: Invite): InviteInfo {
  return { id, uses, used, note, created, expires, state, by, for: more.for ?? null }
}

function textOr(value: unknown, name: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new RelayError('bad_argument', `${name} must be text`)
  return value
}
