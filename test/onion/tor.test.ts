// SPDX-License-Identifier: AGPL-3.0-or-later
// The spawned tor: its torrc, and that it exits with the relay in any state.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/lib/clock.js'
import { MIB } from '../../src/lib/limits.js'
import { createLog } from '../../src/lib/log.js'
import { Controller } from '../../src/onion/controller.js'
import { authenticate } from '../../src/onion/cookie.js'
import { createOnion } from '../../src/onion/onion.js'
import { infoOf } from '../../src/onion/replies.js'
import { composeTorrc, queueBytes, startTor } from '../../src/onion/tor.js'
import { lacks } from '../helpers/programs.js'
import { shortDir } from '../helpers/relay.js'
import { silentLog } from '../helpers/store.js'
import { until, within } from '../helpers/wait.js'
import { json, text } from '../house/files.js'

const components = { log: silentLog, clock: systemClock }
const isOpen = (path: string): number => statSync(path).mode & 0o777

t.test('the torrc', async (t) => {
  const lines = composeTorrc({ dir: '/a "b"/tor', pid: 7, extra: 'UseBridges 1\n' }).split('\n')
  for (const line of [
    'DataDirectory "/a \\"b\\"/tor"',
    'ControlPort unix:"/a \\"b\\"/tor/control"',
    'CookieAuthentication 1',
    'SocksPort 0',
    'ClientOnly 1',
    'AvoidDiskWrites 1',
    '__OwningControllerProcess 7',
    'UseBridges 1',
  ])
    t.ok(lines.includes(line), line)
  t.match(lines.join('\n'), /^MaxMemInQueues \d+ bytes$/m)
  t.notMatch(composeTorrc({ dir: '/a', pid: 7, extra: 'MaxMemInQueues 1 GB' }), /\d+ bytes/)
  t.same(
    [256, 1024, 8192].map((mib) => queueBytes(mib * MIB) / MIB),
    [64, 128, 256],
    'an eighth, within reason',
  )
  const socks = composeTorrc({ dir: '/a', pid: 7, extra: 'SocksPort 127.0.0.1:9250' })
  t.notMatch(socks, 'SocksPort 0')
  for (const line of ['ControlPort 9051', '  datadirectory /x', '+ControlPort 1', '__OwningControllerFD 3'])
    t.throws(() => composeTorrc({ dir: '/a', pid: 7, extra: `UseBridges 1\n${line}\n` }), /may not set/, line)
})

t.test('the torrc is the packaged template, filled in', async (t) => {
  const template = text('tor/torrc.in')
  t.ok(json('package.json').files.includes('tor'))
  const options = (given: string): string[] =>
    given.split('\n').flatMap((line) => (/^[A-Za-z_]/.test(line) ? [line.split(' ')[0] ?? ''] : []))
  const filled = composeTorrc({ dir: '/a', pid: 7, extra: '' })
  t.same(options(filled), options(template))
  t.notMatch(filled, /@[A-Z_]+@/, 'every name is filled in')
  t.ok(
    composeTorrc({ dir: '/a', pid: 7, extra: 'Nickname $& @PID@' }).includes('Nickname $& @PID@'),
    'as they are',
  )
})

t.test(
  'tor belongs to this relay alone, and exits with the connection',
  { skip: lacks('tor', 'tor') },
  async (t) => {
    const root = await shortDir(t)
    // a path with characters that need quoting
    const dir = join(root, 'my tor')
    const extra = join(root, 'extra')
    writeFileSync(extra, 'DisableNetwork 1')
    const tor = startTor(components, { dir, binary: 'tor', extra })
    t.teardown(() => tor.stop())
    const controller = new Controller(await tor.control(), { clock: systemClock })
    await authenticate(controller, [tor.cookie])
    t.equal(isOpen(dir), 0o700)
    t.equal(isOpen(join(dir, 'torrc')), 0o600)
    t.equal(
      readFileSync(join(dir, 'torrc'), 'utf8'),
      composeTorrc({ dir, pid: process.pid, extra: 'DisableNetwork 1' }),
    )
    await controller.ask((callback) => controller.takeOwnership(callback))
    const owner = await controller.ask((callback) => controller.getInfo('version', callback))
    t.match(infoOf(owner, 'version'), /^0\.4\./)
    controller.end()
    t.match(await within('tor to go', tor.ended), { message: /tor ended/ })
  },
)

t.test('a suspended tor is ended as well', { skip: lacks('tor', 'tor') }, async (t) => {
  const dir = await shortDir(t)
  const extra = join(dir, 'extra')
  writeFileSync(extra, 'DisableNetwork 1\n')
  const tor = startTor(components, { dir: join(dir, 'tor'), binary: 'tor', extra })
  const controller = new Controller(await tor.control(), { clock: systemClock })
  await authenticate(controller, [tor.cookie])
  const reply = await controller.ask((callback) => controller.getInfo('process/pid', callback))
  process.kill(Number(infoOf(reply, 'process/pid')), 'SIGSTOP')
  await within('its end', tor.stop())
  t.match((await controller.ended).message, /hung up|ECONN/)
})

t.test(
  'a tor that is running already is used, and left unchanged',
  { skip: lacks('tor', 'tor') },
  async (t) => {
    const dir = await shortDir(t)
    const control = join(dir, 'control')
    const cookie = join(dir, 'cookie')
    const config = Object.entries({
      ...{ DataDirectory: dir, SocksPort: '0', DisableNetwork: '1', ControlPort: `unix:${control}` },
      ...{ CookieAuthentication: '1', CookieAuthFile: cookie },
    }).flatMap(([key, value]) => [`--${key}`, value])
    const none = ['--defaults-torrc', '/dev/null', '--ignore-missing-torrc', '-f', join(dir, 'none')]
    const child = spawn('tor', [...none, ...config], { stdio: 'ignore' })
    const gone = once(child, 'exit')
    t.teardown(async () => {
      child.kill('SIGKILL')
      await gone
    })
    await until('its cookie', () => existsSync(cookie))
    const dataDir = await shortDir(t)
    const port = { host: '127.0.0.1', port: 1 }
    const addresses = new Set<string | undefined>()
    for (let life = 1; life <= 2; life++) {
      const onion = createOnion(components, {
        ...{ dataDir, tor: `unix:${control}`, tor_binary: null, extra_torrc: null, cookie },
        ...{ web: port, ssb: port, whois: port },
      })
      t.teardown(() => onion.close())
      await until('it to be offered', () => onion.status().defences)
      t.match(onion.status(), { state: 'bootstrapping', tor: /^0\.4\./ })
      addresses.add(onion.status().address)
      await onion.close()
      t.equal(child.exitCode, null, 'it runs on')
    }
    t.equal(addresses.size, 1)
  },
)

t.test('a failed start gives the reason', async (t) => {
  const root = await shortDir(t)
  const dir = join(root, 'tor')
  const nowhere = startTor(components, { dir, binary: join(root, 'no-tor'), extra: null })
  t.match(await nowhere.ended, { message: /no program .*apt-get install tor/ })
  await t.rejects(nowhere.control(), /no program/)
  await nowhere.stop()

  const script = join(root, 'liar')
  writeFileSync(script, '#!/bin/sh\necho "Jan 01 00:00:00.000 [err] Reading config failed"\nexit 3\n')
  chmodSync(script, 0o755)
  const liar = startTor(components, { dir, binary: script, extra: null })
  t.match(await liar.ended, { message: 'tor ended (code 3): Reading config failed' })

  chmodSync(script, 0o644)
  const locked = startTor(components, { dir, binary: script, extra: null })
  t.match(await locked.ended, { message: /that the relay may run/ })
  t.throws(() => startTor(components, { dir, binary: 'tor', extra: join(root, 'none') }), /ENOENT/)
})

t.test('without a tor program the service is degraded, and the reason says what to install', async (t) => {
  const dataDir = await shortDir(t)
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const port = { host: '127.0.0.1', port: 1 }
  const onion = createOnion(
    { log, clock: systemClock },
    {
      ...{ dataDir, tor: 'spawn', tor_binary: join(dataDir, 'no-tor'), extra_torrc: null, cookie: null },
      ...{ web: port, ssb: port, whois: port },
    },
  )
  await until('its word', () => onion.status().state === 'degraded')
  t.match(onion.status(), { reason: /apt-get install tor/, address: /\.onion$/ })
  await onion.close()
  t.equal(lines.filter((line) => line.includes('degraded')).length, 1)
})
