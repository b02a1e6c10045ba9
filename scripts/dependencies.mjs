// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes the table of run-time dependencies into docs/security.md, from the lockfile and the installed packages.

import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
const { packages } = read('package-lock.json')

/** Where Node finds a package from another one. */
function found(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at ? `${at}/` : ''}node_modules/${name}`
    if (packages[path]) return path
    if (at === '') return null
  }
}

/** A package and all it needs. */
function tree(path, seen = new Set()) {
  if (path === null || seen.has(path)) return seen
  seen.add(path)
  for (const name of Object.keys(packages[path].dependencies ?? {})) tree(found(path, name), seen)
  return seen
}

/** Bytes of a package without the packages in it. */
function size(path) {
  if (!existsSync(join(ROOT, path))) return 0
  return readdirSync(join(ROOT, path), { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules') return sum
    const inner = `${path}/${entry.name}`
    return sum + (entry.isDirectory() ? size(inner) : lstatSync(join(ROOT, inner)).size)
  }, 0)
}

const kib = (bytes) => `${Math.ceil(bytes / 1024)} KiB`

/** The table as Markdown: a test compares all but the sizes, which differ by machine. */
export function dependencyTable() {
  const names = Object.keys(read('package.json').dependencies)
  const rows = names.map((name) => {
    const path = `node_modules/${name}`
    const { license, version } = { ...read(`${path}/package.json`), version: packages[path].version }
    const others = tree(path).size - 1
    return `| \`${name}\` | ${version} | ${license} | ${kib(size(path))} | ${others} |`
  })
  return [
    '| package | version | licence | size | packages it needs |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

/** Replaces the table in a document, between its markers. */
export function withTable(document) {
  return document.replace(
    /(<!-- dependencies -->\n\n)[\s\S]*?(\n\n<!-- end -->)/,
    (_, before, after) => `${before}${dependencyTable()}${after}`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(ROOT, 'docs/security.md')
  writeFileSync(path, withTable(readFileSync(path, 'utf8')))
}
