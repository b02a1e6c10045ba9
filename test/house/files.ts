// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads the project's own files for tests.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Files } from './arrows.js'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** A file of the project as text. */
export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** A file of the project as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each test reads other fields
export function json(path: string): any {
  return JSON.parse(text(path))
}

/** All TypeScript under a directory of the project, by path from its root. */
export function sources(directory: string): Files {
  const names = readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
  const paths = names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${directory}/${name.replaceAll('\\', '/')}`)
  return new Map(paths.sort().map((path) => [path, text(path)]))
}

/** Every file that people edit, by path from the project's root: no packages, builds or hidden directories. */
export function projectFiles(): string[] {
  const skipped = /^(node_modules|dist|release|coverage|\..*)$/
  const walk = (directory: string): string[] =>
    readdirSync(join(ROOT, directory)).flatMap((name) => {
      if (skipped.test(name)) return []
      const path = directory === '' ? name : `${directory}/${name}`
      return statSync(join(ROOT, path)).isDirectory() ? walk(path) : [path]
    })
  return walk('').sort()
}
