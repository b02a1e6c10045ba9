// SPDX-License-Identifier: AGPL-3.0-or-later
// Tables for a terminal: aligned columns that fit its width.

import { displayWidth, oneLine, wrap } from './text-layout.js'

/** Text with a shorter form for narrow terminals. */
export interface ShortenedCell {
  full: string
  short: string
}

export type Cell = string | number | ShortenedCell

/** A column's title; an optional column is left out where the terminal is narrow. */
export type Heading = string | { title: string; optional: true }

/** Columns kept for the last column's text; the rest of the text goes on in further lines. */
const TEXT_COLUMNS = 20
/** The least width that a column is cut to. */
const LEAST_COLUMNS = 6
const GAP = '  '

interface Column {
  title: string
  optional: boolean
  cells: Cell[]
  isNumeric: boolean
  isShort: boolean
}

/**
 * Lays rows out under their headings, two spaces apart, numbers flush right.
 * Where they are wider than `width`, cells take their short forms from the right, then optional columns go, then the
 * last column is wrapped, and at last the widest column is cut.
 * @param width columns of the terminal; without a terminal there is no limit
 */
export function table(
  headings: readonly Heading[],
  rows: ReadonlyArray<readonly Cell[]>,
  width: number = terminalWidth(),
): string {
  let columns = headings.map((heading, i): Column => {
    const cells = rows.map((row) => row[i] ?? '')
    return {
      title: typeof heading === 'string' ? heading : heading.title,
      optional: typeof heading !== 'string',
      cells,
      isNumeric: cells.length > 0 && cells.every((cell) => typeof cell === 'number'),
      isShort: false,
    }
  })
  for (const column of [...columns].reverse()) if (!fits(columns, width)) column.isShort = true
  for (const column of [...columns].reverse())
    if (column.optional && !fits(columns, width)) columns = columns.filter((other) => other !== column)
  const widths = cutToFit(columns, width)
  const head = columns.map(({ title }) => [title])
  const body = rows.map((_, row) =>
    columns.map((column, i) => layCell(column, row, widths[i] ?? 0, i === columns.length - 1)),
  )
  return [head, ...body].flatMap((cells) => layRow(cells, columns, widths)).join('\n')
}

/** Columns of stdout's terminal; Infinity where stdout is none. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
}

function textOf({ cells, isShort }: Column, row: number): string {
  const cell = cells[row] ?? ''
  return oneLine(typeof cell === 'object' ? (isShort ? cell.short : cell.full) : String(cell))
}

function naturalWidth(column: Column): number {
  const texts = column.cells.map((_, row) => displayWidth(textOf(column, row)))
  return Math.max(displayWidth(column.title), ...texts)
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1))
}

/** Whether the columns fit with the last one wrapped. */
function fits(columns: readonly Column[], width: number): boolean {
  const widths = columns.map(naturalWidth)
  const last = widths.pop() ?? 0
  return totalOf([...widths, Math.min(last, TEXT_COLUMNS)]) <= width
}

function cutToFit(columns: readonly Column[], width: number): number[] {
  const widths = columns.map(naturalWidth)
  const last = widths.length - 1
  const excess = totalOf(widths) - width
  if (excess > 0)
    widths[last] = Math.max(Math.min(widths[last] ?? 0, TEXT_COLUMNS), (widths[last] ?? 0) - excess)
  while (totalOf(widths) > width) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= LEAST_COLUMNS) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function layCell(column: Column, row: number, width: number, isLast: boolean): string[] {
  const text = textOf(column, row)
  if (displayWidth(text) <= width) return [text]
  return isLast ? wrap(text, width) : [`${wrap(text, width - 1, false)[0] ?? ''}…`]
}

function layRow(cells: readonly string[][], columns: readonly Column[], widths: readonly number[]): string[] {
  const height = Math.max(...cells.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, i) => {
        const text = lines[line] ?? ''
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(text)))
        return columns[i]?.isNumeric ? padding + text : text + padding
      })
      .join(GAP)
      .trimEnd(),
  )
}
