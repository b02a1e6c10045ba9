// SPDX-License-Identifier: AGPL-3.0-or-later
// Where the package lies: modules are in `src` when tests run, and in a few bundles of `dist` when the relay does.

import { existsSync, readFileSync } from 'node:fs'

/** The directory of `package.json`, `views` and `docs`, as a URL that ends with a slash. */
export const PACKAGE_ROOT: URL = findRoot()

/** The version in `package.json`. */
export function readVersion(): string {
  return JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')).version
}

function findRoot(): URL {
  let at = new URL('./', import.meta.url)
  while (!existsSync(new URL('package.json', at))) {
    const above = new URL('../', at)
    if (above.href === at.href) throw new Error(`no package.json above ${import.meta.url}`)
    at = above
  }
  return at
}
