// SPDX-License-Identifier: AGPL-3.0-or-later
// The command line, transpiled once for a test file: a child process that had to compile itself would take seconds.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import ts from 'typescript'
import { ROOT, sources } from '../house/files.js'

/**
 * Writes a project with the current source in `app/`. Returns its path. Removed when the test ends.
 * @param extra more files, as if they lay in `src/`
 */
export function buildFor(t: Test, extra: ReadonlyMap<string, string> = new Map()): string {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const project = mkdtempSync(join(ROOT, 'build', 'cli-'))
  t.teardown(() => rmSync(project, { recursive: true, force: true }))
  for (const name of ['package.json', 'views', 'tor']) symlinkSync(join(ROOT, name), join(project, name))
  for (const [path, text] of new Map([...sources('src'), ...extra])) {
    const out = join(project, path.replace(/^src/, 'app').replace(/\.ts$/, '.js'))
    mkdirSync(dirname(out), { recursive: true })
    const { outputText } = ts.transpileModule(text, {
      fileName: pathToFileURL(join(ROOT, path)).href,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
      },
    })
    writeFileSync(out, outputText)
  }
  return project
}
