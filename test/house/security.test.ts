// SPDX-License-Identifier: AGPL-3.0-or-later
// docs/security.md: every test that it names exists, every table of attacks names one, and the dependencies are those of now.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dependencyTable } from '../../scripts/dependencies.mjs'
import { ROOT, text } from './files.js'

const document = text('docs/security.md')

t.test('every test that is named exists', async (t) => {
  const named = [...document.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  t.ok(named.length > 40)
  for (const path of new Set(named)) t.ok(existsSync(join(ROOT, path)), path)
})

t.test('every attack has what stops it and a test', async (t) => {
  const [attacks = ''] = document.split('## Dependencies')
  const tables = attacks.split('| attack |').slice(1)
  t.ok(tables.length >= 9)
  for (const table of tables) {
    const rows = table.split('\n').filter((line) => line.startsWith('| '))
    for (const row of rows) t.match(row, /^\| [^|]+ \| [^|]+ \| `test\/[^|]+` \|$/)
  }
})

t.test('the dependencies are those of package.json, by node scripts/dependencies.mjs', async (t) => {
  // sizes differ by machine
  const withoutSizes = (table: string): string[] =>
    [...table.matchAll(/^\| `.*$/gm)].map(([row]) => row.replace(/\d+ KiB/, 'KiB'))
  const [, written = ''] = document.split('<!-- dependencies -->')
  t.same(withoutSizes(written), withoutSizes(dependencyTable()))
})
