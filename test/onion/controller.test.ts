// SPDX-License-Identifier: AGPL-3.0-or-later
// Faults of granax's controller that would crash or hang a server are fixed, tested against a server that provokes
// them.

import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { COMMAND_MS, Controller } from '../../src/onion/controller.js'
import { infoOf } from '../../src/onion/replies.js'
import { createTestClock } from '../helpers/clock.js'
import { type FakeControl, openFakeControl } from './fake-control.js'

async function open(t: Test, server?: FakeControl) {
  const control = server ?? (await openFakeControl(t))
  const clock = createTestClock()
  const [host, port] = control.where.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  const controller = new Controller(socket, { clock })
  t.teardown(() => controller.end())
  const info = (keyword: string) => controller.ask((callback) => controller.getInfo(keyword, callback))
  return { control, clock, controller, info }
}

t.test('a reply may arrive in chunks of any size', async (t) => {
  const { control, info } = await open(t)
  control.answers.set('GETINFO', (keyword, socket) => {
    const bytes = Buffer.from(`250-${keyword}=wave é\r\n250 OK\r\n`)
    let at = 0
    const next = (): void => {
      if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(next))
    }
    socket.setNoDelay(true)
    next()
    return null
  })
  t.equal(infoOf(await info('version'), 'version'), 'wave é')
})

t.test('several replies at once go to their commands in order', async (t) => {
  const { control, info } = await open(t)
  let held = ''
  control.answers.set('GETINFO', (keyword, socket) => {
    held += `250-${keyword}=${keyword} it is\r\n250 OK\r\n`
    if (keyword === 'c') socket.write(held)
    return null
  })
  const replies = await Promise.all(['a', 'b', 'c'].map(async (word) => infoOf(await info(word), word)))
  t.same(replies, ['a it is', 'b it is', 'c it is'])
})

t.test('an event between reply lines goes to its listener, not to the command', async (t) => {
  const { control, controller, info } = await open(t)
  const events: string[] = []
  controller.on('tor:HS_DESC', (text) => events.push(text))
  control.answers.set('GETINFO', (keyword, socket) => {
    socket.write(`650 HS_DESC UPLOADED x\r\n250-${keyword}=1\r\n`)
    return '250 OK\n650-HS_DESC CREATED\n650 OK'
  })
  t.equal(infoOf(await info('version'), 'version'), '1')
  t.same(events, ['UPLOADED x', 'CREATED'])
  control.event('error boom')
  t.equal(infoOf(await info('version'), 'version'), '1', 'whatever an event is called')
})

t.test('data is complete, and data lines that look like replies are data', async (t) => {
  const { control, info } = await open(t)
  control.answers.set(
    'GETINFO',
    (keyword) => `250+${keyword}=\nfirst=1\n250 OK\n551 no\n..dotted\n\nlast\n.\n250 OK`,
  )
  t.equal(infoOf(await info('config-text'), 'config-text'), 'first=1\n250 OK\n551 no\n.dotted\n\nlast')
})

t.test('a value is complete, including equals signs', async (t) => {
  const { control, info } = await open(t)
  control.answers.set('GETINFO', (keyword) => `250-${keyword}=a=b==\n250 OK`)
  t.equal(infoOf(await info('x'), 'x'), 'a=b==')
})

t.test('a reply without a command ends the connection, and the process runs on', async (t) => {
  const { control, controller, info } = await open(t)
  await info('version')
  control.send('250 OK\r\n')
  t.match(await controller.ended, { message: /reply without a command/ })
  await t.rejects(info('version'), /reply without a command/)
})

t.test('when the connection ends, waiting and later commands fail', async (t) => {
  const { control, controller, clock, info } = await open(t)
  control.answers.set('GETINFO', () => null)
  const waiting = ['a', 'b'].map((word) => t.rejects(info(word), /hung up/))
  await control.heard('GETINFO', 2)
  for (const socket of control.sockets) socket.destroy()
  await Promise.all(waiting)
  await controller.ended
  await t.rejects(info('c'), /hung up/)
  await t.rejects(controller.command('GETINFO d'), /hung up/)
  t.equal(clock.pending(), 0, 'no clock goes on')

  const again = await open(t, control)
  control.answers.set('GETINFO', (keyword) => `250-${keyword}=1\n250 OK`)
  t.equal(infoOf(await again.info('version'), 'version'), '1', 'another connection works')
})

t.test('a missing answer ends the connection after the time limit', async (t) => {
  const { control, clock, controller, info } = await open(t)
  control.answers.set('GETINFO', () => null)
  const asked = info('version')
  await control.heard('GETINFO')
  clock.advance(COMMAND_MS - 1)
  t.equal(control.sockets.size, 1)
  clock.advance(1)
  await t.rejects(asked, /no answer to GETINFO within 10 s/)
  t.match(await controller.ended, { message: /no answer/ })
})

t.test('a command cannot contain a second line', async (t) => {
  const { control, controller, info } = await open(t)
  for (const bad of ['version\r\nSIGNAL HALT', 'version\nSIGNAL HALT', 'version\rx', 'version\0'])
    await t.rejects(info(bad), /one line/)
  await info('version')
  t.same(
    control.commands.filter((line) => !line.startsWith('GETINFO version')),
    [],
  )
  t.equal(control.commands.length, 1)
  controller.end()
})

t.test('a rejection is an error with its code, and the connection stays open', async (t) => {
  const { control, info } = await open(t)
  control.answers.set('GETINFO', (keyword) =>
    keyword === 'x' ? '552-not\n552 Unrecognized' : '250-v=1\n250 OK',
  )
  await t.rejects(info('x'), { code: 552 })
  t.equal(infoOf(await info('v'), 'v'), '1')
})

t.test('data that is not the control protocol ends the connection', async (t) => {
  for (const garbage of [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '\u0000\u0001\u0002\n',
    '999 what\r\n',
    'x'.repeat(40_000),
    '250-a\r\n'.repeat(400_000),
    `250+data=\r\n${'line\r\n'.repeat(400_000)}`,
  ]) {
    const { control, controller, info } = await open(t)
    control.answers.set('GETINFO', (_, socket) => {
      socket.write(garbage)
      return null
    })
    await t.rejects(info('version'), /does not speak|no end/)
    await controller.ended
  }
})

t.test('only the controller of granax and its dependencies are loaded', async (t) => {
  const { createRequire } = await import('node:module')
  const loaded = Object.keys(createRequire(import.meta.url).cache)
    .map((path) => path.split('/node_modules/').at(-1) ?? '')
    .filter((path) =>
      /^(granax|async|merge|cheerio|undici|mv|rimraf|lodash|latest-torbrowser-version)\//.test(path),
    )
  t.same(loaded.sort(), [
    'async/dist/async.js',
    ...['commands', 'controller', 'replies'].map((name) => `granax/lib/${name}.js`),
    'merge/merge.js',
  ])
})
