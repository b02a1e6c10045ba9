// SPDX-License-Identifier: AGPL-3.0-or-later
// Handshake, box stream and muxrpc frames: damaged or random bytes open nothing, and never more than was sealed.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { RelayError } from '../../src/lib/errors.js'
import {
  decodeBody,
  decodeCall,
  decodeEnd,
  encodeBody,
  FrameReader,
  frameHead,
} from '../../src/muxrpc/codec.js'
import { Boxer, sealedBytes, Unboxer } from '../../src/wire/box-stream.js'
import { ByteQueue } from '../../src/wire/byte-queue.js'
import { createServerIdentity, HELLO_BYTES, PROOF_BYTES, ServerHandshake } from '../../src/wire/handshake.js'
import { ClientHandshake } from '../../src/wire/handshake-client.js'
import { loadSecretbox } from '../../src/wire/secretbox.js'
import { anyBytes, anyJson, cut, damage, fuzz } from './fuzz.js'

const appKey = randomBytes(32)
const pairOf = ({ public: pub, private: sec }: ReturnType<typeof ssbKeys.generate>) => ({
  publicKey: Buffer.from(pub.replace('.ed25519', ''), 'base64'),
  secretKey: Buffer.from(sec.replace('.ed25519', ''), 'base64'),
})
const [server, client] = [pairOf(ssbKeys.generate()), pairOf(ssbKeys.generate())]
const identity = createServerIdentity(server, appKey)

t.test('handshakes', async (t) => {
  let opened = 0
  await fuzz(
    fc.property(fc.constantFrom('none', 'hello', 'proof'), damage, (which, change) => {
      const [ours, theirs] = [
        new ServerHandshake(identity),
        new ClientHandshake(client, appKey, server.publicKey),
      ]
      const hello = theirs.hello()
      const sent = which === 'hello' ? change(hello) : hello
      const answer = ours.hello(sent)
      if (!answer) return
      if (!sent.equals(hello)) throw new Error('another hello is accepted')
      const proof = theirs.prove(answer) as Buffer
      const shown = which === 'proof' ? change(proof) : proof
      const caller = ours.prove(shown)
      if (!caller) return
      if (!shown.equals(proof) || !caller.equals(client.publicKey))
        throw new Error('another proof is accepted')
      opened += 1
    }),
    { cost: 20 },
  )
  t.ok(opened > 0)
  await fuzz(
    fc.property(
      fc.uint8Array({ minLength: HELLO_BYTES, maxLength: HELLO_BYTES }),
      fc.uint8Array({ minLength: PROOF_BYTES, maxLength: PROOF_BYTES }),
      (hello, proof) => {
        const handshake = new ServerHandshake(identity)
        if (handshake.hello(Buffer.from(hello)) || handshake.prove(Buffer.from(proof)))
          throw new Error('accepted')
      },
    ),
    { cost: 20 },
  )
})

t.test('the box stream', async (t) => {
  const secretbox = loadSecretbox()
  const [key, nonce] = [randomBytes(32), randomBytes(24)]
  await fuzz(
    fc.property(
      anyBytes(9000),
      damage,
      fc.array(fc.nat(), { maxLength: 5 }),
      fc.boolean(),
      (plain, change, places, damaged) => {
        const boxer = new Boxer(secretbox, key, Buffer.from(nonce))
        const out = Buffer.alloc(sealedBytes(plain.length))
        const queue = new ByteQueue()
        queue.add(plain)
        const sealed = Buffer.concat([out.subarray(0, boxer.fill(out, queue)), boxer.goodbye()])
        const changed = damaged ? change(sealed) : sealed
        const unboxer = new Unboxer(secretbox, key, Buffer.from(nonce))
        const got: Buffer[] = []
        let state = 'open'
        for (const piece of cut(Buffer.from(changed), places)) {
          if (state !== 'open' || piece.length === 0) continue
          state = unboxer.open(Buffer.from(piece), { plain: (bytes) => void got.push(Buffer.from(bytes)) })
        }
        const all = Buffer.concat(got)
        if (!plain.subarray(0, all.length).equals(all)) throw new Error('opened what was not sealed')
        if (state === 'goodbye' && !all.equals(plain)) throw new Error('a good end of less than all')
        if (changed.equals(sealed) && state !== 'goodbye') throw new Error(`ends as ${state}`)
      },
    ),
    { cost: 10 },
  )
  t.pass('opens a beginning of what was sealed')
})

t.test('frames', async (t) => {
  const frame = fc.tuple(fc.nat(255), anyBytes(200), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
  await fuzz(
    fc.property(
      fc.array(frame, { maxLength: 5 }),
      damage,
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.boolean(),
      (frames, change, places, damaged) => {
        const whole = Buffer.concat(
          frames.flatMap(([flags, body, request]) => [
            Buffer.from(frameHead(flags, body.length, request)),
            body,
          ]),
        )
        const bytes = damaged ? change(whole) : whole
        let [gathered, count, ended] = [0, 0, false]
        const reader = new FrameReader({
          begin(_, length) {
            if (length > 100_000) throw new RelayError('message_too_large')
            return 'whole'
          },
          frame() {
            count += 1
          },
          goodbye() {
            ended = true
          },
          gathering(bytes) {
            gathered += bytes
            if (gathered < 0 || gathered > 200_000) throw new Error(`${gathered} bytes are gathered`)
          },
        })
        try {
          for (const piece of cut(bytes, places)) reader.read(piece)
        } catch (err) {
          if (!(err instanceof RelayError)) throw err
        }
        reader.clear()
        if (gathered !== 0) throw new Error('not all memory is given back')
        if (!damaged && !ended && count !== frames.length)
          throw new Error(`${count} of ${frames.length} frames`)
      },
    ),
  )
  t.pass('as many as were sent, in bounded memory')
})

t.test('bodies of frames', async (t) => {
  await fuzz(
    fc.property(anyJson(), damage, fc.nat(3), (value, change, type) => {
      const { body } = encodeBody(value)
      for (const decode of [decodeBody, decodeCall, decodeEnd])
        try {
          decode(change(body), type)
        } catch (err) {
          if (!(err instanceof RelayError)) throw err
        }
    }),
  )
  t.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})
