// SPDX-License-Identifier: AGPL-3.0-or-later
// SAFECOOKIE: the program at the control port gets nothing before it proves that it knows the cookie.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Controller } from '../../src/onion/controller.js'
import { authenticate } from '../../src/onion/cookie.js'
import { createTestClock } from '../helpers/clock.js'
import { type FakeControl, openFakeControl } from './fake-control.js'

async function open(t: Test): Promise<{ control: FakeControl; controller: Controller }> {
  const control = await openFakeControl(t)
  const [host, port] = control.where.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  const controller = new Controller(socket, { clock: createTestClock() })
  t.teardown(() => controller.end())
  return { control, controller }
}

const words = ({ commands }: FakeControl): string[] => commands.map((line) => line.split(' ')[0] ?? '')

t.test('both sides prove that they know the cookie', async (t) => {
  const { control, controller } = await open(t)
  await authenticate(controller, ['/nowhere/at/all', control.cookieFile])
  t.same(words(control), ['PROTOCOLINFO', 'AUTHCHALLENGE', 'AUTHENTICATE'])
})

t.test('without a valid proof the relay does not authenticate', async (t) => {
  const frauds: Array<[what: string, answer: () => string]> = [
    ['a wrong proof', () => `250 AUTHCHALLENGE SERVERHASH=${'0'.repeat(64)} SERVERNONCE=${'1'.repeat(64)}`],
    ['a short one', () => `250 AUTHCHALLENGE SERVERHASH=00 SERVERNONCE=${'1'.repeat(64)}`],
    ['none', () => '250 AUTHCHALLENGE'],
    ['no nonce', () => `250 AUTHCHALLENGE SERVERHASH=${'0'.repeat(64)} SERVERNONCE=`],
  ]
  for (const [what, answer] of frauds) {
    const { control, controller } = await open(t)
    control.answers.set('AUTHCHALLENGE', answer)
    await t.rejects(authenticate(controller, [control.cookieFile]), /does not know the cookie/, what)
    t.notOk(words(control).includes('AUTHENTICATE'), `${what}: nothing more is said`)
  }
})

t.test('other authentication methods are rejected, as they prove nothing about the other side', async (t) => {
  for (const methods of ['NULL', 'HASHEDPASSWORD', 'COOKIE', '']) {
    const { control, controller } = await open(t)
    control.answers.set('PROTOCOLINFO', () => `250-PROTOCOLINFO 1\n250-AUTH METHODS=${methods}\n250 OK`)
    await t.rejects(authenticate(controller, [control.cookieFile]), /SAFECOOKIE/, methods)
    t.same(words(control), ['PROTOCOLINFO'])
  }
})

t.test('the cookie file that the other side names is not read', async (t) => {
  const { control, controller } = await open(t)
  await t.rejects(authenticate(controller, ['/nowhere/cookie']), {
    message: `the cookie of tor cannot be read (ENOENT /nowhere/cookie); tor names ${JSON.stringify(control.cookieFile)}: set onion.cookie`,
  })
  t.same(words(control), ['PROTOCOLINFO'], 'and nothing is said of it')
})

t.test('invalid cookie files are rejected', async (t) => {
  const { control, controller } = await open(t)
  const dir = t.testdir({})
  for (const size of [0, 31, 33, 4096]) {
    const path = join(dir, String(size))
    writeFileSync(path, Buffer.alloc(size))
    await t.rejects(authenticate(controller, [path]), /not 32 bytes/)
  }
  await t.rejects(authenticate(controller, [dir]), /cannot be read/)
  t.notOk(words(control).includes('AUTHCHALLENGE'))
})
