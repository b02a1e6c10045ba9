// muxrpc frames: bounded on their way in; out, stored JSON is labelled and errors are scrubbed.

import { createRequire } from 'node:module'
import t from 'tap'
import { RelayError } from '../../../src/errors.js'
import { createIncoming, createOutgoing, jsonBytes } from '../../../src/peer/wire/frames.js'

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

t.test('an announced length beyond the limit is refused before a byte of it is gathered', async (t) => {
  const frame = (length: number): Buffer => {
    const head = Buffer.alloc(9 + length)
    head.writeUInt32BE(length, 1)
    return head
  }
  const stream = Buffer.concat([frame(10), frame(0), frame(1000), frame(3)])
  for (const size of [1, 8, 9, 10, 500, stream.length]) {
    const check = createIncoming(() => 1000)
    for (let at = 0; at < stream.length; at += size) check(stream.subarray(at, at + size))
  }
  const check = createIncoming(() => 1000)
  check(frame(10))
  const huge = Buffer.alloc(9)
  huge.writeUInt32BE(0xffffffff, 1)
  t.throws(() => check(huge), { code: 'message_too_large' })
})
