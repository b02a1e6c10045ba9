// SPDX-License-Identifier: AGPL-3.0-or-later
// The box stream against pull-box-stream, byte for byte, in both directions.

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import {
  BODY_BYTES,
  Boxer,
  HEADER_BYTES,
  type Opened,
  sealedBytes,
  Unboxer,
} from '../../src/wire/box-stream.js'
import { ByteQueue } from '../../src/wire/byte-queue.js'
import { fallbackSecretbox, loadSecretbox, type Secretbox } from '../../src/wire/secretbox.js'
import { collect } from '../helpers/client.js'
import type { Source } from '../helpers/pull.js'

const stock = createRequire(import.meta.url)('pull-box-stream')

const key = randomBytes(32)
// the last bytes full, so that increments carry
const nonce = Buffer.concat([randomBytes(20), Buffer.from([0x00, 0xff, 0xff, 0xfe])])

function values(list: Buffer[]): Source<Buffer> {
  let at = 0
  return (abort, cb) => (abort || at >= list.length ? cb(abort ?? true) : cb(null, list[at++]))
}

/** Cuts bytes at arbitrary places. */
function cut(bytes: Buffer, sizes: number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** Boxers and unboxers count their nonce up in place: each has one of its own. */
const boxerOf = (secretbox: Secretbox): Boxer => new Boxer(secretbox, key, Buffer.from(nonce))
const unboxerOf = (secretbox: Secretbox): Unboxer => new Unboxer(secretbox, key, Buffer.from(nonce))

/** Seals plain text, into a buffer of `room` bytes at a time where that is given. */
function seal(boxer: Boxer, plain: Uint8Array, room = sealedBytes(plain.length)): Buffer {
  const queue = new ByteQueue()
  queue.add(plain)
  const sealed: Buffer[] = []
  while (queue.size > 0) {
    const out = Buffer.alloc(room)
    sealed.push(out.subarray(0, boxer.fill(out, queue)))
  }
  return Buffer.concat(sealed)
}

/** Opens pieces, which are overwritten as a socket's buffer is; answers the plain text and what became of the last. */
function open(unboxer: Unboxer, pieces: Buffer[]): { plain: Buffer; last: Opened | undefined } {
  const found: Buffer[] = []
  const sink = { plain: (bytes: Buffer) => void found.push(Buffer.from(bytes)) }
  let last: Opened | undefined
  for (const piece of pieces) {
    const chunk = Buffer.from(piece)
    last = unboxer.open(chunk, sink)
    chunk.fill(0)
  }
  return { plain: Buffer.concat(found), last }
}

for (const secretbox of [loadSecretbox(), fallbackSecretbox()]) {
  t.test(`pull-box-stream opens our boxes (${secretbox.name})`, async (t) => {
    const boxer = boxerOf(secretbox)
    const plains = [1, 100, BODY_BYTES, BODY_BYTES + 1, 3 * BODY_BYTES, 70_000].map((size) =>
      randomBytes(size),
    )
    const sealed = [...plains.map((plain) => seal(boxer, plain)), boxer.goodbye()]
    const opened = await collect<Buffer>(stock.createUnboxStream(key, nonce)(values(sealed)))
    t.ok(Buffer.concat(opened).equals(Buffer.concat(plains)))
  })

  t.test(`sealing into buffers of any size (${secretbox.name})`, async (t) => {
    for (const room of [HEADER_BYTES + 1, 100, BODY_BYTES, BODY_BYTES + HEADER_BYTES, 10_000]) {
      // pull-box-stream takes boxes that come at once in a recursion of its own: some hundred and no more
      const plain = randomBytes(Math.min(3 * BODY_BYTES, 100 * (room - HEADER_BYTES)))
      const boxer = boxerOf(secretbox)
      const sealed = [seal(boxer, plain, room), boxer.goodbye()]
      const opened = await collect<Buffer>(stock.createUnboxStream(key, nonce)(values(sealed)))
      t.ok(Buffer.concat(opened).equals(plain), `${room} bytes at a time`)
    }
  })

  t.test(`we open boxes of pull-box-stream, cut at any byte (${secretbox.name})`, async (t) => {
    const plains = [1, 5000, 60_000].map((size) => randomBytes(size))
    const sealed = Buffer.concat(await collect<Buffer>(stock.createBoxStream(key, nonce)(values(plains))))
    for (const sizes of [[sealed.length], [1], [33, 34, 35], [4096], [1000, 7]]) {
      const { plain, last } = open(unboxerOf(secretbox), cut(sealed, sizes))
      t.ok(plain.equals(Buffer.concat(plains)), `cut at ${sizes}`)
      t.equal(last, 'goodbye', 'the goodbye is seen')
    }
  })
}

t.test('both implementations make the same bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 9000 }), (raw) => {
      const [native, fallback] = [loadSecretbox(), fallbackSecretbox()].map((each) =>
        seal(boxerOf(each), raw),
      )
      return native?.equals(fallback as Buffer) === true
    }),
    { numRuns: 30 },
  )
  t.pass('for any plain text')
})

t.test('a changed box is not opened', async (t) => {
  const sealed = seal(boxerOf(loadSecretbox()), randomBytes(500))
  for (const at of [0, 20, 33, 34, 200, sealed.length - 1]) {
    const touched = Buffer.from(sealed)
    touched[at] = (touched[at] as number) ^ 1
    for (const sizes of [[touched.length], [1], [HEADER_BYTES]])
      t.equal(forged(cut(touched, sizes)), 'forged', `byte ${at}, cut at ${sizes}`)
  }
  const unboxer = unboxerOf(loadSecretbox())
  t.equal(open(unboxer, [sealed]).last, 'open')
  t.equal(open(unboxer, [sealed]).last, 'forged', 'nor one that is sent again')
})

/** What becomes of the first piece that is not simply taken. */
function forged(pieces: Buffer[]): Opened {
  const unboxer = unboxerOf(loadSecretbox())
  for (const piece of pieces) {
    const { plain, last } = open(unboxer, [piece])
    if (plain.length > 0) return 'open'
    if (last === 'forged') return last
  }
  return 'open'
}

t.test('an empty or too long body is forged; a real goodbye is accepted', async (t) => {
  const secretbox = loadSecretbox()
  /** A header that says a length, sealed as a peer with the key would. */
  const headed = (length: number, fill: number): Buffer => {
    const header = Buffer.alloc(2 + 16, fill)
    header.writeUInt16BE(length, 0)
    const sealed = Buffer.alloc(HEADER_BYTES)
    secretbox.seal(sealed.subarray(16), sealed.subarray(0, 16), header, Buffer.from(nonce), key)
    return sealed
  }
  for (const sizes of [[HEADER_BYTES], [1]]) {
    t.equal(forged(cut(headed(0, 1), sizes)), 'forged', 'no length, with an authenticator')
    t.equal(forged(cut(headed(BODY_BYTES + 1, 1), sizes)), 'forged', 'too long')
    t.equal(forged(cut(headed(0xffff, 1), sizes)), 'forged', 'far too long')
    t.equal(open(unboxerOf(secretbox), cut(headed(0, 0), sizes)).last, 'goodbye')
  }
})

t.test('boxes of one chunk give one piece of plain text; data after a goodbye is dropped', async (t) => {
  const secretbox = loadSecretbox()
  const boxer = boxerOf(secretbox)
  const plains = [300, 5000, 20].map((size) => randomBytes(size))
  const sealed = Buffer.concat([...plains.map((plain) => seal(boxer, plain)), boxer.goodbye()])
  const pieces: Buffer[] = []
  const sink = { plain: (bytes: Buffer) => void pieces.push(Buffer.from(bytes)) }
  t.equal(unboxerOf(secretbox).open(Buffer.concat([sealed, randomBytes(100)]), sink), 'goodbye')
  t.equal(pieces.length, 1)
  t.ok(pieces[0]?.equals(Buffer.concat(plains)))
})
