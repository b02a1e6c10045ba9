// SPDX-License-Identifier: AGPL-3.0-or-later
// The import rules hold for src, and the checker finds what breaks them.

import t from 'tap'
import { type Files, importsOf, LINES, SPDX, violations } from './arrows.js'
import { sources } from './files.js'

const house = (files: Record<string, string>): Files =>
  new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      text.startsWith('//') || text.startsWith('#!') ? text : `${SPDX}\n// A purpose.\n${text}`,
    ]),
  )

t.test('src keeps to the house', async (t) => {
  const src = sources('src')
  t.ok(src.size > 20, 'the source was found')
  t.same(violations(src), [])
})

t.test('imports of every kind are seen', async (t) => {
  const kinds = [
    "import a from './a.js'",
    "import './b.js'",
    "import type { C } from './c.js'",
    "export { d } from './d.js'",
    "export * from '../e.js'",
    "const f = await import('./f.js')",
    "type G = import('./g.js').G",
    "const h = require('./h.js')",
    "import i = require('./i.js')",
    "import { j, type K } from 'granax'",
    'import(`./l.js`)',
  ]
  const seen = importsOf('src/peer/x.ts', kinds.join('\n')).map(({ target }) => target)
  const expected = ['a', 'b', 'c', 'd'].map((name) => `src/peer/${name}.ts`)
  const rest = ['f', 'g', 'h', 'i'].map((name) => `src/peer/${name}.ts`)
  t.same(seen, [...expected, 'src/e.ts', ...rest, 'granax', 'src/peer/l.ts'])
  t.same(
    importsOf('src/x.ts', "// import a from './a.js'\nconst s = \"import('./b.js')\""),
    [],
    'not in comments or text',
  )
})

t.test('a sound house', async (t) => {
  const sound = house({
    'src/lib/log.ts': 'export type Log = 1',
    'src/config/config.ts': "import type { Log } from '../lib/log.js'\nconst home = process.env.HOME",
    'src/ssb/id.ts': "import './b.js'\nimport type { Log } from '../lib/log.js'",
    'src/ssb/b.ts': '',
    'src/store/feeds.ts': "import '../ssb/id.js'",
    'src/room/live.ts': "import '../ssb/id.js'",
    'src/peer/auth.ts': "import '../store/feeds.js'\nimport '../room/live.js'",
    'src/wire/tcp.ts': "import '../lib/log.js'",
    'src/web/app.ts': "import '../store/feeds.js'",
    'src/onion/tor.ts': "import 'granax'\nimport '../lib/log.js'",
    'src/relay.ts':
      "import './peer/auth.js'\nimport './web/app.js'\nimport './onion/tor.js'\nimport './config/config.js'",
    'src/commands/start.ts': "await import('../relay.js')\nconsole.log(1)",
    'src/cli.ts': `#!/usr/bin/env node\n${SPDX}\n// A purpose.\nimport('./commands/start.js')`,
  })
  const files = new Map(sound).set(
    'src/cli.ts',
    `#!/usr/bin/env node\n${SPDX}\n// A purpose.\nimport('./commands/start.js')`,
  )
  t.same(violations(files), [])
})

t.test('each rule is found broken', async (t) => {
  const base = {
    'src/lib/log.ts': '',
    'src/config/config.ts': '',
    'src/ssb/id.ts': '',
    'src/store/feeds.ts': '',
    'src/room/live.ts': '',
    'src/peer/auth.ts': '',
    'src/web/app.ts': '',
    'src/onion/tor.ts': '',
    'src/relay.ts': '',
    'src/commands/start.ts': '',
    'src/cli.ts': '',
  }
  t.same(violations(house(base)), [])
  const broken: Array<[path: string, text: string, complaint: RegExp]> = [
    ['src/lib/log.ts', "import '../config/config.js'", /lib may not import src\/config/],
    ['src/lib/log.ts', "import '../ssb/id.js'", /lib may not import/],
    ['src/config/config.ts', "import '../ssb/id.js'", /config may not import/],
    ['src/ssb/id.ts', "import type { F } from '../store/feeds.js'", /ssb may not import/],
    ['src/store/feeds.ts', "import '../peer/auth.js'", /store may not import/],
    ['src/store/feeds.ts', "import '../room/live.js'", /store may not import/],
    ['src/store/feeds.ts', "import '../config/config.js'", /store may not import/],
    ['src/room/live.ts', "export * from '../web/app.js'", /room may not import/],
    ['src/peer/auth.ts', "type A = import('../web/app.js').A", /peer may not import src\/web/],
    ['src/web/app.ts', "await import('../peer/auth.js')", /web may not import src\/peer/],
    ['src/web/app.ts', "import '../config/config.js'", /web may not import src\/config/],
    ['src/onion/tor.ts', "import '../store/feeds.js'", /onion may not import/],
    ['src/relay.ts', "import './commands/start.js'", /relay may not import/],
    ['src/commands/start.ts', "import '../cli.js'", /commands may not import/],
    ['src/cli.ts', "import './relay.js'", /cli may not import/],
    ['src/relay.ts', "import { Controller } from 'granax'", /only onion/],
    ['src/relay.ts', "import 'granax/lib/x.js'", /only onion/],
    ['src/relay.ts', 'const a = process.env.HOME', /reads the environment/],
    ['src/relay.ts', "const a = process['env']", /reads the environment/],
    ['src/relay.ts', 'const a = globalThis.process.env', /reads the environment/],
    ['src/relay.ts', "import { env } from 'node:process'", /reads the environment/],
    ['src/relay.ts', "console.error('x')", /uses the console/],
    ['src/relay.ts', "import './nowhere.js'", /no file of src/],
    ['src/relay.ts', '// TO' + 'DO: later', /leaves a task/],
    ['src/relay.ts', '\n'.repeat(LINES), /lines are more than/],
    ['src/util/x.ts', '', /no part of the house/],
  ]
  for (const [path, text, complaint] of broken) {
    const found = violations(house({ ...base, [path]: text }))
    t.ok(
      found.some((each) => each.startsWith(`${path}: `) && complaint.test(each)),
      `${path}: ${complaint.source}`,
    )
  }
  t.match(violations(new Map([['src/lib/log.ts', "import 'pino'\n"]])), [
    /does not begin with/,
    /does not open with a comment/,
  ])
  const circle = house({
    'src/ssb/a.ts': "import './b.js'",
    'src/ssb/b.ts': "import type { A } from './a.js'",
  })
  t.same(violations(circle), ['src/ssb/a.ts → src/ssb/b.ts → src/ssb/a.ts: a circle of imports'])
})
