// The log: pino, written synchronously to stderr (no worker thread: it would cost a board some 10 MB).

import { type DestinationStream, type Logger, pino } from 'pino'

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
