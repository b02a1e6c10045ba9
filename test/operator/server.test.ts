// SPDX-License-Identifier: AGPL-3.0-or-later
// The control socket as any program may use it: lines of JSON, and the answers to invalid lines.

import { once } from 'node:events'
import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import {
  CONTROL_CONNECTIONS,
  CONTROL_HEARTBEAT_MS,
  CONTROL_REQUEST_BYTES,
  CONTROL_REQUESTS,
} from '../../src/lib/limits.js'
import type { Call } from '../../src/operator/call.js'
import { connectOperator } from '../../src/operator/client.js'

import { operatorStub } from '../commands/operator-stub.js'
import { createTestClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'
import { connectRaw } from './raw-client.js'

/** A method that waits until its caller disconnects, and records it. */
function hanging() {
  const calls: Call[] = []
  let ended = 0
  return {
    calls,
    ended: () => ended,
    method: (...args: unknown[]) =>
      new Promise((_, reject) => {
        const call = args.at(-1) as Call
        calls.push(call)
        call.signal.addEventListener('abort', () => {
          ended += 1
          reject(call.signal.reason)
        })
      }),
  }
}

t.test('a greeting, then an answer to each request', async (t) => {
  const { dataDir, calls } = await operatorStub(t, {
    status: () => ({ name: 'Rock pool', list: [1, null, 'ä🦀'] }),
    block: () => {
      throw new RelayError('bad_feed_id', 'x')
    },
    doctor: () => {
      throw new TypeError('a secret of the inside')
    },
  })
  const client = await connectRaw(t, dataDir)
  t.match(client.lines, [{ tidepool: 1, version: '0.0.0' }])
  client.ask({ id: 7, method: 'status' })
  t.same(await client.answer(7), { id: 7, result: { name: 'Rock pool', list: [1, null, 'ä🦀'] } })
  client.ask({ id: 7, method: 'unblock', params: ['@x'] })
  await until('the second', async () => client.lines.length === 3)
  t.same(client.lines[2], { id: 7, result: null }, 'an id may be used again; nothing is null')
  client.ask({ id: 8, method: 'block', params: [] })
  t.same(await client.answer(8), { id: 8, error: { code: 'bad_feed_id', message: 'not a feed id: x' } })
  client.ask({ id: 9, method: 'doctor', params: [] })
  t.same(await client.answer(9), { id: 9, error: { code: 'internal', message: 'internal error' } })
  t.same(calls, [['status'], ['unblock', '@x'], ['block'], ['doctor']])
})

t.test('invalid requests get a stable error, and the connection stays open', async (t) => {
  const { dataDir } = await operatorStub(t, { status: () => 'fine' })
  const client = await connectRaw(t, dataDir)
  const wrong: Array<[string | Buffer, string, number | null]> = [
    ['{', 'body_malformed', null],
    ['null', 'body_malformed', null],
    ['[]', 'body_malformed', null],
    ['"status"', 'body_malformed', null],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'body_malformed', null],
    ['[['.repeat(10_000), 'body_malformed', null],
    ['{}', 'bad_argument', null],
    ['{"id":"1","method":"status"}', 'bad_argument', null],
    ['{"id":-1,"method":"status"}', 'bad_argument', null],
    ['{"id":1.5,"method":"status"}', 'bad_argument', null],
    ['{"id":1e300,"method":"status"}', 'bad_argument', null],
    ['{"id":1}', 'bad_argument', 1],
    ['{"id":1,"method":7}', 'bad_argument', 1],
    ['{"id":1,"method":"status","params":{}}', 'bad_argument', 1],
    ['{"id":1,"method":"status","params":null}', 'bad_argument', 1],
    ['{"id":1,"method":"nonsense"}', 'no_such_method', 1],
    ['{"id":1,"method":"constructor"}', 'no_such_method', 1],
    ['{"id":1,"method":"__proto__"}', 'no_such_method', 1],
    ['{"__proto__":{"id":1,"method":"status"}}', 'bad_argument', null],
  ]
  for (const [line, code, id] of wrong) {
    const before = client.lines.length
    client.socket.write(line)
    client.socket.write('\n')
    await until('an answer', async () => client.lines.length > before)
    t.match(client.lines[before], { id, error: { code } }, String(line).slice(0, 50))
  }
  client.socket.write('\n\r\n')
  client.ask({ id: 2, method: 'status' })
  t.same(await client.answer(2), { id: 2, result: 'fine' })
})

t.test('bytes may arrive one at a time, and requests many at a time', async (t) => {
  const { dataDir } = await operatorStub(t, { block: (id) => id })
  const client = await connectRaw(t, dataDir)
  client.socket.setNoDelay(true)
  for (const byte of Buffer.from('{"id":1,"method":"block","params":["ä"]}\n')) {
    client.socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  t.same(await client.answer(1), { id: 1, result: 'ä' })
  const many = Array.from({ length: 10 }, (_, i) => `{"id":${i + 10},"method":"block","params":[${i}]}\n`)
  client.socket.write(many.join(''))
  for (let i = 0; i < 10; i++) t.same(await client.answer(i + 10), { id: i + 10, result: i })
})

t.test('a line has a maximum length', async (t) => {
  const { dataDir } = await operatorStub(t, { block: (id) => (id as string).length })
  const client = await connectRaw(t, dataDir)
  const frame = (text: string): string => `{"id":1,"method":"block","params":["${text}"]}`
  const room = CONTROL_REQUEST_BYTES - frame('').length
  client.socket.write(`${frame('x'.repeat(room))}\n`)
  t.same(await client.answer(1), { id: 1, result: room }, 'the longest')
  client.socket.write(`${frame('x'.repeat(room + 1))}\n`)
  t.match(await client.answer(null), { error: { code: 'message_too_large' } })
  await until('the end', async () => client.hasEnded)

  const endless = await connectRaw(t, dataDir)
  endless.socket.write(Buffer.alloc(4 * CONTROL_REQUEST_BYTES, 'x'))
  t.match(await endless.answer(null), { error: { code: 'message_too_large' } }, 'before it has come whole')
  await until('the end', async () => endless.hasEnded)

  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(operator.block('x'.repeat(CONTROL_REQUEST_BYTES)), { code: 'message_too_large' })
})

t.test('a client that ends its side is answered; calls of a disconnected one are cancelled', async (t) => {
  const wait = hanging()
  const { dataDir } = await operatorStub(t, { status: () => 'fine' }, { withCall: { doctor: wait.method } })
  const polite = await connectRaw(t, dataDir)
  polite.socket.end('{"id":1,"method":"status"}\n')
  t.same(await polite.answer(1), { id: 1, result: 'fine' })
  await until('the end', async () => polite.hasEnded)

  const half = await connectRaw(t, dataDir)
  half.socket.end('{"id":1,"method":"doctor"}\n')
  await until('the call', async () => wait.calls.length === 1)
  await until('a sign of life', async () => half.lines.some((line) => line.progress === null))
  t.equal(wait.ended(), 0, 'it still listens')
  half.socket.destroy()

  const gone = await connectRaw(t, dataDir)
  gone.ask({ id: 1, method: 'doctor' })
  await until('the call', async () => wait.calls.length === 2)
  gone.socket.destroy()
  await until('its end', async () => wait.calls[1]?.signal.aborted)
})

t.test('progress and heartbeats', async (t) => {
  const clock = createTestClock()
  const wait = hanging()
  const { dataDir } = await operatorStub(t, {}, { clock, withCall: { doctor: wait.method } })
  const client = await connectRaw(t, dataDir)
  client.ask({ id: 3, method: 'doctor' })
  await until('the call', async () => wait.calls.length === 1)
  const call = wait.calls[0] as Call
  const stage = 'reading'
  for (let done = 0; done < 1000; done++) call.progress({ stage, done, total: null })
  clock.advance(CONTROL_HEARTBEAT_MS)
  call.progress({ stage, done: 1000, total: 1000 })
  await until('all of it', async () => client.lines.length === 4)
  t.same(client.lines.slice(1), [
    { id: 3, progress: { stage, done: 0, total: null } },
    { id: 3, progress: null },
    { id: 3, progress: { stage, done: 1000, total: 1000 } },
  ])
  client.socket.destroy()
  await until('the cancelling', async () => wait.ended() === 1)
  await until('no timer', async () => clock.pending() === 0)
})

t.test('requests in progress and connections are limited', async (t) => {
  const wait = hanging()
  const { dataDir } = await operatorStub(t, { status: () => 'fine' }, { withCall: { doctor: wait.method } })
  const client = await connectRaw(t, dataDir)
  for (let id = 0; id < CONTROL_REQUESTS; id++) client.ask({ id, method: 'doctor' })
  client.ask({ id: 0, method: 'status' })
  t.match(await client.answer(0), { error: { code: 'bad_argument', message: /still in progress/ } })
  client.ask({ id: 99, method: 'status' })
  t.match(await client.answer(99), { error: { code: 'busy' } })

  const others = await Promise.all(
    Array.from({ length: CONTROL_CONNECTIONS - 1 }, () => connectRaw(t, dataDir)),
  )
  const { operator, close } = await connectOperator(dataDir)
  await t.rejects(operator.status(), { code: 'busy' }, 'and so are connections')
  close()
  others[0]?.socket.destroy()
  await until('room', async () => {
    const again = await connectOperator(dataDir)
    try {
      return (await again.operator.status().catch(() => null)) !== null
    } finally {
      again.close()
    }
  })
})

t.test('the client sends no more requests at a time than the relay accepts', async (t) => {
  const { dataDir } = await operatorStub(t, {
    block: async (id) => {
      await new Promise(setImmediate)
      return id
    },
  })
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  const ids = Array.from({ length: 5 * CONTROL_REQUESTS }, (_, i) => String(i))
  t.same(await Promise.all(ids.map((id) => operator.block(id))), ids)
})

t.test('requests of a client that does not read are not read', async (t) => {
  const big = 'x'.repeat(256 * 1024)
  const { dataDir, calls } = await operatorStub(t, { status: () => big })
  const client = await connectRaw(t, dataDir)
  client.socket.pause()
  for (let id = 0; id < 200; id++) client.ask({ id, method: 'status' })
  for (let i = 0; i < 200; i++) await new Promise(setImmediate)
  t.ok(calls.length < 50, `${calls.length} of 200 were begun`)
  client.socket.resume()
  await client.answer(199)
  t.equal(calls.length, 200)
})

t.test('the client waits for a long call while heartbeats arrive, and reports progress', async (t) => {
  const clock = createTestClock()
  const calls: Call[] = []
  let finish: (value: unknown) => void = () => {}
  const { dataDir } = await operatorStub(
    t,
    {},
    {
      clock,
      withCall: {
        doctor: (_, call) => {
          calls.push(call as Call)
          return new Promise((resolve) => {
            finish = resolve
          })
        },
      },
    },
  )
  const patience = 300
  const { operator, close } = await connectOperator(dataDir, { patience })
  t.teardown(close)
  const told: unknown[] = []
  const result = operator.doctor({}, (progress) => void told.push(progress))
  await until('the call', async () => calls.length === 1)
  calls[0]?.progress({ stage: 'reading', done: 1, total: 2 })
  const begun = performance.now()
  while (performance.now() - begun < 2 * patience) {
    clock.advance(CONTROL_HEARTBEAT_MS)
    await new Promise((resolve) => setTimeout(resolve, patience / 10))
  }
  finish({ ok: true, checks: [] })
  t.same(await result, { ok: true, checks: [] })
  t.same(told, [{ stage: 'reading', done: 1, total: 2 }])
})

t.test('another version of the protocol is recognized', async (t) => {
  const { createServer } = await import('node:net')
  const { shortDir } = await import('../commands/operator-stub.js')
  const dataDir = shortDir(t)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('{"tidepool":2,"version":"9.0.0"}\n')
  })
  server.listen(`${dataDir}/control.sock`)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { operator, close } = await connectOperator(dataDir)
  t.teardown(close)
  await t.rejects(operator.status(), { code: 'internal', message: /9\.0\.0.*version 2.*this command 1/ })
})
