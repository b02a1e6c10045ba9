// SPDX-License-Identifier: AGPL-3.0-or-later
// `start` as a process: its banner, its signals, its exit codes, and uncaught errors.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { json, text } from '../house/files.js'
import { buildFor } from './built.js'
import { type Running, run } from './cli.js'
import { shortDir } from './operator-stub.js'

// The fake is built beside the rest, as if it stood in src/commands, so its imports lead there.
const fake = text('test/commands/fake-relay.ts').replaceAll('../../src/', '../')
const status = text('test/commands/fake-status.ts').replaceAll('../../src/', '../')
const project = buildFor(
  t,
  new Map([
    ['src/test/fake-relay.ts', fake],
    ['src/test/fake-status.ts', status],
  ]),
)

function fakeRelay(t: Test, behaviour: string, ...args: string[]): Running {
  return run(t, project, [behaviour, ...args], { script: 'test/fake-relay.js' })
}

t.test('the banner, then a clean end on SIGTERM and SIGINT', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, printed, ended } = fakeRelay(t, 'good', '--data', shortDir(t), '--set', 'ssb.port=7777')
    await printed(/Ctrl-C/)
    child.kill(signal)
    const ran = await ended
    t.match(ran, { code: 0, signal: null })
    for (const part of ['@fake.ed25519', 'net:fake:8008~shs:k', 'http://127.0.0.1:8080/invite/']) {
      t.ok(ran.stdout.includes(part), part)
    }
    t.match(ran.stdout, /tidepool invite create --data \//, 'next commands name the same data directory')
    t.match(ran.stderr, /fake: port 7777\n[\s\S]*fake: closing\nfake: closed\n/)
  }
})

t.test('a relay that was never set up says where to do it', async (t) => {
  const fresh = fakeRelay(t, 'fresh', '--data', shortDir(t))
  await fresh.printed(
    /set-up +http:\/\/127\.0\.0\.1:8080\/setup\?token=t\n[\s\S]*tidepool setup --name NAME --data \/[\s\S]*Ctrl-C/,
  )
  fresh.child.kill('SIGTERM')
  t.equal((await fresh.ended).code, 0)
  const done = fakeRelay(t, 'good')
  await done.printed(/Ctrl-C/)
  done.child.kill('SIGTERM')
  t.notMatch((await done.ended).stdout, /set-?up/)
})

t.test('a signal during the start', async (t) => {
  const { child, printed, ended } = fakeRelay(t, 'slow-start')
  await printed(/fake: starting/, 'stderr')
  child.kill('SIGTERM')
  t.match(await ended, { code: 0, stdout: '', stderr: /fake: closed/ })
})

t.test('a second signal ends it at once', async (t) => {
  const { child, printed, ended } = fakeRelay(t, 'never-closes')
  await printed(/Ctrl-C/)
  child.kill('SIGTERM')
  await printed(/fake: closing/, 'stderr')
  child.kill('SIGTERM')
  t.match(await ended, { code: 1, stderr: /second signal, exiting at once/ })
})

t.test('a close that hangs is cut off within 5 s', async (t) => {
  const { child, printed, ended } = fakeRelay(t, 'never-closes')
  await printed(/Ctrl-C/)
  const before = Date.now()
  child.kill('SIGTERM')
  t.match(await ended, { code: 1, stderr: /close timed out/ })
  t.ok(Date.now() - before < 5000)
})

t.test('a close that fails', async (t) => {
  const { child, printed, ended } = fakeRelay(t, 'closes-badly')
  await printed(/Ctrl-C/)
  child.kill('SIGTERM')
  t.match(await ended, { code: 1, stderr: /close failed/ })
})

t.test('SIGHUP reads the configuration again, or keeps the old one', async (t) => {
  const file = join(shortDir(t), 'tidepool.toml')
  writeFileSync(file, '[invite]\nper_hour = 5\n')
  const { child, printed, ended } = fakeRelay(t, 'good', '--config', file)
  await printed(/Ctrl-C/)
  child.kill('SIGHUP')
  await printed(/fake: reload 5/, 'stderr')
  writeFileSync(file, '[invite]\nper_hour = "many"\n')
  child.kill('SIGHUP')
  await printed(/configuration reload failed/, 'stderr')
  writeFileSync(file, '[invite]\nper_hour = 6\n')
  child.kill('SIGHUP')
  await printed(/fake: reload 6/, 'stderr')
  child.kill('SIGTERM')
  t.equal((await ended).code, 0)
})

t.test('an uncaught error: logged, closed, exit code 1', async (t) => {
  for (const behaviour of ['throws', 'rejects']) {
    const ran = await fakeRelay(t, behaviour).ended
    t.match(ran, { code: 1, stderr: /"level":60.*nobody (catches|awaits) this[\s\S]*fake: closed/ })
  }
})

t.test('a start that fails', async (t) => {
  const port = await fakeRelay(t, 'no-port').ended
  t.match(port, {
    code: 1,
    stdout: '',
    stderr: /^tidepool: cannot listen on this address: .*EADDRINUSE.* \(address_unusable\)\n {2}next: .*\n$/,
  })
  const bug = await fakeRelay(t, 'bug').ended
  t.match(bug, {
    code: 1,
    stderr: /^tidepool: internal error: x is not a function \(internal\)\n {2}next: .*\n$/,
  })
  const traced = await fakeRelay(t, 'bug', '--set', 'log.level=debug').ended
  t.match(traced, { code: 1, stderr: /\n {4}at / }, 'a stack for those who asked')
  const config = await fakeRelay(t, 'good', '--set', 'ssb.prt=1', '--config', '/nonexistent/x.toml').ended
  t.match(config, { code: 1, stderr: /x\.toml.*ENOENT.*ssb\.prt.*ssb\.port\?.*\(config_invalid\)/ })
})

t.test('output of libraries is logged at debug, cut short', async (t) => {
  const debug = fakeRelay(t, 'prints', '--set', 'log.level=debug')
  const [line] = await debug.printed(/.*library output.*/, 'stderr')
  t.ok(line.length < 700)
  debug.child.kill('SIGTERM')
  await debug.ended
  const plain = fakeRelay(t, 'prints')
  await plain.printed(/Ctrl-C/)
  plain.child.kill('SIGTERM')
  t.notMatch((await plain.ended).stderr, /evil/)
})

t.test('a closed pipe is no error', async (t) => {
  const { child, ended } = run(t, project, ['--help'])
  child.stdout?.destroy()
  t.match(await ended, { code: 0, stderr: '' })
})

t.test('a real relay: starts, answers, rejects a second one, stops', async (t) => {
  const data = ['--data', shortDir(t)]
  const free = ['--set', 'ssb.port=0', '--set', 'web.port=0', '--set', 'ssb.host=127.0.0.1']
  const relay = run(t, project, ['start', ...data, ...free])
  const [, id, link = ''] = await relay.printed(/identity +(@\S+)[\s\S]*set-up +(http\S+)[\s\S]*Ctrl-C/)
  const page = await (await fetch(link)).text()
  t.match(page, 'type="hidden" name="token"', 'the link knows the token')
  t.match((await run(t, project, ['setup', ...data]).ended).stdout, link)
  const setUp = ['--name', 'Pier', '--description', 'Below the pier.']
  t.match(await run(t, project, ['setup', ...setUp, ...data]).ended, { code: 0, stdout: /Pier/ })
  t.equal((await fetch(link)).status, 404, 'and then it is gone')
  t.match(await run(t, project, ['mode', 'community', ...data]).ended, { code: 0, stdout: /^community/ })
  t.match(await run(t, project, ['members', 'knocks', ...data]).ended, { code: 0, stdout: /^No requests/ })
  const status = JSON.parse((await run(t, project, ['status', '--json', ...data]).ended).stdout)
  t.match(status, { id, version: json('package.json').version, pid: relay.child.pid, members: 0 })
  const created = await run(t, project, ['invite', 'create', ...data]).ended
  t.match(created.stdout, /^127\.0\.0\.1:\d+:@[A-Za-z0-9+/]{43}=\.ed25519~[A-Za-z0-9+/]{43}=\n$/)
  t.match(await run(t, project, ['doctor', '--rebuild', ...data]).ended, { code: 0, stdout: /All is well/ })
  const wrong = await run(t, project, ['members', 'add', 'nobody', ...data]).ended
  t.match(wrong, { code: 1, stderr: /^tidepool: not a feed id.* \(bad_feed_id\)\n {2}next: / })
  t.match(await run(t, project, ['start', ...data, ...free]).ended, {
    code: 1,
    stderr: /\(relay_running\)\n/,
  })
  relay.child.kill('SIGTERM')
  t.match(await relay.ended, { code: 0 })
  t.match(await run(t, project, ['status', ...data]).ended, { code: 1, stderr: /\(relay_not_running\)/ })
})
