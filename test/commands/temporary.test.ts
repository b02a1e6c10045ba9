// SPDX-License-Identifier: AGPL-3.0-or-later
// Temporary files are removed when the work ends, fails or gets a signal.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporarily } from '../../src/commands/temporary.js'
import { temporaryDir } from '../helpers/store.js'

t.test('the file is removed in every case', async (t) => {
  const dir = temporaryDir(t)
  const path = join(dir, 'work')
  mkdirSync(path)
  const before = process.listenerCount('SIGHUP')
  t.equal(await temporarily(path, async () => 7), 7)
  t.notOk(existsSync(path))
  writeFileSync(path, '')
  await t.rejects(
    temporarily(path, async () => {
      throw new Error('no room')
    }),
    { message: 'no room' },
  )
  t.notOk(existsSync(path))
  t.equal(process.listenerCount('SIGHUP'), before, 'signals are what they were')
})

t.test('a signal leaves nothing behind', async (t) => {
  const path = join(temporaryDir(t), 'work')
  mkdirSync(path)
  const module = fileURLToPath(new URL('../../src/commands/temporary.ts', import.meta.url))
  const script = `import(${JSON.stringify(module)}).then(({ temporarily }) => {
    const never = new Promise(() => setInterval(() => {}, 1000))
    temporarily(${JSON.stringify(path)}, () => never)
    console.log('at work')
  })`
  const child = spawn(process.execPath, [...process.execArgv, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  t.same(await exited, [143, null])
  t.notOk(existsSync(path))
})
