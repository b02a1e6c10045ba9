// What commands print: aligned tables, times, sizes, links and JSON. Pure, but for what writes.

import { DAY, HOUR, KIB, MINUTE, SECOND } from '../lib/limits.js'
import { isLoopback } from '../lib/platform.js'

/** Writes to stdout, ending the line. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes a remark to stderr, where it is in nobody's pipe. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Writes a link alone to stdout, and remarks on one that others cannot open. */
export function printLink(link: string): void {
  print(link)
  if (URL.canParse(link) && isLoopback(new URL(link).hostname.replace(/^\[|\]$/g, '')))
    remark(
      'It opens on this machine alone: others need HTTPS, an onion address, or web.host (docs/run-it.md).',
    )
}

/** Writes a value as JSON for programs to read. */
export function printJson(value: unknown): void {
  // a call that answers nothing still prints a value
  print(JSON.stringify(value ?? null, null, 2))
}

/**
 * Text by others, fit for one line of a terminal: notes and reasons may carry escape sequences that would repaint
 * the operator's screen, or marks that turn the reading direction around.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

/** The beginning of a feed id, where whole ones would take the line from what matters; other words as they are. */
export function brief(id: string): string {
  return id.startsWith('@') ? `${id.slice(0, 9)}…` : id
}

/** Rows under their headings, columns two spaces apart; numbers flush right. */
export function table(
  headings: readonly string[],
  rows: ReadonlyArray<ReadonlyArray<string | number>>,
): string {
  const cells = rows.map((row) => row.map((cell) => oneLine(String(cell))))
  const width = headings.map((heading, i) =>
    Math.max(heading.length, ...cells.map((row) => row[i]?.length ?? 0)),
  )
  const right = headings.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(width[i] ?? 0) : cell.padEnd(width[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [headings, ...cells].map(line).join('\n')
}

/** Names and values, one to a line, aligned; a list goes on in lines of its own. */
export function facts(rows: ReadonlyArray<readonly [string, string | number | readonly string[]]>): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows
    .flatMap(([name, value]) => {
      const values = Array.isArray(value) && value.length > 0 ? value : [Array.isArray(value) ? '-' : value]
      return values.map((each, i) => `  ${(i ? '' : name).padEnd(width)}  ${oneLine(String(each))}`)
    })
    .join('\n')
}

const SPANS: ReadonlyArray<readonly [number, string]> = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
]

/** A span of milliseconds in its largest unit: `3 d`, `20 min`. @param whole how to get rid of what is left */
export function span(ms: number, whole = Math.floor): string {
  const [unit, name] = SPANS.find(([size]) => ms >= size) ?? [SECOND, 's']
  return `${whole(ms / unit)} ${name}`
}

/** A moment in words and exactly: `in 6 d (2025-01-02T03:04:05Z)`. What ends in 7 days does so a second later, too. */
export function moment(at: number, now: number = Date.now()): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '-'
  const far = Math.abs(at - now)
  const words = far < SECOND ? 'now' : at > now ? `in ${span(far, Math.round)}` : `${span(far)} ago`
  return `${words} (${date.toISOString().replace(/\.\d+Z$/, 'Z')})`
}

/** Bytes in binary units with three digits or so: `512 B`, `1.5 MiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  let value = bytes
  while (value >= KIB && at < units.length - 1) {
    value /= KIB
    at += 1
  }
  return `${at > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[at]}`
}
