// SPDX-License-Identifier: AGPL-3.0-or-later
// What all dashboard pages share: the member, the tabs, permissions and paging.

import { RelayError } from '../../../lib/errors.js'
import { isFeedId } from '../../../ssb/feed-id.js'
import type { Invite } from '../../../store/invites.js'
import { type Action, mayDo, PERMISSIONS } from '../../../store/permissions.js'
import type { Role } from '../../../store/roles.js'
import type { PrivacyMode } from '../../../store/settings.js'
import type { WebComponents, WebRoom } from '../../contract.js'
import { moment, type Person, person, relative, size } from '../../format.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { SignedIn, WebContext } from '../../state.js'
import type { Render, View } from '../../views.js'

/** Rows per page of a list. */
export const PAGE = 50

export interface DashboardParts extends WebRoom, Pick<WebComponents, 'face' | 'hostnames' | 'lobby'> {
  render: Render
  /** Unix ms */
  now: () => number
  /** default days until an invite expires */
  expiresDays: () => number
}

/** Tabs, and the permission and modes that each needs. */
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
  ['health', '/dashboard/health', 'health.see'],
  ['room', '/dashboard/room', 'room.describe'],
  ['log', '/dashboard/log', 'audit.see'],
  ['me', '/dashboard/me', 'members.see'],
]

/** Creates the functions that render dashboard pages. */
export function createDashboardPages({ store, face, render, lobby, now }: DashboardParts) {
  let nameOf: ((feed: string) => string | null) | null = null

  /** A feed with its name. What names are found from is read once for a page, not for each row. */
  function personOf(feed: string): Person {
    if (!nameOf) {
      nameOf = store.names.reader()
      // a page is rendered without an await
      setImmediate(() => {
        nameOf = null
      })
    }
    return person(feed, nameOf(feed))
  }

  /** Renders a page. @param values variables of the template beside the common ones */
  function show(ctx: WebContext, view: View, activeTab: string, values: Record<string, unknown>): void {
    const { feed, role, csrf } = memberOf(ctx)
    const { mode } = store.settings.get()
    const { done } = ctx.query
    ctx.type = 'html'
    ctx.body = render(ctx, view, {
      ...{ activeTab, role, csrf, mode, moment, size },
      relative: (at: number) => relative(at, now(), ctx.state.language.tag),
      me: personOf(feed),
      room: face().name,
      may: (action: Action, target: Role | null = null) => mayDo(action, role, mode, target),
      tabs: TABS.filter(
        ([tab, , action, modes]) =>
          mayDo(action, role, mode) &&
          (!modes || modes.includes(mode)) &&
          (tab !== 'lobby' || Boolean(lobby?.())),
      ).map(([name, path]) => ({ name, path })),
      // the result of the last action; other values are ignored
      done: typeof done === 'string' && Object.hasOwn(ctx.state.language.words.dash.done, done) ? done : null,
      ...values,
    })
  }

  /** @throws RelayError `not_found`, so that the page looks absent */
  function requirePermission(ctx: WebContext, action: Action): void {
    if (!mayDo(action, memberOf(ctx).role, store.settings.get().mode)) throw new RelayError('not_found')
  }

  return { show, requirePermission, person: personOf }
}

/** The invites that a member may see: their own, or all for a moderator. */
export function invitesFor(store: DashboardParts['store'], { feed, role }: SignedIn): Invite[] {
  return store.invites.list(role === 'member' ? feed : undefined)
}

/** An invite that the member may see, or null. */
export function inviteFor(
  store: DashboardParts['store'],
  { feed, role }: SignedIn,
  id: string,
): Invite | null {
  const invite = isFeedId(id) ? store.invites.get(id) : null
  return invite && (role !== 'member' || invite.by === feed) ? invite : null
}

/** What sorts a feed without a name behind all names. */
export function unnamed(feed: string): string {
  return `\uffff${feed}`
}

/** Whether a name has an entry in PERMISSIONS. */
export function isAction(name: string): name is Action {
  return Object.hasOwn(PERMISSIONS, name)
}

/** The offset of a page in a list: `?from=`, if it is within the list. */
export function offsetIn(ctx: Pick<WebContext, 'query'>, length: number): number {
  const from = Number(ctx.query.from)
  return Number.isSafeInteger(from) && from > 0 && from < length ? from : 0
}

export interface Paging {
  earlier: number | null
  later: number | null
  /** what a link to another page of the list begins with */
  query: string
}

/** Offsets of the previous and the next page. @param query how the list was searched and sorted; empty values are left out */
export function pageOf(from: number, length: number, query: Record<string, string> = {}): Paging {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return {
    earlier: from > 0 ? Math.max(0, from - PAGE) : null,
    later: from + PAGE < length ? from + PAGE : null,
    query: kept.size === 0 ? '' : `${kept}&`,
  }
}
