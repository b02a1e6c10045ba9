// The life of the relay's process: signals, the last resort for errors nobody caught, and libraries that print.

import { format } from 'node:util'
import type { Config } from '../config/config.js'
import { CLOSE_MS } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { Relay } from '../relay.js'
import { isAnsweredFailure } from '../store/writer.js'

export interface Lifetime {
  /** Hands over the relay once it is up; false if the process was told to stop before, and the relay is closing. */
  adopt(relay: Relay): boolean
}

/** Beyond the relay's own time for a clean close, so that it can cut off what is left itself. */
const EXIT_MS = CLOSE_MS + 500
/** Characters of what a library printed that are worth a log line: it may be a stranger's megabyte. */
const PRINTED_CHARS = 500

/**
 * Takes over the process: SIGTERM and SIGINT close and exit 0, a second one exits at once; SIGHUP reads the
 * configuration again; an error nobody caught is logged and exits 1, for the service manager to start us anew.
 * @param onEnding runs when the end begins
 */
export function superviseProcess(log: Log, readConfig: () => Config, onEnding: () => void): Lifetime {
  let relay: Relay | null = null
  let ending: { code: number } | null = null

  function close(): void {
    if (!ending || !relay) return
    const { code } = ending
    relay.close().then(
      () => process.exit(code),
      (err) => {
        log.error({ err }, 'the relay did not close cleanly')
        process.exit(1)
      },
    )
  }

  function end(code: number): void {
    ending = { code }
    onEnding()
    setTimeout(() => {
      log.error('the relay did not close in time')
      process.exit(1)
    }, EXIT_MS).unref()
    close()
  }

  function stop(signal: NodeJS.Signals): void {
    if (ending) {
      log.warn({ signal }, 'told to stop twice: stopping at once')
      process.exit(1)
    }
    log.info({ signal }, 'closing')
    end(0)
  }

  function crash(err: unknown): void {
    log.fatal({ err }, 'an error that nobody caught')
    // the state is not to be trusted any more; what was acknowledged is on the disk already
    if (ending) process.exit(1)
    // without a relay the event loop may just run empty, and that would look like a good end
    process.exitCode = 1
    end(1)
    if (!relay) process.exit(1)
  }

  function reload(): void {
    if (!relay || ending) return
    try {
      relay.reload(readConfig())
    } catch (err) {
      log.error({ err }, 'the configuration was not read again: the one in force stays')
    }
  }

  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', reload)
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', (reason) => {
    if (!isAnsweredFailure(reason)) crash(reason)
  })
  quietLibraries(log)

  return {
    adopt(started) {
      relay = started
      close()
      return ending === null
    },
  }
}

/** Libraries of the stack print to the console what strangers sent them: into the log with it, where few look. */
function quietLibraries(log: Log): void {
  const note = (...args: unknown[]): void => {
    if (log.isLevelEnabled('debug'))
      log.debug({ printed: format(...args).slice(0, PRINTED_CHARS) }, 'a library printed')
  }
  Object.assign(console, {
    log: note,
    info: note,
    warn: note,
    error: note,
    debug: note,
    trace: note,
    dir: note,
  })
}
