// SPDX-License-Identifier: AGPL-3.0-or-later
// docs/clients.md: its table is the one of `npm run clients` with all tests passed, and the tests that it names exist.

import t from 'tap'
import { clientTable, namedTests } from '../../scripts/clients.mjs'
import { text } from './files.js'

t.test('the table says what the tests show; after a change run: npm run clients', async (t) => {
  const [, written = ''] = text('docs/clients.md').split('<!-- clients -->')
  t.equal(written.split('<!-- end -->')[0]?.trim(), clientTable())
  t.match(
    clientTable((file) => !file.includes('ssb-db2')),
    '**fails**',
    'a failed test shows',
  )
})

t.test('each test that it names exists', async (t) => {
  for (const [file, title] of namedTests()) t.ok(text(file).includes(title), `${file}: ${title}`)
})
