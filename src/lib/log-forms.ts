// SPDX-License-Identifier: AGPL-3.0-or-later
// How a log entry looks: JSON for tools, one readable line for a terminal, and with priorities for the systemd journal.

export interface LogEntry {
  /** 10 (trace) to 60 (fatal) */
  severity: number
  /** Unix time in milliseconds */
  time: number
  event: string
  fields: object
}

/** Turns an entry into text that ends with a line feed. */
export type LogForm = (entry: LogEntry) => string

/** Severity from which an entry shows where its error was thrown: below it the event is unusual, but no fault. */
const STACK_FROM = 50

/** One JSON object a line, with the names that pino uses: `level`, `time`, `msg`, `err`. */
export function jsonForm({ severity, time, event, fields }: LogEntry): string {
  const entry = { level: severity, time: new Date(time).toISOString(), ...fields, msg: event }
  return `${escapeControls(stringify(entry))}\n`
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [60, 'FATAL'],
  [50, 'ERROR'],
  [40, 'WARN '],
  [30, 'INFO '],
  [20, 'DEBUG'],
  [10, 'TRACE'],
])

/** `12:00:00 INFO  invite used feed=@….ed25519`, in local time; the frames of an error follow on lines of their own. */
export function terminalForm(entry: LogEntry): string {
  const time = new Date(entry.time).toTimeString().slice(0, 8)
  return `${time} ${NAMES.get(entry.severity)} ${readable(entry)}\n`
}

/** Priorities of syslog, as `journalctl -p` knows them. */
export const PRIORITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const

/** `<6>invite used feed=@….ed25519`; without the time, as the journal has its own. */
export function journalForm(entry: LogEntry): string {
  return prioritized(priorityOf(entry.severity), readable(entry))
}

/** Text with the priority before each line: the journal takes every line for an entry of its own. */
export function prioritized(priority: number, text: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => `<${priority}>${line}\n`).join('')
}

function priorityOf(severity: number): number {
  if (severity >= 60) return PRIORITY.critical
  if (severity >= 50) return PRIORITY.error
  if (severity >= 40) return PRIORITY.warning
  return severity >= 30 ? PRIORITY.info : PRIORITY.debug
}

/** The event, its error and its fields on one line; of a fault also the frames, a line each. */
function readable({ severity, event, fields }: LogEntry): string {
  const { err, ...rest } = fields as { err?: unknown }
  const { message, code, stack } = describeError(err)
  const words = [message === undefined ? event : `${event}: ${message}`]
  for (const [name, value] of Object.entries({ ...(code !== undefined && { code }), ...rest }))
    words.push(`${name}=${shown(value)}`)
  const line = escapeControls(words.join(' ').replace(/[\r\n]+/g, ' '))
  return severity >= STACK_FROM && stack ? `${line}\n${frames(stack)}` : line
}

function describeError(err: unknown): { message?: string; code?: unknown; stack?: string } {
  if (err === undefined || err === null) return {}
  if (!(err instanceof Error)) return { message: typeof err === 'string' ? err : stringify(err) }
  const { code } = err as NodeJS.ErrnoException
  return { message: withCauses(err), code, ...(typeof err.stack === 'string' && { stack: err.stack }) }
}

/** An error's message and those of its causes. */
function withCauses(err: Error, depth = 0): string {
  const { cause } = err
  const rest = cause instanceof Error && depth < 3 ? `: ${withCauses(cause, depth + 1)}` : ''
  return `${err.message}${rest}`
}

function frames(stack: string): string {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return lines.map(escapeControls).join('\n')
}

/** A value in a readable line, quoted if it has spaces or special characters. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@=+~%,;#-]+$/.test(value)) return value
  return stringify(value) ?? 'undefined'
}

/** JSON of any value: an error becomes an object, a value without JSON becomes text. Never throws. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, plain)
  } catch {
    const parts = Object.entries(value as object).map(([name, part]) => {
      try {
        return [name, JSON.parse(JSON.stringify(part, plain) ?? 'null')]
      } catch {
        return [name, '[unserializable]']
      }
    })
    return JSON.stringify(Object.fromEntries(parts))
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (!(value instanceof Error)) return value
  const { name, stack } = value
  return { ...value, type: name, message: withCauses(value), stack }
}

/** Control characters that JSON does not escape, and bidirectional controls: terminals interpret them. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

function escapeControls(text: string): string {
  return text.replace(CONTROLS, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
