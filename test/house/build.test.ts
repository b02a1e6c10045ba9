// SPDX-License-Identifier: AGPL-3.0-or-later
// The build: a few bundles that find their files wherever they lie, and load for a start only what listening needs.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { shortDir } from '../commands/operator-stub.js'
import { until } from '../helpers/wait.js'
import { json, ROOT } from './files.js'

function build(t: Test): string {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const dir = mkdtempSync(join(ROOT, 'build', 'bundle-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  for (const name of ['package.json', 'views']) symlinkSync(join(ROOT, name), join(dir, name))
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), join(dir, 'dist'), 'ssb/signature-thread'])
  return join(dir, 'dist')
}

const env = { ...process.env, NODE_OPTIONS: '', TIDEPOOL_DATA: '' }

t.test('a build', async (t) => {
  const dist = build(t)
  const cli = join(dist, 'cli.js')

  t.test('has what other programs name', async (t) => {
    const version = execFileSync(cli, ['--version'], { encoding: 'utf8', env })
    t.equal(version.trim(), json('package.json').version, 'cli.js can be executed')
    const config = await import(pathToFileURL(join(dist, 'config/config.js')).href)
    t.type(config.loadConfig, 'function')
    t.type(config.describeConfig, 'function')
    t.ok(readdirSync(dist).includes('fetch-child.js'))
    t.ok(readdirSync(dist).includes('cli.js.map'))
  })

  t.test('runs the thread that checks signatures', async (t) => {
    const { sodiumPath, startSignatureThread } = await import(
      pathToFileURL(join(dist, 'ssb/signature-thread.js')).href
    )
    let end: unknown = 'still running'
    const thread = startSignatureThread(sodiumPath(), (err?: Error) => {
      end = err
    })
    await until('the thread to come up or to fail', () => end instanceof Error || thread.begin())
    await thread.close()
    t.equal(end, undefined, 'no error')
  })

  t.test('starts a relay', async (t) => {
    const free = ['ssb.port=0', 'web.port=0', 'ssb.host=127.0.0.1'].flatMap((set) => ['--set', set])
    const data = shortDir(t)
    const child = spawn(process.execPath, [cli, 'start', '--data', data, ...free], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
    })
    t.teardown(() => child.kill('SIGKILL'))
    let said = ''
    for await (const chunk of child.stdout) {
      said += chunk
      if (/Ctrl-C/.test(said)) break
    }
    const web = /^ +web +(\S+)$/m.exec(said)?.[1] as string
    t.equal((await fetch(web)).status, 200, 'pages find their templates')
    child.kill('SIGTERM')
    t.same(await once(child, 'exit'), [0, null])
  })
})
