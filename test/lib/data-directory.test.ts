// SPDX-License-Identifier: AGPL-3.0-or-later
// The data directory: private, cleared of leftover files, and usable in spite of them.

import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clearLeftovers, prepareDataDir } from '../../src/lib/data-directory.js'
import { temporaryDir } from '../helpers/store.js'

t.test('only leftover files are removed', async (t) => {
  const dir = join(temporaryDir(t), 'data')
  prepareDataDir(dir)
  t.equal(statSync(dir).mode & 0o777, 0o700)
  for (const name of ['backup-abc123', 'restore-XYZ789', 'backup-mine', 'db-before-1', 'db']) {
    mkdirSync(join(dir, name))
    writeFileSync(join(dir, name, 'x'), '')
  }
  clearLeftovers(dir, (err) => t.fail(String(err)))
  t.same(readdirSync(dir).sort(), ['backup-mine', 'db', 'db-before-1'])
})
