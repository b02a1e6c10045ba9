// SPDX-License-Identifier: AGPL-3.0-or-later
// The identity: created once, readable only by its user, never overwritten.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { loadIdentity } from '../../src/store/identity.js'
import { temporaryDir } from '../helpers/store.js'

t.test('it is created in the format of ssb-keys and stays the same', async (t) => {
  const path = join(temporaryDir(t), 'secret')
  const made = loadIdentity(path)
  t.equal(statSync(path).mode & 0o077, 0)
  t.notOk(existsSync(`${path}.new`))
  t.same(loadIdentity(path), made)
  t.match(ssbKeys.loadSync(path), { id: made.id, private: made.private })
})

t.test('a start that was interrupted before the rename is repaired', async (t) => {
  const path = join(temporaryDir(t), 'secret')
  writeFileSync(`${path}.new`, 'half')
  t.match(loadIdentity(path), { id: /^@/ })
})

t.test('a damaged secret is rejected and left unchanged', async (t) => {
  const path = join(temporaryDir(t), 'secret')
  const { id, ...keys } = ssbKeys.generate()
  for (const text of [
    '',
    'rubbish',
    '{}',
    JSON.stringify({ ...keys, id: '@x' }),
    JSON.stringify({ ...keys, id, private: 'x' }),
  ]) {
    writeFileSync(path, text)
    const { error } = console
    console.error = () => {} // ssb-keys prints what it cannot parse
    t.throws(() => loadIdentity(path), { code: 'data_unusable' }, JSON.stringify(text).slice(0, 40))
    console.error = error
    t.equal(readFileSync(path, 'utf8'), text)
  }
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0)
    t.throws(() => loadIdentity(path), { code: 'data_unusable' })
  }
})
