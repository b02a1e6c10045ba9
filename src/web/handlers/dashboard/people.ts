// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's pages about people: overview, members, knocks, blocked feeds, aliases, own page.

import { RelayError } from '../../../lib/errors.js'
import type { FeedId } from '../../../ssb/feed-id.js'
import { mayDo } from '../../../store/permissions.js'
import { ROLES, type Role } from '../../../store/roles.js'
import { idOf } from '../../format.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { Step } from '../../state.js'
import { noticeFor } from '../notice.js'
import { createMemberList } from './member-list.js'
import { createDashboardPages, type DashboardParts, offsetIn, PAGE, pageOf, unnamed } from './page.js'
import { sortRows } from './sorting.js'

/** Days in the chart, and rows in the list of largest feeds. */
const DAYS = 14
const LARGEST = 8

/** Creates the handlers. */
export function createPeoplePages(parts: DashboardParts) {
  const { store, online, maxBytes, health, now } = parts
  const { show, requirePermission, person } = createDashboardPages(parts)

  const shownRole = (feed: FeedId): Role | null => (store.members.has(feed) ? store.roles.of(feed) : null)

  const overview: Step = (ctx) => {
    const { role, feed } = memberOf(ctx)
    const here = online()
    const days = store.activity.last(DAYS)
    const totals = store.feeds.totals()
    const sizes = store.members.list().map(({ feed }) => ({ feed, bytes: store.feeds.info(feed).bytes }))
    const largest = sizes
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, LARGEST)
    show(ctx, 'dashboard/overview.njk', 'overview', {
      days,
      peak: Math.max(1, ...days.map(({ peak }) => peak)),
      attendants: here.slice(0, PAGE).map(person),
      more: Math.max(0, here.length - PAGE),
      counts: { members: store.members.count(), knocks: store.knocks.list().length, ...totals },
      storage: { bytes: totals.bytes, most: maxBytes(), file: store.bytes() },
      // storage per feed is for moderators
      largest: role === 'member' ? [] : largest.map((row) => ({ ...person(row.feed), bytes: row.bytes })),
      mine: store.feeds.info(feed),
      notices: store.notices.list().map((notice) => noticeFor(ctx, notice)),
      warnings: mayDo('health.see', role, store.settings.get().mode) ? health().warnings.length : null,
    })
  }

  const member: Step = (ctx) => {
    const feed = idOf(String(ctx.params.slug ?? ''))
    const row = feed ? store.members.get(feed) : null
    if (!feed || !row) throw new RelayError('not_found')
    const { latest, messages, bytes, forked } = store.feeds.info(feed)
    show(ctx, 'dashboard/member.njk', 'members', {
      shown: {
        ...person(feed),
        ...{ since: row.since, by: row.by, note: row.note, latest, messages, bytes, forked },
        description: store.profiles.get(feed).description,
        role: shownRole(feed),
        voucher: row.voucher ? person(row.voucher) : null,
        vouched: store.members.vouchedBy(feed).map(person),
        seen: store.members.lastSeen(feed),
        online: online().includes(feed),
        aliases: store.aliases.of(feed),
      },
      self: feed === memberOf(ctx).feed,
      roles: ROLES,
    })
  }

  const knocks: Step = async (ctx) => {
    requirePermission(ctx, 'knock.accept')
    const nameOf = store.names.reader()
    const { rows, columns, sort } = await sortRows(
      ctx,
      store.knocks.list(),
      [
        { name: 'name', keyOf: ({ feed }) => nameOf(feed) ?? unnamed(feed) },
        { name: 'note', keyOf: ({ note }) => note },
        { name: 'knocked', keyOf: ({ since }) => since, direction: 'ascending' },
        { name: 'expires', keyOf: ({ expires }) => expires, direction: 'ascending' },
      ],
      'knocked',
    )
    const from = offsetIn(ctx, rows.length)
    const waiting = rows.slice(from, from + PAGE).map(({ feed, note, since, expires }) => ({
      ...person(feed),
      ...{ note, since, expires },
    }))
    const paging = pageOf(from, rows.length, { sort })
    show(ctx, 'dashboard/knocks.njk', 'knocks', { ...paging, columns, knocks: waiting })
  }

  const blocked: Step = async (ctx) => {
    requirePermission(ctx, 'blocks.see')
    const { rows, columns, sort } = await sortRows(
      ctx,
      store.members.blocked(),
      [
        { name: 'feed', keyOf: ({ feed }) => feed },
        { name: 'reason', keyOf: ({ reason }) => reason },
        { name: 'blocked', keyOf: ({ since }) => since },
      ],
      'blocked',
    )
    const from = offsetIn(ctx, rows.length)
    const shown = rows
      .slice(from, from + PAGE)
      .map(({ feed, since, reason }) => ({ ...person(feed), since, reason }))
    const paging = pageOf(from, rows.length, { sort })
    show(ctx, 'dashboard/blocked.njk', 'blocked', { ...paging, columns, blocked: shown })
  }

  const aliases: Step = async (ctx) => {
    const { feed } = memberOf(ctx)
    if (store.settings.get().mode === 'restricted') throw new RelayError('not_found')
    const nameOf = store.names.reader()
    const { rows, columns, sort } = await sortRows(
      ctx,
      store.aliases.list(),
      [
        { name: 'alias', keyOf: ({ alias }) => alias },
        { name: 'owner', keyOf: ({ owner }) => nameOf(owner) ?? unnamed(owner) },
        { name: 'registered', keyOf: ({ since }) => since },
      ],
      'registered',
    )
    const from = offsetIn(ctx, rows.length)
    const shown = rows.slice(from, from + PAGE).map(({ alias, owner, since }) => ({
      ...{ alias, since, mine: owner === feed },
      owner: person(owner),
    }))
    const paging = pageOf(from, rows.length, { sort })
    show(ctx, 'dashboard/aliases.njk', 'aliases', { ...paging, columns, aliases: shown })
  }

  const me: Step = (ctx) => {
    const { feed, signIn } = memberOf(ctx)
    show(ctx, 'dashboard/me.njk', 'me', {
      now: now(),
      current: signIn.id,
      forgetting: { forget: 'yes' },
      signIns: store.signIns.of(feed),
      aliases: store.aliases.of(feed),
      mine: store.feeds.info(feed),
      shared: store.sharing.has(feed),
      showsCopies: store.sharing.has(feed) || store.peers.list().length > 0,
    })
  }

  return { overview, members: createMemberList(parts), member, knocks, blocked, aliases, me }
}
