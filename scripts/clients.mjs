// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes the table of docs/clients.md from the results of the tests that its cells name: `npm run clients` runs them.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COLUMNS = ['invite', 'feed in', 'feed out, author offline', 'room', 'sign-in']

/** A cell: what works, and the title of the test that shows it. An empty cell: the library has no part in it. */
const ROWS = [
  {
    app: 'Manyverse: ssb-db2 8, ssb-ebt 9, ssb-friends, ssb-replication-scheduler, ssb-conn, ssb-room-client 2',
    file: 'test/interop/manyverse.test.ts',
    cells: {
      invite: ['code, link', 'two apps join by links, and one reads the other that is offline'],
      'feed in': ['by EBT', 'two apps join by links, and one reads the other that is offline'],
      'feed out, author offline': [
        'by EBT',
        'two apps join by links, and one reads the other that is offline',
      ],
      room: ['presence, tunnels', 'both in the room: they see each other, call through it, and sign in'],
      'sign-in': ['begun by the app', 'both in the room: they see each other, call through it, and sign in'],
    },
    notes:
      'with [EBT](invite-people.md#ebt) on. With EBT off its feed arrives, and nothing comes back: `tidepool status` counts such apps',
  },
  {
    app: 'ssb-server 16 (Patchwork, pubs), with its own replication',
    file: 'test/interop/ssb-server.test.ts',
    cells: {
      invite: ['code', 'its own invite.accept joins the relay, and posts arrive as they are written'],
      'feed in': ['yes', 'the author offline, EBT off: its history streams are served'],
      'feed out, author offline': ['yes', 'the author offline, EBT off: its history streams are served'],
    },
    notes: 'with EBT on or off; two of them alone replicate in a control run',
  },
  {
    app: 'ssb-db2 8 with history streams',
    file: 'test/interop/ssb-db2.test.ts',
    cells: {
      'feed in': ['by history', 'a burst of 200 with tied timestamps is taken in whole and given back'],
      'feed out, author offline': [
        'by history',
        'a burst cut off at a hole is completed within the bounded number of connections',
      ],
    },
    notes: 'messages out of order and cut connections included',
  },
  {
    app: 'ssb-invite-client 1 (Manyverse)',
    file: 'test/interop/ssb-invite-client.test.ts',
    cells: { invite: ['code', 'ssb-invite-client accepts a code, follows us, and remembers where we are'] },
    notes: 'on ssb-conn and ssb-db2',
  },
  {
    app: 'ssb-invite 3 (pubs)',
    file: 'test/interop/ssb-invite.test.ts',
    cells: { invite: ['code', 'ssb-invite accepts a code and follows us'] },
    notes: 'takes `already following` as success',
  },
  {
    app: 'a browser, then ssb-invite-client and ssb-db2',
    file: 'test/flows/person.test.ts',
    cells: {
      invite: ['code, from the puzzle page', 'from the landing page to being read'],
      'feed in': ['by history', 'from the landing page to being read'],
    },
    notes: 'the whole path of a person, with and without scripts',
  },
  {
    app: 'ssb-room-client 2 with ssb-conn (Manyverse)',
    file: 'test/interop/ssb-room-client.test.ts',
    cells: {
      room: [
        'presence, tunnels, aliases',
        'two apps see each other in the room, and talk through a tunnel both ways',
        "a friend's alias: ssb-room-client registers it, and gives it up",
        'ssb-conn comes back by itself after the relay restarts',
      ],
    },
    notes: 'in all modes; reconnects after a restart of the relay',
  },
  {
    app: 'ssb-tunnel 2 (Rooms 1)',
    file: 'test/interop/ssb-tunnel.test.ts',
    cells: {
      room: [
        'tunnels, also with Rooms 2 clients',
        'two ssb-tunnels, one reached through us by the other',
        'a Rooms 2 client reaches an ssb-tunnel, and an ssb-tunnel a Rooms 2 client',
      ],
    },
    notes: 'reconnects after a restart of the relay',
  },
  {
    app: "Delog's page and order of calls",
    file: 'test/flows/spip-01.test.ts',
    cells: {
      invite: [
        'code, in the title or the next URL',
        'the sequence diagram of SPIP-01',
        "Delog's browser window reads the code out of the next URL",
      ],
      'feed in': ['by history', 'the sequence diagram of SPIP-01'],
    },
    notes:
      'a client of ours that does what the source of Delog does (of March 2024, read line by line), not the app',
  },
  {
    app: 'ssb-http-invite-client 1',
    file: 'test/flows/http-invites.test.ts',
    cells: {
      invite: [
        'link, by URL and by SSB URI',
        'a link claimed by ssb-http-invite-client, by URL and by SSB URI',
      ],
    },
    notes: 'then connects with its own key',
  },
  {
    app: 'ssb-http-auth-client 1',
    file: 'test/flows/sign-in.test.ts',
    cells: {
      'sign-in': [
        'begun by the app or the browser',
        'ssb-http-auth-client begins it: its address opened in a browser signs in',
      ],
    },
    notes: '',
  },
]

/** The tests that the table names, as [file, title]. */
export function namedTests() {
  return ROWS.flatMap(({ file, cells }) =>
    Object.values(cells).flatMap(([, ...titles]) => titles.map((title) => [file, title])),
  )
}

/**
 * The table as Markdown.
 * @param passed tells whether a test passed, by its file and title
 */
export function clientTable(passed = () => true) {
  const rows = ROWS.map(({ app, file, cells, notes }) => {
    const shown = COLUMNS.map((column) => {
      const [works, ...titles] = cells[column] ?? []
      if (!works) return '–'
      return titles.every((title) => passed(file, title)) ? works : '**fails**'
    })
    return `| ${[app, ...shown, notes, `\`${file}\``].join(' | ')} |`
  })
  const head = ['app or library', ...COLUMNS, 'notes', 'test']
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n')
}

/** Runs the tests; returns whether one passed, by its file and title. */
function runTests() {
  const files = [...new Set(ROWS.map(({ file }) => file))]
  const { stdout } = spawnSync('npx', ['tap', 'run', '--reporter=tap', ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const results = new Set()
  let file = ''
  for (const line of stdout.split('\n')) {
    file = /^# Subtest: (.+)$/.exec(line)?.[1] ?? file
    const title = /^ {4}ok \d+ - (.+?)(?: # time=.*)?$/.exec(line)?.[1]
    if (title) results.add(`${file} ${title}`)
  }
  return (file, title) => results.has(`${file} ${title}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(ROOT, 'docs/clients.md')
  const passed = runTests()
  const failed = namedTests().filter(([file, title]) => !passed(file, title))
  for (const [file, title] of failed) process.stderr.write(`not passed: ${file}: ${title}\n`)
  const document = readFileSync(path, 'utf8')
  const table = clientTable(passed)
  writeFileSync(
    path,
    document.replace(/(<!-- clients -->\n\n)[\s\S]*?(\n\n<!-- end -->)/, (_, a, b) => a + table + b),
  )
  process.exitCode = failed.length > 0 ? 1 : 0
}
