// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /dashboard/members: all members, or those that a search finds, in one of several orders.

import { setImmediate } from 'node:timers/promises'
import { SEARCH_CHARS } from '../../../lib/limits.js'
import type { FeedId } from '../../../ssb/feed-id.js'
import { mayDo } from '../../../store/permissions.js'
import { memberOf } from '../../middleware/signed-in.js'
import type { Step } from '../../state.js'
import { createDashboardPages, type DashboardParts, offsetIn, PAGE, pageOf } from './page.js'

const ORDERS = ['name', 'since', 'seen', 'bytes'] as const
type Order = (typeof ORDERS)[number]

/** Members looked up in one turn of the event loop. */
const TURN = 200

const direction = (order: Order): string => (order === 'name' ? 'ascending' : 'descending')

interface Row {
  feed: FeedId
  since: number
  by: string
  /** what the list is sorted by */
  key: number | string
}

/** Creates the handler. */
export function createMemberList(parts: DashboardParts): Step {
  const { store, online } = parts
  const { show, person } = createDashboardPages(parts)

  /** Sorts members: names ascending, the others with the latest or largest first. */
  async function sorted(rows: Row[], order: Order, language: string): Promise<Row[]> {
    const nameOf = store.names.reader()
    const keyOf: Record<Order, (row: Row) => number | string> = {
      since: ({ since }) => since,
      seen: ({ feed }) => store.members.lastSeen(feed) ?? 0,
      bytes: ({ feed }) => store.feeds.info(feed).bytes,
      // those without a name come last
      name: ({ feed }) => nameOf(feed) ?? `\uffff${feed}`,
    }
    for (const [i, row] of rows.entries()) {
      row.key = keyOf[order](row)
      if (i % TURN === TURN - 1) await setImmediate()
    }
    const { compare } = new Intl.Collator(language, { numeric: true })
    return rows.sort((a, b) =>
      order === 'name' ? compare(String(a.key), String(b.key)) : Number(b.key) - Number(a.key),
    )
  }

  return async (ctx) => {
    const { q, sort } = ctx.query
    const { role } = memberOf(ctx)
    const search = typeof q === 'string' ? q.trim().slice(0, SEARCH_CHARS) : ''
    // storage per feed is for moderators
    const orders = ORDERS.filter((each) => each !== 'bytes' || mayDo('blocks.see', role, 'open'))
    const order = orders.find((each) => each === sort) ?? 'since'
    const found = search === '' ? null : new Set(await store.names.search(search))
    const listed = store.members.list().filter(({ feed }) => found === null || found.has(feed))
    const rows = listed.map(({ feed, since, by }) => ({ feed, since, by, key: 0 }))
    const all = await sorted(rows, order, ctx.state.language.tag)
    const here = new Set(online())
    const from = offsetIn(ctx, all.length)
    show(ctx, 'dashboard/members.njk', 'members', {
      ...{ search, most: SEARCH_CHARS, total: all.length },
      columns: orders.map((name) => ({ name, sorted: name === order ? direction(name) : null })),
      showsBytes: orders.includes('bytes'),
      ...pageOf(from, all.length, { q: search, sort: order === 'since' ? '' : order }),
      sortQuery: pageOf(0, 0, { q: search }).query,
      members: all.slice(from, from + PAGE).map(({ feed, since, by }) => ({
        ...person(feed),
        ...{ since, by, role: store.roles.of(feed), online: here.has(feed) },
        ...{ seen: store.members.lastSeen(feed), bytes: store.feeds.info(feed).bytes },
      })),
    })
  }
}
