// SPDX-License-Identifier: AGPL-3.0-or-later
// What every bench says at its end: an aligned table, how the targets were met, and one JSON line.

import { parseArgs } from 'node:util'

export interface BenchOptions {
  messages: number
  /** how often each thing is measured */
  rounds: number
  short: boolean
  /** directory for CPU profiles of our relay, or null */
  profile: string | null
}

/** Reads `--short`, `--messages N`, `--rounds N` and `--profile DIR`. */
export function benchOptions(full: { messages: number; rounds: number }): BenchOptions {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      messages: { type: 'string' },
      rounds: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const short = values.short
  return {
    messages: whole(values.messages, short ? 2000 : full.messages),
    rounds: whole(values.rounds, short ? 1 : full.rounds),
    short,
    profile: values.profile ?? null,
  }
}

function whole(text: string | undefined, fallback: number): number {
  const number = text === undefined ? fallback : Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${text} is not a whole number above zero`)
  return number
}

export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

/** Lowest and highest, for a reader to see how noisy the machine was. */
export function spread(numbers: number[], digits = 0): string {
  return `${Math.min(...numbers).toFixed(digits)}-${Math.max(...numbers).toFixed(digits)}`
}

export function rounded(number: number, digits = 1): number {
  return Number(number.toFixed(digits))
}

/** Rows under headers; the first column to the left, numbers to the right. */
export function table(headers: string[], rows: Array<Array<string | number>>): string {
  const cells = [headers, ...rows.map((row) => row.map(String))]
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export interface Target {
  target: string
  measured: number
  bound: number
  met: boolean
}

export function atLeast(target: string, measured: number, bound: number): Target {
  return { target, measured: rounded(measured, 2), bound: rounded(bound, 2), met: measured >= bound }
}

export function atMost(target: string, measured: number, bound: number): Target {
  return { target, measured: rounded(measured, 2), bound: rounded(bound, 2), met: measured <= bound }
}

/** How far a target was met or missed, in words. */
export function verdict({ target, measured, bound, met }: Target): string {
  const by = Math.abs(measured / bound - 1) * 100
  return `${met ? 'met   ' : 'MISSED'} ${target}: ${measured} against ${bound} (${met ? 'with' : 'by'} ${by.toFixed(0)} %)`
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** What is under way, for the person who watches; not part of the result. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function conclude(bench: string, targets: Target[], result: object): void {
  say()
  for (const target of targets) say(verdict(target))
  say()
  say(JSON.stringify({ bench, node: process.version, arch: process.arch, ...result, targets }))
}
