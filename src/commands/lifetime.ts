// SPDX-License-Identifier: AGPL-3.0-or-later
// The lifetime of the relay's process: signals, uncaught errors, libraries that print.

import { format } from 'node:util'
import type { Config } from '../config/config.js'
import { CLOSE_MS } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { Relay } from '../relay.js'
import { isAnsweredFailure } from '../store/writer.js'

export interface Lifetime {
  /** Takes over a started relay. Returns false if a signal already stops the process: then the relay is closing. */
  adopt(relay: Relay): boolean
}

/** Longer than the relay's own time limit for a clean close. */
const EXIT_MS = CLOSE_MS + 500
/** Characters logged of a library's output, which can be a megabyte from a stranger. */
const PRINTED_CHARS = 500

/**
 * Handles signals and uncaught errors. SIGTERM and SIGINT close the relay and exit with 0, a second signal exits at
 * once. SIGHUP reloads the configuration. An uncaught error is logged and exits with 1, so that the service manager
 * restarts the relay.
 * @param onEnding called when the process begins to end
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
        log.error({ err }, 'close failed')
        process.exit(1)
      },
    )
  }

  function end(code: number): void {
    ending = { code }
    onEnding()
    setTimeout(() => {
      log.error('close timed out')
      process.exit(1)
    }, EXIT_MS).unref()
    close()
  }

  function stop(signal: NodeJS.Signals): void {
    if (ending) {
      log.warn({ signal }, 'second signal, exiting at once')
      process.exit(1)
    }
    log.info({ signal }, 'closing')
    end(0)
  }

  function crash(err: unknown): void {
    log.fatal({ err }, 'uncaught error')
    // the state may be inconsistent; acknowledged data is on disk
    if (ending) process.exit(1)
    // without a relay the event loop may end by itself, with this exit code
    process.exitCode = 1
    end(1)
    if (!relay) process.exit(1)
  }

  function reload(): void {
    if (!relay || ending) return
    try {
      relay.reload(readConfig())
    } catch (err) {
      log.error({ err }, 'configuration reload failed')
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

/** Libraries print to the console what strangers sent. Logs it at `debug` instead. */
function quietLibraries(log: Log): void {
  const logOutput = (...args: unknown[]): void => {
    if (log.isLevelEnabled('debug'))
      log.debug({ printed: format(...args).slice(0, PRINTED_CHARS) }, 'library output')
  }
  Object.assign(console, {
    log: logOutput,
    info: logOutput,
    warn: logOutput,
    error: logOutput,
    debug: logOutput,
    trace: logOutput,
    dir: logOutput,
  })
}
