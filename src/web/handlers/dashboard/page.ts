// What every page of the dashboard has: who looks at it, the tabs that role has, and what a form needs.

import { RelayError } from '../../../lib/errors.js'
import { isFeedId } from '../../../ssb/feed-id.js'
import type { Invite } from '../../../store/invites.js'
import { type Action, mayDo, PERMISSIONS } from '../../../store/permissions.js'
import type { Role } from '../../../store/roles.js'
import type { PrivacyMode } from '../../../store/settings.js'
import type { WebComponents, WebRoom } from '../../contract.js'
import { moment, type Person, person, size } from '../../format.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { SignedIn, WebContext } from '../../state.js'
import type { Render, View } from '../../views.js'

/** Rows of a list on one page. */
export const PAGE = 50

export interface DashboardParts extends WebRoom, Pick<WebComponents, 'face' | 'hostnames' | 'lobby'> {
  render: Render
  /** Unix ms */
  now: () => number
  /** days an invite is good for where its maker does not say */
  expiresDays: () => number
}

/** Where a page is, and what one must be able to do to see its tab. */
const TABS: ReadonlyArray<
  readonly [name: string, path: string, action: Action, modes?: readonly PrivacyMode[]]
> = [
  ['overview', '/dashboard', 'members.see'],
  ['members', '/dashboard/members', 'members.see'],
  ['knocks', '/dashboard/knocks', 'knock.accept', ['community']],
  ['lobby', '/dashboard/lobby', 'lobby.say'],
  ['invites', '/dashboard/invites', 'invite.create'],
  ['aliases', '/dashboard/aliases', 'members.see', ['open', 'community']],
  ['notices', '/dashboard/notices', 'notice.save'],
  ['blocked', '/dashboard/blocked', 'blocks.see'],
  ['room', '/dashboard/room', 'room.describe'],
  ['log', '/dashboard/log', 'audit.see'],
  ['me', '/dashboard/me', 'members.see'],
]

/** Renders pages of the dashboard. */
export function createDashboardPages({ store, face, render, lobby }: DashboardParts) {
  let byOwner: Map<string, string[]> | null = null

  /** Read once for a page: a list of people would else read all names for each of them. */
  function aliasesOf(feed: string): string[] {
    if (!byOwner) {
      byOwner = new Map()
      // by the name they took first: that is the one they are known by
      for (const { alias, owner } of store.aliases.list().sort((a, b) => a.since - b.since))
        byOwner.set(owner, [...(byOwner.get(owner) ?? []), alias])
      // a page is made without a pause
      setImmediate(() => {
        byOwner = null
      })
    }
    return byOwner.get(feed) ?? []
  }
  const personOf = (feed: string): Person => person(feed, aliasesOf(feed))

  /** Answers with a page. @param values what the template names beside what all of them have */
  function show(ctx: WebContext, view: View, activeTab: string, values: Record<string, unknown>): void {
    const { feed, role, csrf } = memberOf(ctx)
    const { mode } = store.settings.get()
    const { done } = ctx.query
    ctx.type = 'html'
    ctx.body = render(ctx, view, {
      ...{ activeTab, role, csrf, mode, moment, size },
      me: personOf(feed),
      room: face().name,
      may: (action: Action, target: Role | null = null) => mayDo(action, role, mode, target),
      tabs: TABS.filter(
        ([tab, , action, modes]) =>
          mayDo(action, role, mode) &&
          (!modes || modes.includes(mode)) &&
          (tab !== 'lobby' || Boolean(lobby?.())),
      ).map(([name, path]) => ({ name, path })),
      // said after something was done; what is no action of ours says nothing
      done: typeof done === 'string' && Object.hasOwn(ctx.state.language.words.dash.done, done) ? done : null,
      ...values,
    })
  }

  /** @throws RelayError `not_found`, the words for a page that does not exist */
  function requirePermission(ctx: WebContext, action: Action): void {
    if (!mayDo(action, memberOf(ctx).role, store.settings.get().mode)) throw new RelayError('not_found')
  }

  return { show, requirePermission, person: personOf }
}

/** The invites that somebody may see: their own, or all. */
export function invitesFor(store: DashboardParts['store'], { feed, role }: SignedIn): Invite[] {
  return store.invites.list(role === 'member' ? feed : undefined)
}

/** One of these, or null. */
export function inviteFor(
  store: DashboardParts['store'],
  { feed, role }: SignedIn,
  id: string,
): Invite | null {
  const invite = isFeedId(id) ? store.invites.get(id) : null
  return invite && (role !== 'member' || invite.by === feed) ? invite : null
}

/** True for something that may be in the table of powers. */
export function isAction(name: string): name is Action {
  return Object.hasOwn(PERMISSIONS, name)
}

/** Where in a list a page begins: `?from=`, within it. */
export function offsetIn(ctx: Pick<WebContext, 'query'>, length: number): number {
  const from = Number(ctx.query.from)
  return Number.isSafeInteger(from) && from > 0 && from < length ? from : 0
}

/** What a page of a long list says of the rest. */
export function pageOf(from: number, length: number): { earlier: number | null; later: number | null } {
  return {
    earlier: from > 0 ? Math.max(0, from - PAGE) : null,
    later: from + PAGE < length ? from + PAGE : null,
  }
}
