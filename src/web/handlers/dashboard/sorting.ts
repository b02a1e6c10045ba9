// SPDX-License-Identifier: AGPL-3.0-or-later
// Sorts the dashboard's lists by the column that a link names.

import { setImmediate } from 'node:timers/promises'
import type { WebContext } from '../../state.js'
import type { Words } from '../../words/en.js'

type Direction = 'ascending' | 'descending'

/** A column of a list. Without a key it cannot be sorted by. */
export interface Column<Row> {
  name: keyof Words['dash']['columns']
  /** text, or a number */
  keyOf?: (row: Row) => number | string
  /** by default texts are ascending, and numbers have the largest or latest first */
  direction?: Direction
}

/** What the head of a list needs. */
interface Head {
  name: string
  isSortable: boolean
  sorted: Direction | null
}

export interface Sorted<Row> {
  rows: Row[]
  columns: Head[]
  /** the column of `?sort=`; empty for the default */
  sort: string
}

/** Rows looked up in one turn of the event loop. */
const TURN = 200

/** Sorts rows by `?sort=`. @param usual the column without a valid `?sort=` */
export async function sortRows<Row>(
  ctx: WebContext,
  rows: readonly Row[],
  columns: ReadonlyArray<Column<Row>>,
  usual: Column<Row>['name'],
): Promise<Sorted<Row>> {
  const sortable = columns.filter(({ keyOf }) => keyOf)
  const chosen =
    sortable.find(({ name }) => name === ctx.query.sort) ?? sortable.find(({ name }) => name === usual)
  if (!chosen?.keyOf) throw new Error(`no column ${usual}`)
  const keyed: Array<{ row: Row; key: number | string }> = []
  for (const row of rows) {
    keyed.push({ row, key: chosen.keyOf(row) })
    if (keyed.length % TURN === 0) await setImmediate()
  }
  const isText = typeof keyed[0]?.key === 'string'
  const direction = chosen.direction ?? (isText ? 'ascending' : 'descending')
  const { compare } = new Intl.Collator(ctx.state.language.tag, { numeric: true })
  const sign = direction === 'ascending' ? 1 : -1
  keyed.sort(
    (a, b) => sign * (isText ? compare(String(a.key), String(b.key)) : Number(a.key) - Number(b.key)),
  )
  return {
    rows: keyed.map(({ row }) => row),
    columns: columns.map(({ name, keyOf }) => ({
      name,
      isSortable: keyOf !== undefined,
      sorted: name === chosen.name ? direction : null,
    })),
    sort: chosen.name === usual ? '' : chosen.name,
  }
}
