// SPDX-License-Identifier: AGPL-3.0-or-later
// System programs that some tests drive: if one is missing, its tests are skipped, or fail in CI.

import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** The path of a program, or null. */
export function programPath(name: string): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']) {
    try {
      accessSync(join(dir, name), constants.X_OK)
      return join(dir, name)
    } catch {
      // not in this one
    }
  }
  return null
}

/**
 * Why a test that needs a program is skipped, for tap's `skip`; false if the program exists, and in CI, where a missing
 * program must fail.
 * @param debianPackage the package that contains it
 */
export function lacks(program: string, debianPackage: string): string | false {
  if (programPath(program) || process.env.CI) return false
  return `${program} is missing: apt-get install ${debianPackage}`
}
