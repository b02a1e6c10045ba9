// SPDX-License-Identifier: AGPL-3.0-or-later
// What commands print: facts, times, short ids, links and JSON.

import { DAY, HOUR, MINUTE, SECOND } from '../lib/limits.js'
import { isLoopback, isNearby } from '../lib/platform.js'
import { type Cell, type Heading, type ShortenedCell, table } from './table.js'
import { CONTROL, oneLine, withoutControls } from './text-layout.js'

export { size } from '../lib/text.js'
export { table }

/** Writes to stdout, ending the line. Text by others cannot repaint the screen. */
export function print(text: string): void {
  process.stdout.write(`${withoutControls(text)}\n`)
}

/** Writes a note to stderr, so that a pipe gets the result alone. */
export function printNote(text: string): void {
  process.stderr.write(`${withoutControls(text)}\n`)
}

/**
 * Prints a link alone on stdout, and a note on stderr if only this machine or its network can open it.
 * @param write prints the link; for a QR code
 */
export async function printLink(
  link: string,
  write: (text: string) => void | Promise<void> = print,
): Promise<void> {
  await write(link)
  if (URL.canParse(link)) noteReach(new URL(link).hostname, 'this link')
}

/** Notes that only this machine, or its network, can reach a host. @param what names the thing with the host in it */
export function noteReach(host: string, what: string): void {
  const bare = host.replace(/^\[|\]$/g, '')
  const who = isLoopback(bare) ? 'this machine' : isNearby(bare) ? 'the local network' : null
  if (who)
    printNote(
      `Only ${who} can use ${what}: it names ${bare}. Set domain.name, or name another host with --host (docs/run-it.md).`,
    )
}

/** Prints a table that fits the terminal, and a note on stderr if it shows ids in part. */
export function printTable(headings: readonly Heading[], rows: ReadonlyArray<readonly Cell[]>): void {
  const text = table(headings, rows)
  print(text)
  const ids = rows.flat().filter((cell) => typeof cell === 'object' && cell.full.endsWith('.ed25519'))
  if (ids.some((cell) => !text.includes((cell as ShortenedCell).full)))
    printNote('The ids are shortened to fit the terminal. --json shows whole ids.')
}

/** Writes a value as JSON for programs; undefined as null. Control characters and direction marks are escaped. */
export function printJson(value: unknown): void {
  const json = JSON.stringify(value ?? null, null, 2)
  print(json.replace(CONTROL, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

/** The first eight characters of a feed id; other text as it is. */
export function shortId(id: string): string {
  return id.startsWith('@') && id.endsWith('.ed25519') ? `${id.slice(0, 9)}…` : id
}

/** A cell with a feed id. */
export function idCell(id: string): ShortenedCell {
  return { full: id, short: shortId(id) }
}

/** A cell with a feed and its name, if it has one. The key stays beside the name, as anybody can choose any name. */
export function personCell(id: string, name: string | null): ShortenedCell {
  return name === null ? idCell(id) : { full: `${name} ${id}`, short: `${name} ${shortId(id)}` }
}

/** A cell with a time: relative and exact, or relative alone. */
export function timeCell(at: number, now: number = Date.now()): ShortenedCell {
  return { full: moment(at, now), short: relative(at, now) }
}

/** Names and values, one to a line, aligned. Each further value of a list gets its own line. */
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

/** A span of milliseconds in its largest unit: `3 d`, `20 min`. @param round how to drop the remainder */
export function span(ms: number, round = Math.floor): string {
  const [unit, name] = SPANS.find(([length]) => ms >= length) ?? [SECOND, 's']
  return `${round(ms / unit)} ${name}`
}

/** A time relative to now: `in 6 d`, `20 min ago`. The future is rounded: a second after it starts, 7 days are `in 7 d`. */
export function relative(at: number, now: number = Date.now()): string {
  const distance = Math.abs(at - now)
  if (Number.isNaN(new Date(at).getTime())) return '-'
  if (distance < SECOND) return 'now'
  return at > now ? `in ${span(distance, Math.round)}` : `${span(distance)} ago`
}

/** A time relative and exact: `in 6 d (2025-01-02T03:04:05Z)`. */
export function moment(at: number, now: number = Date.now()): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '-'
  return `${relative(at, now)} (${date.toISOString().replace(/\.\d+Z$/, 'Z')})`
}
