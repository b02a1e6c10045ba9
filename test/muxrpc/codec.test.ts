// SPDX-License-Identifier: AGPL-3.0-or-later
// muxrpc frames: the same bytes as npm's codec, cut anywhere, with bounded memory.

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import {
  BYTES,
  decodeBody,
  decodeEnd,
  END,
  encodeBody,
  encodeError,
  FrameReader,
  frameHead,
  GOODBYE,
  HEAD_BYTES,
  JSON_BODY,
  STREAM,
  type Taking,
  TEXT,
} from '../../src/muxrpc/codec.js'

const codec = createRequire(import.meta.url)('packet-stream-codec')

interface Packet {
  req: number
  stream: boolean
  end: boolean
  value: unknown
}

/** A packet as bytes of ours. */
function encode({ req, stream, end, value }: Packet): Buffer {
  const { type, body } = encodeBody(value)
  return Buffer.concat([frameHead(type | (stream ? STREAM : 0) | (end ? END : 0), body.length, req), body])
}

/** The same as npm's codec has them. */
const npm = (packet: Packet | string): Buffer =>
  Buffer.concat((codec.encodePair(packet) as Array<Buffer | null>).filter((part) => part !== null))

interface Read {
  flags: number
  request: number
  body: Buffer
}

/** A reader that keeps what it is given. */
function keeping(taking: (flags: number, length: number, request: number) => Taking = () => 'whole') {
  const frames: Read[] = []
  const state = { gathered: 0, most: 0, goodbyes: 0 }
  const reader = new FrameReader({
    begin: taking,
    frame: (flags, request, body) => void frames.push({ flags, request, body: Buffer.from(body) }),
    goodbye() {
      state.goodbyes += 1
    },
    gathering(bytes) {
      state.gathered += bytes
      state.most = Math.max(state.most, state.gathered)
    },
  })
  return { reader, frames, state }
}

/** Gives a reader bytes in pieces of one size, each in memory that is overwritten afterwards. */
function give(reader: FrameReader, bytes: Buffer, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size))
    reader.read(piece)
    piece.fill(0xff)
  }
}

const SIZES = [1, 2, 8, 9, 10, 50, 299, 10_000]

const PACKETS: Packet[] = [
  ...[{ a: 1 }, [], 'text', Buffer.from('bytes'), true, 0, null, 'ä€𝄞'].map((value) => ({
    ...{ req: 7, stream: true, end: false, value },
  })),
  { req: 7, stream: true, end: true, value: true },
  { req: -3, stream: false, end: true, value: { message: 'no' } },
  { req: 2 ** 31 - 1, stream: false, end: false, value: 1 },
  { req: -(2 ** 31), stream: true, end: false, value: Buffer.alloc(300, 1) },
  { req: 0, stream: false, end: false, value: ['a message'] },
  { req: 1, stream: true, end: false, value: 'x'.repeat(5000) },
]

t.test('we write the same bytes as npm', async (t) => {
  for (const packet of PACKETS) t.same(encode(packet), npm(packet), JSON.stringify(packet).slice(0, 80))
  t.same(GOODBYE, npm('GOODBYE'))
  fc.assert(
    fc.property(
      fc.record({
        ...{
          req: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
          stream: fc.boolean(),
          end: fc.boolean(),
        },
        value: fc.oneof(
          fc.jsonValue().filter((value) => value !== ''),
          // empty text goes out as JSON: npm sends a frame without a body, which is a goodbye
          fc.string({ minLength: 1 }),
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
      }),
      (packet) => encode(packet).equals(npm(packet)),
    ),
    { numRuns: 300 },
  )
})

t.test('we read the frames of npm, cut anywhere', async (t) => {
  const bytes = Buffer.concat(PACKETS.map(npm))
  for (const size of SIZES) {
    const { reader, frames, state } = keeping()
    give(reader, bytes, size)
    t.equal(frames.length, PACKETS.length)
    for (const [at, packet] of PACKETS.entries()) {
      const { flags, request, body } = frames[at] as Read
      t.same(
        {
          req: request,
          stream: !!(flags & STREAM),
          end: !!(flags & END),
          value: decodeBody(body, flags & 3),
        },
        packet,
        `pieces of ${size}`,
      )
    }
    t.equal(state.gathered, 0, 'nothing is held between frames')
  }
})

t.test('a cut at every byte of two frames', async (t) => {
  const packets = [PACKETS[0], PACKETS[11]] as [Packet, Packet]
  const bytes = Buffer.concat(packets.map(npm))
  for (let at = 1; at < bytes.length; at++) {
    const { reader, frames } = keeping()
    for (const piece of [bytes.subarray(0, at), bytes.subarray(at)]) give(reader, piece, piece.length)
    t.same(
      frames.map(({ body, flags }) => decodeBody(body, flags & 3)),
      packets.map(({ value }) => value),
      `cut at ${at}`,
    )
  }
})

t.test('a frame without a body is a goodbye that ends reading; zeros in a body are not', async (t) => {
  const zeros = { req: 5, stream: true, end: false, value: Buffer.alloc(100) }
  for (const size of SIZES) {
    for (const goodbye of [GOODBYE, frameHead(STREAM, 0, 3)]) {
      const { reader, frames, state } = keeping()
      give(reader, Buffer.concat([npm(zeros), Buffer.from(goodbye), npm(zeros), npm('GOODBYE')]), size)
      t.equal(frames.length, 1)
      t.same(frames[0]?.body, zeros.value)
      t.equal(state.goodbyes, 1)
    }
  }
})

t.test('a length is checked in the header, before the body is read', async (t) => {
  const limit = (_: number, length: number): Taking => {
    if (length > 1000) throw new RelayError('message_too_large')
    return 'whole'
  }
  for (const length of [1001, 2 ** 31, 2 ** 32 - 1]) {
    for (const size of SIZES) {
      const { reader, frames, state } = keeping(limit)
      give(reader, npm({ req: 1, stream: false, end: false, value: Buffer.alloc(1000) }), size)
      t.equal(frames.length, 1, 'up to the limit it is taken')
      const { most } = state
      t.throws(() => give(reader, Buffer.from(frameHead(JSON_BODY, length, 1)), size), {
        code: 'message_too_large',
      })
      t.equal(state.most, most)
    }
  }
})

t.test('an unfinished body takes little more memory than has arrived', async (t) => {
  const body = randomBytes(200_000)
  for (const size of [1, 1000, 4096, 50_000]) {
    const { reader, frames, state } = keeping()
    reader.read(Buffer.from(frameHead(BYTES, body.length, 1)))
    t.equal(state.gathered, 0)
    for (let at = 0; at < body.length; at += size) {
      reader.read(body.subarray(at, at + size))
      if (state.gathered > Math.max(4096, 2 * (at + size))) t.fail(`${state.gathered} bytes for ${at + size}`)
    }
    t.ok(frames[0]?.body.equals(body), `pieces of ${size}`)
    t.equal(state.gathered, 0)
  }
})

t.test('the memory of an unfinished body is freed when the reader is cleared', async (t) => {
  const { reader, frames, state } = keeping()
  reader.read(npm(PACKETS[13] as Packet).subarray(0, 1000))
  t.ok(state.gathered > 0)
  reader.clear()
  t.equal(state.gathered, 0)
  reader.read(npm(PACKETS[0] as Packet))
  t.same(frames, [], 'and nothing more is read')
})

t.test('bodies in pieces: complete, in order, in pieces of useful size', async (t) => {
  const body = randomBytes(100_000)
  const bytes = npm({ req: 1, stream: true, end: false, value: body })
  for (const size of [1, 50, 1000, 1024, 4096, 65_536, 200_000]) {
    const { reader, frames, state } = keeping(() => 'pieces')
    give(reader, bytes, size)
    t.ok(Buffer.concat(frames.map((frame) => frame.body)).equals(body), `pieces of ${size}`)
    for (const frame of frames.slice(0, -1)) if (frame.body.length < 1024) t.fail('a piece too short')
    t.ok(state.most <= 8192, `${state.most} bytes gathered`)
    t.equal(state.gathered, 0)
  }
})

t.test('a skipped body is not kept, and the next frame is read', async (t) => {
  const skipped = npm({ req: 1, stream: true, end: false, value: randomBytes(50_000) })
  const taken = npm(PACKETS[0] as Packet)
  for (const size of SIZES) {
    const { reader, frames, state } = keeping((_, __, request) => (request === 1 ? 'skip' : 'whole'))
    give(reader, Buffer.concat([skipped, taken, skipped, taken]), size)
    t.equal(frames.length, 2)
    t.ok(state.most < 8192)
  }
})

t.test('an error is sent with its code and without its stack', async (t) => {
  const told = (err: unknown): unknown => JSON.parse(encodeError(err).toString())
  t.strictSame(told(new RelayError('invite_used_up')), {
    ...{ name: 'Error', message: 'invite used up', code: 'invite_used_up' },
  })
  t.strictSame(told(new TypeError('undefined is not /home/pi/secret')), {
    ...{ name: 'Error', message: 'internal error', code: 'internal' },
  })
  for (const odd of [undefined, null, 'text', 7, { message: 'x' }])
    t.match(told(odd), { code: 'internal' }, 'whatever was thrown')
})

t.test('the other side’s end: normal or an error', async (t) => {
  const end = (value: unknown): Error | true => {
    const { type, body } = encodeBody(value)
    return decodeEnd(body, type)
  }
  t.equal(end(true), true)
  t.match(end({ message: 'busy', code: 'busy', stack: 'at home' }), { message: 'busy', code: 'busy' })
  t.notMatch((end({ message: 'x', stack: 'at home' }) as Error).stack, /at home/)
  t.notOk('code' in (end({ message: 'x', code: 'rm -rf' }) as Error), 'codes are ours alone')
  for (const odd of [false, null, 0, 7, 'true', [], {}, { message: 7 }, Buffer.from('true')])
    t.match(end(odd), { message: 'ended by the other end' }, JSON.stringify(odd))
})

t.test('invalid bodies', async (t) => {
  t.throws(() => decodeBody(Buffer.from('{"a"'), JSON_BODY), { code: 'bad_argument' })
  t.throws(() => decodeBody(Buffer.from('{}'), 3), { code: 'bad_argument' })
  t.equal(decodeBody(Buffer.from('text'), TEXT), 'text')
  t.same(encodeBody(undefined), { type: JSON_BODY, body: Buffer.from('false') }, 'as npm answers nothing')
  t.equal(HEAD_BYTES, GOODBYE.length)
})
