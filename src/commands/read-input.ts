// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads a file that the command line names, or stdin.

import { readFileSync } from 'node:fs'
import { AdvisedError } from '../lib/errors.js'

/** Content of a file. @param file a path, or `-` for stdin. @throws AdvisedError `bad_argument` */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (err) {
    const detail = `cannot read ${file}: ${(err as Error).message}`
    throw new AdvisedError('give a file that you can read, or - for stdin', 'bad_argument', detail, {
      cause: err,
    })
  }
}
