// The box stream, byte for byte against the field's own: pull-box-stream at the other end, both ways.

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { BODY_BYTES, createBoxer, createUnboxer } from '../../../src/peer/wire/boxes.js'
import type { Source } from '../../../src/peer/wire/pull.js'
import { fallbackSecretbox, loadSecretbox } from '../../../src/peer/wire/sealing.js'
import { collect } from '../../helpers/client.js'

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

for (const sealing of [loadSecretbox(), fallbackSecretbox()]) {
  t.test(`what we seal, pull-box-stream opens (${sealing.name})`, async (t) => {
    const boxer = createBoxer(sealing, key, nonce)
    const plains = [1, 100, BODY_BYTES, BODY_BYTES + 1, 3 * BODY_BYTES, 70_000].map((size) =>
      randomBytes(size),
    )
    const sealed = [...plains.map((plain) => boxer.seal(plain)), boxer.goodbye()]
    const opened = await collect<Buffer>(stock.createUnboxStream(key, nonce)(values(sealed)))
    t.ok(Buffer.concat(opened).equals(Buffer.concat(plains)))
  })

  t.test(`what pull-box-stream seals, we open, however it is cut (${sealing.name})`, async (t) => {
    const plains = [1, 5000, 60_000].map((size) => randomBytes(size))
    const sealed = Buffer.concat(await collect<Buffer>(stock.createBoxStream(key, nonce)(values(plains))))
    for (const sizes of [[sealed.length], [1], [33, 34, 35], [4096], [1000, 7]]) {
      const unbox = createUnboxer(sealing, key, nonce)
      const opened = cut(Buffer.from(sealed), sizes).map((piece) => unbox(piece))
      t.ok(
        Buffer.concat(opened.map((o) => o?.plain as Buffer)).equals(Buffer.concat(plains)),
        `cut at ${sizes}`,
      )
      t.ok(opened.at(-1)?.ended, 'the goodbye is seen')
    }
  })
}

t.test('both implementations make the same bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 9000 }), (raw) => {
      const [native, fallback] = [loadSecretbox(), fallbackSecretbox()].map((s) => createBoxer(s, key, nonce))
      return native?.seal(Buffer.from(raw)).equals(fallback?.seal(Buffer.from(raw)) as Buffer) === true
    }),
    { numRuns: 30 },
  )
  t.pass('for any plain text')
})

t.test('a box that was touched is not opened', async (t) => {
  const sealed = createBoxer(loadSecretbox(), key, nonce).seal(randomBytes(500))
  for (const at of [0, 20, 33, 34, 200, sealed.length - 1]) {
    const touched = Buffer.from(sealed)
    touched[at] = (touched[at] as number) ^ 1
    t.equal(createUnboxer(loadSecretbox(), key, nonce)(touched), null, `byte ${at}`)
  }
  const unbox = createUnboxer(loadSecretbox(), key, nonce)
  unbox(Buffer.from(sealed))
  t.equal(unbox(sealed), null, 'nor one that is sent again')
})
