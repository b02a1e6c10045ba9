// SPDX-License-Identifier: AGPL-3.0-or-later
// Garbage collection on demand, in a process that was not started with --expose-gc.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What `--expose-gc` would have put on the global object. */
export function exposedGc(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
