// The log as the systemd journal takes it: a line per entry, opened by its priority, for people to read.

import { fstatSync, writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Priorities of syslog, as `journalctl -p` knows them. */
export const PRIORITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const

/**
 * True if a file descriptor is the journal's: a child may inherit `JOURNAL_STREAM` while its output goes elsewhere.
 * @param stream the variable's value, `device:inode`
 */
export function isJournal(stream: string | undefined, fd = 2): boolean {
  if (!stream) return false
  try {
    const { dev, ino } = fstatSync(fd)
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** Where pino writes for the journal. @param write takes the text, its line ends included; stderr unless a test gives one */
export function journalDestination(
  write: (text: string) => void = (text) => writeSync(2, text),
): DestinationStream {
  return { write: (entry) => write(journalEntry(entry)) }
}

/** Text with the priority before each line: the journal takes every line for an entry of its own. */
export function prioritized(priority: number, text: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => `<${priority}>${line}\n`).join('')
}

/** One of pino's JSON entries in the journal's form; the time is left out, as the journal has its own. */
export function journalEntry(json: string): string {
  const { level, time: _, msg = '', err, ...rest } = JSON.parse(json)
  const words = [typeof msg === 'string' ? msg : JSON.stringify(msg)]
  if (err) words[0] += `: ${shown(err.message ?? err, true)}`
  for (const [name, value] of Object.entries({ ...(err?.code && { code: err.code }), ...rest })) {
    words.push(`${name}=${shown(value)}`)
  }
  // where it happened matters for what went wrong, not for what is only odd
  const stack = level >= 50 && typeof err?.stack === 'string' ? `\n${frames(err.stack)}` : ''
  return prioritized(priorityOf(level), words.join(' ').replace(/[\r\n]+/g, ' ') + stack)
}

function priorityOf(level: number): number {
  if (level >= 60) return PRIORITY.critical
  if (level >= 50) return PRIORITY.error
  if (level >= 40) return PRIORITY.warning
  return level >= 30 ? PRIORITY.info : PRIORITY.debug
}

function frames(stack: string): string {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return lines.join('\n')
}

/** A value on its line. @param bare text may stand without quotation marks */
function shown(value: unknown, bare = false): string {
  if (typeof value === 'string' && (bare || /^[\w./:@=+~%,;#-]+$/.test(value))) return value
  return JSON.stringify(value) ?? 'undefined'
}
