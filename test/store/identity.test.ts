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

t.test('an old file, with comments and an id without sigil', async (t) => {
  const path = join(temporaryDir(t), 'secret')
  const { id, ...keys } = ssbKeys.generate()
  writeFileSync(
    path,
    `# this is your SECRET\n\n${JSON.stringify({ ...keys, id: id.slice(1) }, null, 2)}\n# ${id}\n`,
  )
  t.match(loadIdentity(path), { id, private: keys.private })
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
    JSON.stringify({ ...keys, id }).replace(keys.private.slice(20, 30), '\u0001'),
    'null',
    '5',
  ]) {
    writeFileSync(path, text)
    const printed = t.capture(console, 'error')
    let message = ''
    try {
      loadIdentity(path)
    } catch (err) {
      t.match(err, { code: 'data_unusable' }, JSON.stringify(text).slice(0, 40))
      message = String((err as Error).stack)
    }
    t.same(printed(), [], 'nothing is printed')
    t.match(message, 'is damaged')
    t.notMatch(message, keys.private.slice(0, 10), 'no piece of the key is told')
    t.equal(readFileSync(path, 'utf8'), text)
  }
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0)
    t.throws(() => loadIdentity(path), { code: 'data_unusable' })
  }
})
