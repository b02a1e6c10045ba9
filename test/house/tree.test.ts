// SPDX-License-Identifier: AGPL-3.0-or-later
// The files that docs/architecture.md and CONTRIBUTING.md name are in the source tree.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, text } from './files.js'

const architecture = text('docs/architecture.md')

/** Code blocks whose first line is a directory, with the lines below it. */
const trees = [...architecture.matchAll(/^```\n([a-z/]+)\/\n([\s\S]*?)^```$/gm)].map(
  ([, root = '', lines = '']) => ({ root, lines: lines.split('\n') }),
)

t.test('the drawn trees have files that exist', async (t) => {
  t.ok(trees.length >= 3, 'src, web/domain and onion were found')
  for (const { root, lines } of trees) {
    let directory = root === 'src' ? 'src' : `src/${root}`
    for (const line of lines) {
      const [, indent = '', name = ''] = /^( *)([a-z-]+(?:\/|\.ts))(?: |$)/.exec(line) ?? []
      if (name === '') continue
      // the tree of src goes on with directories beside it
      const base =
        indent === '' ? '' : indent.length === 2 ? (root === 'src' ? 'src' : `src/${root}`) : directory
      const path = join(base, name)
      if (indent.length === 2 && name.endsWith('/')) directory = path
      t.ok(existsSync(join(ROOT, path)), `${path} is drawn in docs/architecture.md`)
    }
  }
})

t.test('files that are named without src/ exist', async (t) => {
  const parts = 'commands|config|lib|matrix|muxrpc|onion|operator|peer|room|ssb|store|web|wire'
  for (const path of ['docs/architecture.md', 'CONTRIBUTING.md']) {
    const named = [
      ...text(path).matchAll(new RegExp(`(?<![\\w/])(?:src/)?((?:${parts})/[\\w/-]+\\.ts)\\b`, 'g')),
    ]
    for (const [, name = ''] of named) {
      if (/[A-Z]{3,}/.test(name)) continue
      t.ok(existsSync(join(ROOT, 'src', name)), `src/${name} is named in ${path}`)
    }
  }
})

t.test('the drawn path of a call names files that exist', async (t) => {
  const [, drawing = ''] = /^```\n(wire\/tcp-connection[\s\S]*?)^```$/m.exec(architecture) ?? []
  const named = [...drawing.matchAll(/\b(wire|muxrpc|peer|room)\/([a-z/-]+)/g)]
  t.ok(named.length >= 8)
  for (const [, part = '', name = ''] of named)
    t.ok(existsSync(join(ROOT, `src/${part}/${name}.ts`)), `src/${part}/${name}.ts is drawn`)
})
