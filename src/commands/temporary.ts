// SPDX-License-Identifier: AGPL-3.0-or-later
// Temporary files that are removed however the command ends.

import { rmSync } from 'node:fs'
import { constants } from 'node:os'

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/**
 * Runs `work`, then removes the path. A signal also removes it, and then ends the process with the signal's exit code.
 * @param path a file or a directory
 */
export async function temporarily<T>(path: string, work: () => Promise<T>): Promise<T> {
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  const stop = (signal: NodeJS.Signals): void => {
    remove()
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    return await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
    remove()
  }
}
