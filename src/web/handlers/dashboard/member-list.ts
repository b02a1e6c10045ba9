// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /dashboard/members: all members, or those that a search finds, in one of several orders.

import { SEARCH_CHARS } from '../../../lib/limits.js'
import { mayDo } from '../../../store/permissions.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { Step } from '../../state.js'
import { createDashboardPages, type DashboardParts, offsetIn, PAGE, pageOf, unnamed } from './page.js'
import { type Column, sortRows } from './sorting.js'

/** Creates the handler. */
export function createMemberList(parts: DashboardParts): Step {
  const { store, online } = parts
  const { show, person } = createDashboardPages(parts)

  return async (ctx) => {
    const { q } = ctx.query
    const { role } = memberOf(ctx)
    const search = typeof q === 'string' ? q.trim().slice(0, SEARCH_CHARS) : ''
    // storage per feed is for moderators
    const showsBytes = mayDo('blocks.see', role, 'open')
    const found = search === '' ? null : new Set(await store.names.search(search))
    const listed = store.members.list().filter(({ feed }) => found === null || found.has(feed))
    const nameOf = store.names.reader()
    const columnsOf: Array<Column<(typeof listed)[number]>> = [
      { name: 'name', keyOf: ({ feed }) => nameOf(feed) ?? unnamed(feed) },
      { name: 'since', keyOf: ({ since }) => since },
      { name: 'seen', keyOf: ({ feed }) => store.members.lastSeen(feed) ?? 0 },
      { name: 'bytes', keyOf: ({ feed }) => store.feeds.info(feed).bytes },
    ]
    const shownColumns = columnsOf.filter(({ name }) => name !== 'bytes' || showsBytes)
    const { rows: all, columns, sort } = await sortRows(ctx, listed, shownColumns, 'since')
    const here = new Set(online())
    const from = offsetIn(ctx, all.length)
    show(ctx, 'dashboard/members.njk', 'members', {
      ...{ search, most: SEARCH_CHARS, total: all.length },
      ...{ columns, showsBytes },
      ...pageOf(from, all.length, { q: search, sort }),
      sortQuery: pageOf(0, 0, { q: search }).query,
      members: all.slice(from, from + PAGE).map(({ feed, since, by }) => ({
        ...person(feed),
        ...{ since, by, role: store.roles.of(feed), online: here.has(feed) },
        ...{ seen: store.members.lastSeen(feed), bytes: store.feeds.info(feed).bytes },
      })),
    })
  }
}
