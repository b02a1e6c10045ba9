// SPDX-License-Identifier: AGPL-3.0-or-later
// A session: calls in both directions, streams from start to end, and invalid frames.

import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import { JSON_BYTES } from '../../src/lib/limits.js'
import { TEXT } from '../../src/muxrpc/codec.js'
import type { Caller } from '../../src/muxrpc/contract.js'
import type { Methods } from '../../src/muxrpc/registry.js'
import type { RpcStream, StreamHandler } from '../../src/muxrpc/stream.js'
import {
  createCaller,
  END,
  EVERYBODY,
  frameOf,
  JSON_BODY,
  openSession,
  STREAM,
  type TestSession,
} from '../helpers/session.js'

const DATA = STREAM | JSON_BODY
const access = EVERYBODY

/** Methods of every type, and what became of the streams they opened. */
function setUp(limits: Partial<Caller['limits']> = {}) {
  const streams: RpcStream[] = []
  const heard: Array<{ body: string; type: number }> = []
  const ends: Array<Error | true> = []
  const handler: StreamHandler = {
    data: (body, type) => void heard.push({ body: body.toString(), type }),
    ended: (err) => void ends.push(err),
  }
  const open = (_: Caller, stream: RpcStream): void => {
    stream.handler = handler
    streams.push(stream)
  }
  const methods: Methods<Caller> = {
    echo: { type: 'async', access, call: async (_, value) => value },
    now: { type: 'sync', access, call: (_, value) => value },
    refuse: {
      ...{ type: 'async', access },
      call: async () => {
        throw new RelayError('not_found')
      },
    },
    break: {
      ...{ type: 'sync', access },
      call: () => {
        throw new TypeError('of the inside')
      },
    },
    'deep.source': { type: 'source', access, open },
    sink: { type: 'sink', access, open },
    duplex: { type: 'duplex', access, open },
    broken: {
      ...{ type: 'source', access },
      open: () => {
        throw new TypeError('of the inside')
      },
    },
    secret: { type: 'async', access: { words: 'nobody', allows: () => false }, call: () => 'secret' },
  }
  const caller = createCaller(limits)
  const opened = openSession(caller, { methods })
  return { ...opened, opened, caller, streams, heard, ends }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The one frame of an answer. */
function answer({ on }: TestSession<Caller>, request: number): { flags: number; value: unknown } {
  const [frame] = on(request)
  return { flags: frame?.flags as number, value: JSON.parse(String(frame?.body)) }
}

t.test('async calls', async (t) => {
  const { opened, faults } = setUp()
  const value = { a: [1, null, 'x'] }
  const requests = ['echo', 'now'].map((name) => opened.call(name, value))
  const [refused, broken] = [opened.call('refuse'), opened.call('break')]
  await tick()
  for (const request of requests) t.same(answer(opened, request), { flags: JSON_BODY, value })
  t.match(answer(opened, refused as number), {
    ...{ flags: END | JSON_BODY, value: { message: 'not found', code: 'not_found' } },
  })
  t.match(answer(opened, broken as number), { value: { message: 'internal error', code: 'internal' } })
  t.match(faults, [{ err: { message: 'of the inside' }, name: 'break' }], 'a refusal is no fault')
  t.notOk(JSON.stringify(opened.frames.map(String)).includes('inside'))
})

t.test('unknown and forbidden methods are refused alike; a wrong type is refused', async (t) => {
  const { opened } = setUp()
  const words = (name: string): unknown => (answer(opened, opened.call(name)).value as Error).message
  t.equal(words('secret'), 'not allowed: method:secret is not in list of allowed methods')
  t.equal(words('absent'), 'not allowed: method:absent is not in list of allowed methods')
  opened.flush()
  t.match(answer(opened, opened.call('sink')).value, { code: 'no_such_method' }, 'a stream without its flag')
  t.match(opened.end(opened.open('echo', 'source')), { code: 'no_such_method' })
  opened.flush()
  t.match(opened.end(opened.open('duplex', 'source')), { code: 'no_such_method' })
  t.match(opened.end(opened.open('duplex', 'nonsense')), { code: 'no_such_method' })
  opened.flush()
  t.match(answer(opened, opened.call('echo', 1, 2, 3, 4, 5)).value, { code: 'bad_argument' })
  t.equal(opened.session.streams, 0)
})

t.test('sinks take data until the caller ends them', async (t) => {
  for (const type of ['sink', 'duplex']) {
    const { opened, heard, ends, streams } = setUp()
    const request = opened.open(type, type)
    opened.send(DATA, request, [1])
    opened.send(STREAM | TEXT, request, Buffer.from('two'))
    opened.send(STREAM, request, Buffer.from('three'))
    t.same(heard, [
      { body: '[1]', type: JSON_BODY },
      { body: 'two', type: TEXT },
      { body: 'three', type: 0 },
    ])
    opened.send(DATA | END, request, true)
    t.same(ends, [true])
    t.equal(opened.end(request), true, 'our end answers theirs')
    t.notOk(streams[0]?.write('late'))
    t.equal(opened.session.streams, 0)
    t.equal(opened.on(request).length, 1)
  }
  const { opened, ends } = setUp()
  const request = opened.open('deep.source', 'source', '"duplex"', { type: 'duplex' })
  t.throws(() => opened.send(DATA, request, [1]), { code: 'bad_argument' }, 'a source takes none')
  const other = setUp()
  const source = other.opened.open('deep.source', 'source')
  other.opened.send(DATA | END, source, { message: 'enough' })
  t.match(other.ends, [{ message: 'enough' }], 'any stream may be ended')
  t.same(ends, [])
})

t.test('data on a stream that we ended is dropped, and the stream is then forgotten', async (t) => {
  const { opened, heard, ends, streams } = setUp()
  const request = opened.open('duplex', 'duplex')
  streams[0]?.end()
  streams[0]?.end(new RelayError('busy'))
  t.equal(opened.session.streams, 0)
  for (let i = 0; i < 100; i++) opened.send(DATA, request, i)
  opened.send(DATA | END, request, true)
  opened.send(DATA | END, request, true)
  t.same(heard, [])
  t.same(ends, [], 'never told of by one’s own end')
  t.equal(opened.on(request).length, 1, 'one end was sent')
  opened.send(DATA, request, { name: ['duplex'], args: [], type: 'duplex' })
  t.equal(streams.length, 2, 'the number is free again')
})

t.test('an error thrown when a method opens ends the stream', async (t) => {
  const { opened, faults } = setUp()
  const request = opened.open('broken', 'source')
  t.match(opened.end(request), { code: 'internal' })
  t.equal(faults.length, 1)
  t.equal(opened.session.streams, 0)
})

t.test('ends without a start, double ends and stray answers are ignored', async (t) => {
  const { opened } = setUp()
  for (const request of [1, 7, -1, -7, 0, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1]) {
    opened.send(DATA | END, request, true)
    opened.send(DATA | END, request, true)
    if (request > 0) continue
    opened.send(DATA, request, 'data')
    opened.send(JSON_BODY, request, 'answer')
    opened.send(JSON_BODY | END, request, { message: 'error' })
    opened.send(STREAM, request, Buffer.alloc(10_000))
  }
  t.same(opened.frames, [])
  t.equal(opened.session.gathered, 0)
  t.equal(opened.session.streams, 0)
  const request = opened.call('now', ['still here'])
  t.same(answer(opened, request).value, ['still here'])
})

t.test('request numbers at the limits of 32 bits', async (t) => {
  const { opened, streams, ends } = setUp()
  for (const request of [2 ** 31 - 1, 2 ** 30]) {
    opened.send(JSON_BODY, request, { name: ['now'], args: ['x'] })
    t.match(opened.frames.at(-1), { request: -request, flags: TEXT })
    opened.send(DATA, request, { name: ['duplex'], args: [], type: 'duplex' })
    streams.at(-1)?.write({})
    t.match(opened.frames.at(-1), { request: -request, flags: DATA })
    opened.send(DATA | END, request, true)
  }
  t.same(ends, [true, true])
})

t.test('a frame with a used number belongs to the open stream', async (t) => {
  const { opened, streams, heard } = setUp()
  const request = opened.open('duplex', 'duplex')
  const call = { name: ['duplex'], args: [], type: 'duplex' }
  opened.send(DATA, request, call)
  opened.send(JSON_BODY, request, { name: ['now'], args: [] })
  t.equal(streams.length, 1)
  t.same(JSON.parse(heard[0]?.body as string), call)
  t.equal(opened.session.streams, 1)
  t.same(opened.on(request), [])
})

t.test(
  'length 0 is a goodbye; a length over the limit ends the connection before the body is read',
  async (t) => {
    const head = (flags: number, length: number): Buffer => {
      const bytes = Buffer.alloc(9)
      bytes[0] = flags
      bytes.writeUInt32BE(length, 1)
      bytes.writeInt32BE(1, 5)
      return bytes
    }
    const { session } = setUp({ frameBytes: 100_000 })
    for (const [flags, length] of [
      [0, 100_001],
      [0, 2 ** 32 - 1],
      [STREAM, 2 ** 31],
      [JSON_BODY, JSON_BYTES + 1],
      [TEXT, JSON_BYTES + 1],
      [3, JSON_BYTES + 1],
    ] as const) {
      const other = setUp({ frameBytes: 100_000 })
      t.throws(
        () => other.session.receive(head(flags, length)),
        { code: 'message_too_large' },
        `${flags} ${length}`,
      )
      t.equal(other.session.gathered, 0)
    }
    t.doesNotThrow(() => session.receive(head(0, 100_000)))
    const ended = setUp()
    const request = ended.opened.open('duplex', 'duplex')
    ended.session.receive(head(DATA, 0))
    t.same(ended.ends, [true])
    t.equal(ended.opened.end(request), true, 'streams are ended first')
    t.equal(ended.frames.at(-1)?.request, 0, 'then the goodbye')
    t.ok(ended.opened.ended && ended.session.isClosed)
  },
)

t.test('invalid JSON ends the connection', async (t) => {
  for (const body of ['not json', '{"name":', '', '\u0000'].map((text) => Buffer.from(text || ' '))) {
    const { session } = setUp()
    t.throws(() => session.receive(frameOf(JSON_BODY, 1, body)), { code: 'bad_argument' })
    t.throws(() => session.receive(frameOf(DATA, 2, body)), { code: 'bad_argument' })
  }
  const { session } = setUp()
  t.throws(() => session.receive(frameOf(3, 1, {})), { code: 'bad_argument' })
})

t.test('a connection that ends inside a body: its streams end and its memory is freed', async (t) => {
  for (const err of [null, new Error('reset')]) {
    const { opened, ends, totals } = setUp()
    opened.open('duplex', 'duplex')
    const answers: unknown[] = []
    opened.session.request(['whoami'], [], (error) => answers.push(error))
    opened.session.receive(frameOf(DATA, 2, 'x'.repeat(5000)).subarray(0, 3000))
    t.ok(totals.total('gathered') > 0)
    opened.session.closed(err)
    opened.session.closed(err)
    t.same(ends, [err ?? true])
    t.match(answers, [{ message: err ? 'reset' : 'the connection ended' }])
    t.same(
      (['streams', 'gathered', 'queued'] as const).map((kind) => totals.total(kind)),
      [0, 0, 0],
    )
  }
})

t.test('frames cut at every byte', async (t) => {
  const bytes = Buffer.concat([
    frameOf(JSON_BODY, 1, { name: ['now'], args: [{}] }),
    frameOf(DATA, 2, { name: ['duplex'], args: [], type: 'duplex' }),
    frameOf(DATA, 2, [1]),
    frameOf(DATA | END, 2, true),
    Buffer.alloc(9),
  ])
  const whole = setUp()
  whole.session.receive(Buffer.from(bytes))
  const expected = whole.opened.bytes()
  t.ok(expected.length > 9)
  for (let at = 0; at <= bytes.length; at++) {
    const { session, opened, heard } = setUp()
    session.receive(Buffer.from(bytes.subarray(0, at)))
    session.receive(Buffer.from(bytes.subarray(at)))
    if (!opened.bytes().equals(expected) || heard.length !== 1) t.fail(`cut at ${at}`)
  }
  const single = setUp()
  for (const byte of bytes) single.session.receive(Buffer.from([byte]))
  t.same(single.opened.bytes(), expected, 'in pieces of a byte')
})

t.test('100,000 streams opened and ended by either side leave all counts at zero', async (t) => {
  const { opened, session, streams, ends, totals } = setUp()
  for (let i = 0; i < 100_000; i++) {
    const request = opened.open('duplex', 'duplex')
    if (i % 2) opened.send(DATA | END, request, true)
    else {
      streams[0]?.end()
      if (i % 4) opened.send(DATA | END, request, true)
    }
    streams.length = 0
    ends.length = 0
    opened.frames.length = 0
    opened.flush()
  }
  t.equal(session.streams, 0)
  t.equal(totals.total('streams'), 0)
  t.equal(session.queued, 0)
  const { open, late } = session as unknown as Record<string, { size: number } | null>
  const { waiters } = session as unknown as { waiters: { waiting: unknown } }
  t.equal(open?.size ?? 0, 0)
  t.ok((late?.size ?? 0) <= 16)
  t.equal(waiters.waiting, null)
})

t.test('a flood of refused calls ends the connection; refusals that are read do not', async (t) => {
  const { opened } = setUp({ calls: 8 })
  for (let i = 0; i < 16; i++) opened.call('absent')
  t.throws(() => opened.call('absent'), { code: 'busy' })
  const patient = setUp({ calls: 8 })
  for (let i = 0; i < 1000; i++) {
    patient.opened.call('absent')
    patient.opened.flush()
  }
  t.equal(patient.frames.length, 1000)
})

// --- calls of ours -----------------------------------------------------------------------------------------------

t.test('our calls get one answer', async (t) => {
  const { opened, session, frames } = setUp()
  const answers: unknown[] = []
  session.request(['a', 'b'], [1], (err, value) => answers.push(err?.message ?? value))
  session.request(['c'], [], (err, value) => answers.push(err?.message ?? value))
  t.same(
    frames.map(({ flags, request, body }) => [flags, request, body.toString()]),
    [
      [JSON_BODY, 1, '{"name":["a","b"],"args":[1]}'],
      [JSON_BODY, 2, '{"name":["c"],"args":[]}'],
    ],
  )
  opened.send(JSON_BODY | END, -2, { message: 'no', stack: 'x' })
  opened.send(TEXT, -1, Buffer.from('yes'))
  opened.send(TEXT, -1, Buffer.from('again'))
  t.same(answers, ['no', 'yes'])
})

t.test('our streams: data, their end and our end', async (t) => {
  const { opened, session, frames } = setUp()
  const told: unknown[] = []
  const handler: StreamHandler = {
    data: (body) => void told.push(body.toString()),
    ended: (err) => void told.push(err),
  }
  const source = session.stream(['list'], [{}], 'source', handler)
  t.same(
    frames.map(({ flags, request, body }) => [flags, request, body.toString()]),
    [[DATA, 1, '{"name":["list"],"args":[{}],"type":"source"}']],
  )
  opened.send(DATA, -1, 'x')
  opened.send(DATA | END, -1, { message: 'gone' })
  t.match(told, ['"x"', { message: 'gone' }])
  t.ok(source.isEnded)
  t.match(frames.at(-1), { flags: DATA | END, request: 1 }, 'our end answers theirs')
  told.length = 0
  const other = session.stream(['list'], [], 'source', handler)
  other.end()
  t.match(frames.at(-1), { flags: DATA | END, request: 2 })
  opened.send(DATA, -2, 'late')
  opened.send(DATA | END, -2, true)
  t.same(told, [])
  const sink = session.stream(['sink'], [], 'sink', handler)
  t.ok(sink.write({ a: 1 }))
  t.throws(() => opened.send(DATA, -3, 'x'), { code: 'bad_argument' }, 'a sink of theirs sends nothing')
  t.equal(session.streams, 0, 'streams of ours are not counted as theirs')
})

t.test('after the end every call fails; closing twice is allowed', async (t) => {
  const { session, opened, frames, ends } = setUp()
  opened.open('duplex', 'duplex')
  session.close()
  session.close()
  t.same(ends, [true])
  t.equal(frames.filter(({ request }) => request === 0).length, 1)
  const told: unknown[] = []
  session.request(['a'], [], (err) => told.push(err?.message))
  session.stream(['b'], [], 'source', { ended: (err) => void told.push((err as Error).message) })
  t.same(told, ['the connection ended', 'the connection ended'])
  const { length } = frames
  opened.call('now')
  t.equal(frames.length, length, 'and nothing is heard')
})
