// SPDX-License-Identifier: AGPL-3.0-or-later
// The log: levels, entries and rate limits. How entries look is in log-forms, where they go in log-output.

import { LOG_KINDS } from './limits.js'
import { jsonForm, type LogForm } from './log-forms.js'

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Severity by level; the numbers that pino and bunyan use, which tools for JSON logs know. */
const SEVERITY: Readonly<Record<LogLevel, number>> = {
  silent: Number.POSITIVE_INFINITY,
  fatal: 60,
  error: 50,
  warn: 40,
  info: 30,
  debug: 20,
  trace: 10,
}

/** Writes one entry: a constant event, and before it the fields that vary. */
export interface LogCall {
  (event: string): void
  (fields: object, event: string): void
}

export interface Log extends Record<Exclude<LogLevel, 'silent'>, LogCall> {
  /** the least severe level that is written; may be set at any time */
  level: LogLevel
  isLevelEnabled(level: LogLevel): boolean
}

/** Where formatted entries go. */
export interface LogOutput {
  write(text: string): void
}

/**
 * Opens the log. Nothing secret and no client's network address is logged at `info` or above.
 * @param level the least severe level written; `silent` needs no output
 */
export function createLog(level: LogLevel, output?: LogOutput, form: LogForm = jsonForm): Log {
  const log = { level, isLevelEnabled: (asked: LogLevel) => SEVERITY[asked] >= SEVERITY[log.level] } as Log
  for (const name of LOG_LEVELS) {
    if (name === 'silent') continue
    const severity = SEVERITY[name]
    log[name] = (first: string | object, event?: string) => {
      if (severity < SEVERITY[log.level] || !output) return
      const fields = typeof first === 'string' ? {} : first
      const words = typeof first === 'string' ? first : (event ?? '')
      output.write(form({ severity, time: Date.now(), event: words, fields }))
    }
  }
  return log
}

/** Minimum milliseconds between two entries of one kind that clients can cause. */
const RARELY_MS = 60_000

/**
 * Counts an event that clients can cause. Returns the number of events since the last entry when an entry is due, at
 * most once a minute, and otherwise 0: nobody can fill a board's card through the log.
 * @param uptime monotonic time in milliseconds
 */
export function createLogThrottle(uptime: () => number): () => number {
  let last = Number.NEGATIVE_INFINITY
  let times = 0
  return () => {
    times += 1
    if (uptime() - last < RARELY_MS) return 0
    last = uptime()
    const counted = times
    times = 0
    return counted
  }
}

/** Writes at most one entry a minute for each event, and for each feed where the fields name one. */
export type ThrottledLog = (level: 'info' | 'warn' | 'error', event: string, fields?: object) => void

/**
 * Creates a log for events that clients can cause. The field `times` counts the events since the last entry.
 * @param uptime monotonic time in milliseconds
 */
export function createThrottledLog(log: Log, uptime: () => number): ThrottledLog {
  const kinds = new Map<string, () => number>()
  return (level, event, fields) => {
    const kind = fields && 'feed' in fields ? `${event} ${fields.feed}` : event
    const due = kinds.get(kind) ?? createLogThrottle(uptime)
    kinds.delete(kind)
    kinds.set(kind, due)
    const [oldest] = kinds.keys()
    if (kinds.size > LOG_KINDS && oldest !== undefined) kinds.delete(oldest)
    const times = due()
    if (times > 0) log[level]({ ...fields, times }, event)
  }
}
