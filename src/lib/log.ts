// The log: pino, written synchronously to stderr (no worker thread: it would cost a board some 10 MB).

import { type DestinationStream, type Logger, pino } from 'pino'
import { LOG_KINDS } from './limits.js'

export type Log = Logger

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Opens the log. Nothing secret and no client's network address is logged at `info` or above.
 * @param level       the least severe level written
 * @param destination where lines go; file descriptor 2 unless a test gives a stream
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
}

/** Milliseconds between two lines of one kind that strangers can cause at will. */
const RARELY_MS = 60_000

/**
 * Counts what strangers can provoke: answers how often it has happened since it was last said, at most once a minute, and
 * else 0, so that nobody can fill a board's card through the log.
 */
export function createLogThrottle(uptime: () => number): () => number {
  let last = Number.NEGATIVE_INFINITY
  let times = 0
  return () => {
    times += 1
    if (uptime() - last < RARELY_MS) return 0
    last = uptime()
    const said = times
    times = 0
    return said
  }
}

/** Writes a line of a level, with what it is about. Each message has a minute of its own, and of those about a feed each feed. */
export type ThrottledLog = (level: 'info' | 'warn' | 'error', message: string, about?: object) => void

/**
 * Lines that others can provoke: of each message one a minute, with how often it happened meanwhile; of what is about a feed
 * one a minute for each, as three broken clients are not one.
 */
export function createThrottledLog(log: Log, uptime: () => number): ThrottledLog {
  const kinds = new Map<string, () => number>()
  return (level, message, about) => {
    const kind = about && 'feed' in about ? `${message} ${about.feed}` : message
    const due = kinds.get(kind) ?? createLogThrottle(uptime)
    kinds.delete(kind)
    kinds.set(kind, due)
    const [oldest] = kinds.keys()
    if (kinds.size > LOG_KINDS && oldest !== undefined) kinds.delete(oldest)
    const times = due()
    if (times > 0) log[level]({ ...about, times }, message)
  }
}
