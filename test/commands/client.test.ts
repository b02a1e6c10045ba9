// SPDX-License-Identifier: AGPL-3.0-or-later
// The operator's client: errors for sockets that are missing, dead, foreign, silent or invalid.

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AdvisedError } from '../../src/lib/errors.js'
import { RelayError } from '../../src/lib/errors.js'
import { connectOperator } from '../../src/operator/client.js'
import { operatorStub, shortDir } from './operator-stub.js'

const ID = `@${'A'.repeat(43)}=.ed25519`

function coded(code: string, words: RegExp) {
  return { name: code, code, message: words }
}

/** A socket whose behaviour the test sets. */
async function strange(t: Test, meet: (socket: Socket) => void): Promise<string> {
  const dataDir = shortDir(t)
  const server = createServer(meet)
  await new Promise<void>((resolve) => server.listen(join(dataDir, 'control.sock'), resolve))
  t.teardown(() => server.close())
  return dataDir
}

t.test('calls, arguments and answers go through as they are', async (t) => {
  const { dataDir, calls } = await operatorStub(t, {
    status: () => ({ id: ID, nested: { list: [1, null, 'ä'] } }),
    membersAdd: (id, note) => ({ key: id, value: note }),
  })
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  t.same(await operator.status(), { id: ID, nested: { list: [1, null, 'ä'] } })
  t.same(await operator.membersAdd(ID, 'Ana'), { key: ID, value: 'Ana' })
  t.same(await Promise.all([operator.inviteList(), operator.membersList(), operator.reload()]), [
    null,
    null,
    null,
  ])
  t.same(calls.slice(0, 2), [['status'], ['membersAdd', ID, 'Ana']])
})

t.test('errors of the relay keep their code and their words, and bring no stack', async (t) => {
  const { dataDir } = await operatorStub(t, {
    membersAdd: () => {
      throw new RelayError('already_following')
    },
    block: () => {
      throw new RelayError('bad_feed_id', 'x')
    },
    doctor: () => {
      throw new Error('a secret of the inside')
    },
  })
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(operator.membersAdd(ID), coded('already_following', /^already following$/))
  await t.rejects(operator.block(ID), coded('bad_feed_id', /^not a feed id: x$/))
  await t.rejects(operator.doctor({}), coded('internal', /^internal error$/))
})

t.test('no relay is running', async (t) => {
  await t.rejects(connectOperator(shortDir(t)), coded('relay_not_running', /none on/))
  await t.rejects(connectOperator(join(shortDir(t), 'none')), coded('relay_not_running', /none on/))
  const long = join(shortDir(t), 'x'.repeat(120))
  await t.rejects(connectOperator(long), coded('data_unusable', /longer than a unix socket's path/))
})

t.test('a file lies where the socket should', async (t) => {
  const dataDir = shortDir(t)
  writeFileSync(join(dataDir, 'control.sock'), 'left behind')
  await t.rejects(connectOperator(dataDir), coded('relay_not_running', /has ended/))
})

t.test('the socket belongs to another user', async (t) => {
  const { dataDir } = await operatorStub(t, {})
  chmodSync(join(dataDir, 'control.sock'), 0)
  // root may open everything, so where the tests run as root they step down for a moment
  const root = process.getuid?.() === 0
  if (root) process.seteuid?.(65_534)
  const connecting = connectOperator(dataDir)
  if (root) process.seteuid?.(0)
  const err = await connecting.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  t.match(err, coded('not_allowed', /belongs to another user/))
  t.match((err as AdvisedError).advice, /as the user that runs the relay/)
})

t.test('it hangs up in the middle of a call', async (t) => {
  const dataDir = await strange(t, (socket) => socket.once('data', () => socket.destroy()))
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(
    operator.status(),
    coded('busy', /closed the connection .* still listens: .*file descriptors/),
    'it runs, and is out of files',
  )
  await t.rejects(
    operator.status(),
    coded('busy', /closed the connection/),
    'nor is a later call left waiting',
  )
})

t.test('it hangs up and is gone', async (t) => {
  const dataDir = await strange(t, (socket) =>
    socket.once('data', () => {
      rmSync(join(dataDir, 'control.sock'))
      socket.destroy()
    }),
  )
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(operator.status(), coded('relay_not_running', /connection closed before/))
})

t.test('it ends politely without an answer', async (t) => {
  const dataDir = await strange(t, (socket) => socket.once('data', () => socket.end(Buffer.alloc(9))))
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(operator.status(), coded('busy', /closed the connection/))
})

t.test('it answers nonsense', async (t) => {
  for (const nonsense of [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '\u0002\0\0\0\u0003\0\0\0\u0001{{{',
    '\0'.repeat(200),
  ]) {
    const dataDir = await strange(t, (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(nonsense))
    })
    const { operator, close } = await connectOperator(dataDir)
    t.teardown(close)
    await t.rejects(operator.status(), { code: /^(busy|internal)$/ }, JSON.stringify(nonsense.slice(0, 20)))
  }
})

t.test('it never answers', async (t) => {
  const sockets: Socket[] = []
  const dataDir = await strange(t, (socket) => sockets.push(socket))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const { operator, close } = await connectOperator(dataDir, { patience: 20 })
  t.teardown(close)
  await t.rejects(operator.status(), coded('busy', /did not answer within/))
})

t.test('a directory in place of the socket', async (t) => {
  const dataDir = shortDir(t)
  mkdirSync(join(dataDir, 'control.sock'))
  await t.rejects(connectOperator(dataDir), coded('relay_not_running', /./))
})
