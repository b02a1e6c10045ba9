// muxrpc frames: bounded on their way in; out, stored JSON is labelled and errors are scrubbed.

import { createRequire } from 'node:module'
import t from 'tap'
import { RelayError } from '../../../src/lib/errors.js'
import { OPENING_BYTES } from '../../../src/lib/limits.js'
import { createOutgoing, Incoming, jsonBytes, type StreamWatch } from '../../../src/peer/wire/frames.js'

const codec = createRequire(import.meta.url)('packet-stream-codec')

interface Packet {
  req: number
  stream: boolean
  end: boolean
  value: unknown
}

/** Sends a packet through muxrpc's encoder and our look at it; answers what its decoder would see. */
function pass(packet: Packet): Packet & { type: number } {
  const out: Buffer[] = []
  const look = createOutgoing(() => {})
  for (const chunk of codec.encodePair(packet)) look(chunk, (bytes) => out.push(bytes))
  const [head, body] = out as [Buffer, Buffer]
  return codec.decodeBody(body, codec.decodeHead(head))
}

const ending = (value: unknown): Packet => ({ req: -3, stream: false, end: true, value })

t.test('packets pass as they are', async (t) => {
  for (const value of [{ a: 1 }, [], 'text', '', Buffer.from('bytes'), true, 0]) {
    t.match(pass({ req: 7, stream: true, end: false, value }), { req: 7, stream: true, end: false, value })
  }
  t.match(
    pass({ req: 7, stream: true, end: true, value: true }),
    { end: true, value: true },
    'a clean end too',
  )
})

t.test('the goodbye has no body, and what follows it is not mistaken for one', async (t) => {
  const out: Buffer[] = []
  const look = createOutgoing(() => {})
  const [goodbye] = codec.encodePair('GOODBYE')
  look(goodbye, (bytes) => out.push(bytes))
  t.same(out, [Buffer.alloc(9)])
})

t.test('stored JSON goes out as an object, and its bytes are counted', async (t) => {
  let counted = 0
  const look = createOutgoing((bytes) => {
    counted += bytes
  })
  const out: Buffer[] = []
  const bytes = jsonBytes(Buffer.from('{"key":"%x","value":{}}'))
  for (const chunk of codec.encodePair({ req: -1, stream: true, end: false, value: bytes })) {
    look(chunk, (piece) => out.push(piece))
  }
  t.same(codec.decodeBody(out[1], codec.decodeHead(out[0])).value, { key: '%x', value: {} })
  t.equal(counted, bytes.length)
})

t.test('an error leaves with its code and without its stack', async (t) => {
  const flat = (err: Error) => ({ message: err.message, name: err.name, stack: err.stack })
  t.strictSame(pass(ending(flat(new RelayError('invite_used_up')))).value, {
    name: 'Error',
    message: 'invite used up',
    code: 'invite_used_up',
  })
  t.strictSame(pass(ending(flat(new Error('no async:blobs.get')))).value, {
    name: 'Error',
    message: 'no such method',
    code: 'no_such_method',
  })
  t.strictSame(pass(ending(flat(new TypeError('undefined is not /home/pi/secret')))).value, {
    name: 'Error',
    message: 'internal error',
    code: 'internal',
  })
  t.notMatch(JSON.stringify(pass({ ...ending(flat(new RelayError('busy'))), stream: true }).value), /stack/)
})

t.test('the end of a stream of the caller’s is told, and nothing else is', async (t) => {
  const ended: number[] = []
  const look = createOutgoing(
    () => {},
    (request) => ended.push(request),
  )
  const send = (packet: Packet) => {
    for (const chunk of codec.encodePair(packet)) look(chunk, () => {})
  }
  send({ req: -1, stream: true, end: false, value: 'data' })
  send({ req: -2, stream: false, end: true, value: 'an answer' })
  send({ req: 3, stream: true, end: true, value: true })
  t.same(ended, [])
  send({ req: -4, stream: true, end: true, value: true })
  t.same(ended, [4])
})

/** Streams that are all open for data, and a record of what was asked of them. */
function watch(but: Partial<StreamWatch> = {}): StreamWatch & { told: unknown[] } {
  const told: unknown[] = []
  const known = new Set<number>()
  return {
    told,
    opens: (request) => !known.has(request),
    opened(request, talks, ended) {
      known.add(request)
      told.push([request, talks, ended])
    },
    wentOn: () => true,
    takeEndings: () => [],
    ...but,
  }
}

const frames = (...packets: Packet[]): Buffer =>
  Buffer.concat(packets.flatMap((packet) => codec.encodePair(packet)))
const opening = (req: number, type: string): Packet => ({
  ...{ req, stream: true, end: false },
  value: { name: ['a'], args: [], type },
})
const data = (req: number, value: unknown = Buffer.alloc(300, 1)): Packet => ({
  ...{ req, stream: true, end: false, value },
})
/** Cut into pieces of any size, what goes in and what comes out. */
function pieces(bytes: Buffer, size: number, incoming: Incoming): Buffer {
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size)
    out.push(Buffer.from(incoming.take(bytes.subarray(at, at + size))))
  return Buffer.concat(out)
}
const SIZES = [1, 2, 8, 9, 10, 50, 299, 10_000]

t.test('an announced length beyond the limit is refused before a byte of it is gathered', async (t) => {
  const frame = (length: number): Buffer => {
    const head = Buffer.alloc(9 + length)
    head.writeUInt32BE(length, 1)
    return head
  }
  const stream = Buffer.concat([frame(10), frame(0), frame(1000), frame(3)])
  for (const size of SIZES) t.same(pieces(stream, size, new Incoming(() => 1000, watch())), stream)
  const incoming = new Incoming(() => 1000, watch())
  incoming.take(frame(10))
  const huge = Buffer.alloc(9)
  huge.writeUInt32BE(0xffffffff, 1)
  t.throws(() => incoming.take(huge), { code: 'message_too_large' })
})

t.test('a stream’s first frame tells whether its caller may send on it', async (t) => {
  const tricky = { name: ['a'], args: ['"duplex"', { type: 'duplex' }], type: 'source' }
  const stream = frames(
    opening(1, 'source'),
    opening(2, 'duplex'),
    opening(3, 'sink'),
    data(4, tricky),
    { ...data(5, 'duplex'), end: true },
    data(6),
    data(7, { type: 'duplex', args: 'x'.repeat(OPENING_BYTES) }),
    // answers to what we asked, and calls that are no streams
    data(-8, { type: 'duplex' }),
    { ...opening(9, 'async'), stream: false },
  )
  for (const size of SIZES) {
    const streams = watch()
    t.same(pieces(stream, size, new Incoming(() => 2 * OPENING_BYTES, streams)), stream)
    t.same(streams.told, [
      ...[
        [1, false, false],
        [2, true, false],
        [3, true, false],
      ],
      ...[
        [4, false, false],
        [5, false, true],
        [6, false, false],
        [7, false, false],
      ],
    ])
  }
})

t.test('frames that are not for muxrpc are left out, wherever the chunks are cut', async (t) => {
  const stream = frames(opening(1, 'duplex'), data(1), opening(2, 'duplex'), data(1), data(2), data(1))
  const rest = frames(opening(1, 'duplex'), opening(2, 'duplex'), data(2))
  for (const size of SIZES) {
    const streams = watch({ wentOn: (request) => request !== 1 })
    t.same(pieces(stream, size, new Incoming(() => 1000, streams)), rest)
  }
})

t.test('the ends of streams are put between frames, never into one', async (t) => {
  let endings = [7]
  const takeEndings = () => endings.splice(0)
  const incoming = new Incoming(() => 1000, watch({ takeEndings }))
  const end = frames({ req: 7, stream: true, end: true, value: true })
  t.same(incoming.endings(), end)
  t.equal(incoming.endings(), null)
  const long = frames(data(-1))
  t.same(incoming.take(long.subarray(0, 100)), long.subarray(0, 100))
  endings = [7]
  t.equal(incoming.endings(), null, 'a body is under way')
  t.same(
    incoming.take(Buffer.concat([long.subarray(100), long])),
    Buffer.concat([long.subarray(100), end, long]),
  )
})
